"""Settings: each read as what it is, and one sentence for one that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.settings import Settings, Unusable, read


class TestRead:
    def test_leaves_what_is_not_named_as_it_was_meant_to_be(self):
        assert read({"PATH": "/bin", "DATABASE": "x", "PORT": "1"}) == Settings()

    @pytest.mark.parametrize(
        ("variable", "written", "name", "value"),
        [
            ("DATABASE_URL", "postgresql://127.0.0.1/kept", "database_url", "postgresql://127.0.0.1/kept"),
            ("LISTEN_DATABASE_URL", "postgresql://127.0.0.1/two", "listen_database_url", "postgresql://127.0.0.1/two"),
            ("HELPDESK_BASE_URL", "https://help.meridian.example", "base_url", "https://help.meridian.example"),
            ("HELPDESK_PORT", "8080", "port", 8080),
            ("HELPDESK_VAR", "/srv/kept", "var", Path("/srv/kept")),
            ("HELPDESK_DEMO", "1", "demo", True),
            ("HELPDESK_DEMO", "Yes", "demo", True),
            ("HELPDESK_DEMO", "off", "demo", False),
            ("HELPDESK_FROZEN_AT", "2026-10-15T16:42Z", "frozen_at", datetime(2026, 10, 15, 16, 42, tzinfo=UTC)),
        ],
    )
    def test_by_the_kind_of_setting(self, variable: str, written: str, name: str, value: object):
        assert getattr(read({variable: written}), name) == value

    @pytest.mark.parametrize(
        ("variable", "written"),
        [
            ("HELPDESK_PORT", "eight thousand"),
            ("HELPDESK_WEB_WORKERS", ""),
            ("HELPDESK_DEMO", "perhaps"),
            ("HELPDESK_FROZEN_AT", "tomorrow"),
        ],
    )
    def test_one_that_cannot_be_read_is_named(self, variable: str, written: str):
        with pytest.raises(Unusable, match=f"^{variable} is not usable: '{written}' is not "):
            read({variable: written})
