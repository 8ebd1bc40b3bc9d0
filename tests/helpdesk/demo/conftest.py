"""The demo story in a database of its own; tests that only read it share one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask

import channels.models  # noqa: F401 - the mailbox of the story is a row of theirs
from helpdesk import database, now
from helpdesk.db import db, engine_options
from helpdesk.demo.commands import seed
from helpdesk.plugins import Registry
from helpdesk.settings import settings
from tests.plugins.database import cloned

STORY_NOW = datetime.fromisoformat("2026-10-15T16:42-05:00")


@pytest.fixture
def app(fresh_database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An empty database, for a test that loads the story itself."""
    with _product(fresh_database_url, var=tmp_path) as app, app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture(scope="module")
def loaded(
    server: database.Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Path]]:
    """The story at its own now, loaded once for all tests of a module."""
    var = tmp_path_factory.mktemp("var")
    with cloned(server, template) as url, _product(url, var=var) as app:
        result = app.test_cli_runner().invoke(args=["seed", "demo", "--at", STORY_NOW.isoformat(), "--freeze"])
        assert result.exit_code == 0, result.output
        yield app, var


@pytest.fixture
def frozen_story(loaded: tuple[Flask, Path]) -> Iterator[Flask]:
    """The loaded story with the clock stopped at its now; what a test writes is rolled back."""
    app, var = loaded
    with _var(var), app.app_context(), now.travel(to=STORY_NOW):
        yield app
        db.session.rollback()


@contextmanager
def _product(url: str, *, var: Path) -> Iterator[Flask]:
    """Just enough of the product for the command: a database, no plugins."""
    app = Flask("demo")
    options = engine_options(url)
    app.config.update(SQLALCHEMY_DATABASE_URI=options.pop("url"), SQLALCHEMY_ENGINE_OPTIONS=options)
    db.init_app(app)
    app.extensions["plugins"] = Registry([])
    app.cli.add_command(seed)
    with _var(var):
        yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def _var(folder: Path) -> Iterator[None]:
    """Blobs go below `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELPDESK_VAR", str(folder))
        settings.cache_clear()
        yield
    settings.cache_clear()
