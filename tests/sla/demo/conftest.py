"""The whole product on the demo story, stopped at its now; tests that only read it share one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

from channels.plugin import plugin as channels
from helpdesk import database
from helpdesk.app import create_app
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.settings import settings
from sla.plugin import plugin as sla
from tests.plugins.database import cloned

STORY_NOW = datetime.fromisoformat("2026-10-15T16:42-05:00")


@pytest.fixture(scope="module")
def loaded(
    server: database.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Path]]:
    """As `flask seed demo` loads it for a clock that stands still."""
    var = tmp_path_factory.mktemp("var")
    with cloned(server, template) as url, below(var):
        app = create_app([channels, sla], url=url)
        result = app.test_cli_runner().invoke(args=["seed", "demo", "--at", STORY_NOW.isoformat(), "--freeze"])
        assert result.exit_code == 0, result.output
        yield app, var
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def frozen_story(loaded: tuple[Flask, Path]) -> Iterator[Flask]:
    """What a test writes is rolled back."""
    app, var = loaded
    with below(var), app.app_context(), travel(to=STORY_NOW):
        yield app
        db.session.rollback()


@contextmanager
def below(folder: Path) -> Iterator[None]:
    """Blobs go below `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELPDESK_VAR", str(folder))
        settings.cache_clear()
        yield
    settings.cache_clear()
