"""What the product asks of a PostgreSQL server, embedded or not."""

from __future__ import annotations

import psycopg

from helpdesk.database.address import conninfo
from helpdesk.database.binaries import OLDEST_MAJOR
from helpdesk.database.trouble import CannotStart

EXTENSIONS = frozenset({"pg_trgm", "unaccent", "btree_gist"})


def check(address: str) -> None:
    """See that the database answers and can hold the product.

    Raises:
        CannotStart: it does not answer, is too old, lacks an extension, or is not in UTF-8.
    """
    try:
        with psycopg.connect(conninfo(address), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
            encoding = connection.info.parameter_status("server_encoding")
            rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
    except psycopg.Error as error:
        raise CannotStart(f"The database does not answer: {_reason(error)}.") from error
    missing = sorted(EXTENSIONS - {str(row[0]) for row in rows})
    if version < OLDEST_MAJOR:
        raise CannotStart(f"The database server is PostgreSQL {version}; {OLDEST_MAJOR} or newer is needed.")
    if encoding != "UTF8":
        raise CannotStart(f"The database is encoded in {encoding}; create it with ENCODING 'UTF8'.")
    if missing:
        raise CannotStart(f"The database server lacks {', '.join(missing)}; install its contrib package.")


def _reason(error: psycopg.Error) -> str:
    """The first line of libpq's own words; it never holds the password."""
    return (str(error).strip().splitlines() or ["no reason given"])[0].removesuffix(".")
