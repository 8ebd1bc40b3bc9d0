"""The embedded PostgreSQL server: `start` it for a `var` directory, or learn the `connection_url` of the one in use."""

from helpdesk.database.address import connection_url, conninfo, normalised
from helpdesk.database.needed import NOWHERE, needs_database
from helpdesk.database.requirements import check
from helpdesk.database.server import Server, start
from helpdesk.database.trouble import CannotStart

__all__ = [
    "NOWHERE",
    "CannotStart",
    "Server",
    "check",
    "connection_url",
    "conninfo",
    "needs_database",
    "normalised",
    "start",
]
