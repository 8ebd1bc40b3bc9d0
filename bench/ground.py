"""A throw-away PostgreSQL cluster with fsync on and apps on databases of it; nothing is left behind."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask

from channels.plugin import plugin as channels
from helpdesk import database, logs, migrating
from helpdesk.app import create_app
from helpdesk.database import Server
from helpdesk.plugins import Plugin
from sla.plugin import plugin as sla

METRICS_TOKEN = "of-whoever-reads-all-gauges"
_ENVIRONMENT = {
    "HELPDESK_DEMO": "0",
    "HELPDESK_MAIL_PORT": "0",
    "HELPDESK_PORT": "0",
    "HELPDESK_METRICS_TOKEN": METRICS_TOKEN,
}


@dataclass(frozen=True)
class Ground:
    """The cluster's server and the folder everything of this run lies in."""

    server: Server
    var: Path

    def fresh(self, name: str) -> str:
        """The URL of a new, migrated, empty database."""
        self._admin(f'CREATE DATABASE "{name}"')
        url = self.server.url_of(name)
        migrating.upgrade(url)
        return url

    def copy(self, source: str, name: str) -> str:
        """The URL of a new database that begins as a copy of `source`."""
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return self.server.url_of(name)

    def has(self, name: str) -> bool:
        with psycopg.connect(database.conninfo(self.server.url_of("postgres"))) as admin:
            return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def drop(self, name: str) -> None:
        self._admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _admin(self, statement: str) -> None:
        with psycopg.connect(database.conninfo(self.server.url_of("postgres")), autocommit=True) as admin:
            admin.execute(statement)


@contextmanager
def ground(kept: Path | None = None) -> Iterator[Ground]:
    """A cluster in a folder of its own that ends with the block; `kept` names one that stays for the next run."""
    folder = kept or Path(tempfile.mkdtemp(prefix="kept-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)
    os.environ.update(_ENVIRONMENT | {"HELPDESK_VAR": str(folder)})
    os.environ.pop("DATABASE_URL", None)
    try:
        with database.start(folder, fsync=True) as server:
            yield Ground(server, folder)
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def app_on(url: str, plugins: Sequence[Plugin] = (channels, sla)) -> Flask:
    """The product on one database, as `wsgi` builds it and the supervisor leaves it to its processes."""
    app = create_app(plugins, url=url)
    gc.collect()
    gc.freeze()
    return app


def direct(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """A plain connection to the database of an app."""
    return psycopg.connect(database.conninfo(url))


def log_nowhere() -> None:
    """Log lines are written as the product writes them, and thrown away."""
    logs.configure(process="bench")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as this process
