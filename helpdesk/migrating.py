"""Bring a database to the newest tables, and write the next numbered migration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, NullPool, create_engine, text
from sqlalchemy.engine import Connection

from helpdesk.schema import folder

MODELS = (
    "helpdesk.access.models",
    "helpdesk.events",
    "helpdesk.heartbeats",
    "helpdesk.outbox",
    "helpdesk.people.models",
    "helpdesk.tickets.models",
    "channels.models",
    "channels.device.models",
    "channels.observe.models",
    "sla.calendars.models",
    "sla.policies.models",
    "sla.assets.models",
    "sla.contracts.models",
    "sla.entitlements.models",
    "sla.oncall.models",
    "sla.commitments.models",
    "sla.escalations.models",
    "sla.reports.models",
    "sla.volume.models",
    "sla.statements.models",
    "sla.saved.models",
    "sla.money.models",
)
"""Every module that declares tables; by name, for the core may not import what is built on it."""

_LOCK = 0x6B657074  # "kept"


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that `url` has not seen; any number of processes may ask at once."""
    with _alone(url) as connection:
        command.upgrade(_config(connection), revision)


def create(url: str, name: str) -> Path:
    """Write the next migration: the difference of the models and the database at `url`, and move `.head` to it."""
    number = f"{_next_number():04d}"
    with _alone(url) as connection:
        config = _config(connection)
        command.upgrade(config, "head")
        command.revision(config, message=name, rev_id=number, autogenerate=True)
    (folder() / ".head").write_text(f"{number}\n")
    return next((folder() / "versions").glob(f"{number}_*.py"))


def heads() -> tuple[str, ...]:
    """The newest migrations; more than one means two were written side by side."""
    return tuple(scripts().get_heads())


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(folder()))


def metadata() -> MetaData:
    """Every table of the product, whatever package declares it."""
    for name in MODELS:
        if find_spec(name) is not None:
            import_module(name)
    base = import_module("helpdesk.db").Base
    found: MetaData = base.metadata
    return found


def is_ours(name: str | None, kind: str) -> bool:
    """The table is for our migrations to compare; procrastinate's come from its own schema file."""
    return not (kind == "table" and name is not None and re.match(r"procrastinate_", name))


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """A connection that holds the migrations' advisory lock: concurrent starts migrate once."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as guard, engine.connect() as connection:
        guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        yield connection
        guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _next_number() -> int:
    return max((int(revision.revision) for revision in scripts().walk_revisions()), default=0) + 1
