"""The whole product over this worker's database, its data below a folder of the run's own."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from channels.plugin import plugin as channels
from helpdesk import now
from helpdesk.app import create_app
from helpdesk.db import db
from sla.plugin import plugin as sla


class Travel(Protocol):
    def __call__(self, *, to: datetime | None = None, **delta: float) -> AbstractContextManager[None]: ...


def pytest_configure(config: pytest.Config) -> None:
    """Blobs and keys of a run never lie in the source tree; one receiving server is believed."""
    os.environ.setdefault("HELPDESK_TRUSTED_AUTHSERV", "meridian.example")
    if "HELPDESK_VAR" not in os.environ:
        os.environ["HELPDESK_VAR"] = config.stash[_VAR] = tempfile.mkdtemp(prefix="kept-var-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _VAR in config.stash:
        del os.environ["HELPDESK_VAR"]
        shutil.rmtree(config.stash[_VAR], ignore_errors=True)


_VAR = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def product(database_url: str) -> Iterator[Flask]:
    """What `wsgi.create_app` builds, on the database of this worker."""
    app = create_app([channels, sla], url=database_url)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def travel() -> Travel:
    """`with travel(hours=3):` moves the clock; `travel(to=...)` stops it there."""
    return now.travel


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements sent to the database inside the block, but for savepoints, and for what only the clock asks for.

    The company's name is asked for again every few seconds: whether that falls into the block is chance. So is what
    another worker writes at the same time, and a process keeps only what is older than all that: it waits for them.
    """
    _wait_for_others()
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT brand.name")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def _wait_for_others() -> None:
    """Until each transaction that writes in another database of the server, and ran when this began, is over."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
        " AND datname <> current_database() AND xact_start < :since"
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        since = connection.scalar(select(func.clock_timestamp()))
        until = time.monotonic() + 60
        while connection.scalar(others, {"since": since}):
            assert time.monotonic() < until, "another worker's transaction has been open for a minute"
            time.sleep(0.02)
