"""What every test may use; each plugin is one file in tests/plugins."""

import hypothesis

pytest_plugins = (
    "tests.plugins.database",
    "tests.plugins.house",
    "tests.plugins.mail",
    "tests.plugins.no_skips",
    "tests.plugins.peers",
    "tests.plugins.product",
    "tests.plugins.world",
    "tests.plugins.browser",
)

# How long an example takes says something of the machine, nothing of the code.
hypothesis.settings.register_profile("kept", deadline=None)
hypothesis.settings.load_profile("kept")
