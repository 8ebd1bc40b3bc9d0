"""Real PostgreSQL for tests: one throw-away server per run, one migrated template, a clone of it per worker.

HELPDESK_PG_BIN chooses the server's programs, so the same tests run on any version.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from helpdesk import database, migrating

TEMPLATE = "kept_template"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[database.Server]:
    """The run's PostgreSQL server, shared by its workers; the last of them stops it."""
    with database.start(
        _folder(tmp_path_factory), fsync=False, pg_bin=os.environ.get("HELPDESK_PG_BIN", "")
    ) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: database.Server) -> str:
    """The name of a database that has every table and no rows."""
    with _alone(server):
        if not _exists(server, TEMPLATE):
            _run(server, f"CREATE DATABASE {TEMPLATE}_unfinished")
            migrating.upgrade(server.url_of(f"{TEMPLATE}_unfinished"))
            _run(server, f"ALTER DATABASE {TEMPLATE}_unfinished RENAME TO {TEMPLATE}")
    return TEMPLATE


@pytest.fixture(scope="session")
def database_url(server: database.Server, template: str) -> Iterator[str]:
    """A migrated database of this worker's own, for the whole run; tests roll back what they write."""
    with cloned(server, template) as url:
        yield url


@pytest.fixture
def fresh_database_url(server: database.Server, template: str) -> Iterator[str]:
    """A migrated, empty database for one test that commits, or that starts processes."""
    with cloned(server, template) as url:
        yield url


@pytest.fixture
def empty_database_url(server: database.Server) -> Iterator[str]:
    """A database without any table."""
    with cloned(server, "template0") as url:
        yield url


@contextmanager
def cloned(server: database.Server, template: str) -> Iterator[str]:
    name = f"kept_{uuid.uuid4().hex[:12]}"
    with _alone(server):  # PostgreSQL copies a template only while nobody else is in it
        _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url_of(name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _alone(server: database.Server) -> Iterator[None]:
    with (server.place.folder / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(server: database.Server, statement: str) -> None:
    with psycopg.connect(database.conninfo(server.url_of("postgres")), autocommit=True) as connection:
        connection.execute(statement.encode())


def _exists(server: database.Server, name: str) -> bool:
    with psycopg.connect(database.conninfo(server.url_of("postgres"))) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short folder every worker of this run finds and the database's user may enter."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    note = shared / "database-folder"
    with (shared / "database-folder.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            folder = Path(tempfile.mkdtemp(prefix="kept-test-"))
            folder.chmod(0o711)
            note.write_text(str(folder))
    return Path(note.read_text())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Take the server's folder away once the process that began the run ends it."""
    if hasattr(session.config, "workerinput"):
        return
    factory = getattr(session.config, "_tmp_path_factory", None)
    note = factory.getbasetemp() / "database-folder" if factory is not None else None
    if note is not None and note.exists():
        shutil.rmtree(note.read_text(), ignore_errors=True)
