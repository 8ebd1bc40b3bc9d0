"""create_app(): Flask, the core's own plugin, then the given ones, in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from helpdesk import cli, database
from helpdesk.core import plugin as core
from helpdesk.crowd import Crowd
from helpdesk.db import db, engine_options
from helpdesk.live import Hub
from helpdesk.now import freeze
from helpdesk.plugins import Plugin, Registry
from helpdesk.settings import settings
from helpdesk.web import site

_ROOT = Path(__file__).resolve().parent.parent


def create_app(plugins: Sequence[Plugin] = (), *, url: str | None = None) -> Flask:
    """Build the product. `url` overrides where the database is."""
    app = Flask("helpdesk", template_folder=_beside("templates"), static_folder=_beside("static"))
    freeze(settings().frozen_at)
    database_url, missing = _database(url)
    options = engine_options(database_url)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=options.pop("url"),
        SQLALCHEMY_ENGINE_OPTIONS=options,
        MAX_CONTENT_LENGTH=30_000_000,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        MAX_FORM_PARTS=200,
    )
    db.init_app(app)
    registry = Registry([core, *plugins])
    if missing:
        app.extensions["no_database"] = missing
    app.config["JOBS_URL"] = database.conninfo(database_url)
    app.extensions["plugins"] = registry
    app.extensions["live"] = Hub(
        database.conninfo(settings().listen_database_url or database_url), limit=settings().streams
    )
    app.extensions["crowd"] = Crowd(limit=settings().visitor_streams)
    site.install(app)
    for plugin in registry.plugins:
        for blueprint in plugin.blueprints:
            app.register_blueprint(blueprint)
        for command in plugin.commands:
            app.cli.add_command(command)
    cli.install(app)
    return app


def _database(url: str | None) -> tuple[str, str]:
    """Where the database is; or nowhere and why, which stops only what needs one."""
    try:
        return url or database.connection_url(settings()), ""
    except database.CannotStart as error:
        return database.NOWHERE, str(error)


def _beside(folder: str) -> str:
    """Templates and built assets lie beside the package in a checkout, inside it in a wheel."""
    inside = _ROOT / "helpdesk" / folder
    return str(inside if inside.is_dir() else _ROOT / folder)
