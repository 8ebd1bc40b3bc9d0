"""Addresses of databases: the one in use for some settings, and its two spellings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from helpdesk.database.trouble import CannotStart
from helpdesk.settings import Settings

DATABASE = "kept"
ROLE = "kept"


def connection_url(settings: Settings) -> str:
    """SQLAlchemy's URL of the database in use: DATABASE_URL, or the embedded server that was last started.

    Raises:
        CannotStart: neither is there.
    """
    if settings.database_url:
        return normalised(settings.database_url)
    try:
        return _note(settings.var).read_text().strip()
    except OSError as error:
        raise CannotStart("No database is running: start the product with `make run`, or set DATABASE_URL.") from error


def normalised(address: str) -> str:
    """Any usual spelling of a PostgreSQL URL as SQLAlchemy's `postgresql+psycopg://...`."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise CannotStart("DATABASE_URL must look like postgresql://user:password@host/database.")
    return f"postgresql+psycopg://{rest}"


def conninfo(address: str) -> str:
    """The same URL in libpq's spelling, for a plain psycopg connection."""
    return normalised(address).replace("postgresql+psycopg://", "postgresql://", 1)


def embedded(socket: Path, database: str = DATABASE) -> str:
    """SQLAlchemy's URL of a database on an embedded server."""
    return f"postgresql+psycopg://{ROLE}@/{database}?host={quote(str(socket), safe='/')}&port=5432"


def remember(var: Path, address: str) -> None:
    """Leave the embedded server's URL where other commands find it."""
    note = _note(var)
    if not note.is_file() or note.read_text() != address + "\n":
        note.write_text(address + "\n")


def _note(var: Path) -> Path:
    return var / "database.url"
