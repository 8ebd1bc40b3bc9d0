"""The session of every unit of work, with rows that are written past its bookkeeping, many in one statement.

What a mapper does for a row takes several times as long as writing it. Rows that nobody changes or asks for as objects
in the same transaction do without: they are plain objects, and wait for the next flush.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, TextClause, orm, text
from sqlalchemy import event as sa_event
from sqlalchemy.orm import DeclarativeBase, SessionTransaction

_WAITING = "rows"


class Writing(Session):
    """Writes with each flush, after what it keeps as objects, the rows that wait for it."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        super().flush(objects)
        if waiting := self.info.pop(_WAITING, None):
            write(self.connection(), waiting)

    def write_later(self, rows: Sequence[DeclarativeBase]) -> None:
        """Have rows written with the next flush, by when what they relate to is, or with them."""
        self.info.setdefault(_WAITING, []).extend(rows)


@sa_event.listens_for(Writing, "after_soft_rollback")
def _take_back(session: Writing, _undone: SessionTransaction) -> None:
    """A savepoint begins with a flush, so what waits when it is rolled back was made inside it."""
    session.info.pop(_WAITING, None)


@sa_event.listens_for(Writing, "after_transaction_end")
def _forget(session: Writing, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_WAITING, None)


def write(connection: Connection, rows: Sequence[DeclarativeBase]) -> None:
    """Write new rows, of several tables at once; those without a key get one from the database.

    Every column is written as the object has it: what the session would put in for one that was left out is not.
    """
    tables: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for row in rows:
        table, names = _columns(type(row), keyed=getattr(row, "id", None) is not None)
        tables.setdefault((table, names), []).append({name: _plain(getattr(row, name)) for name in names})
    kinds = sorted(tables)
    said = {f"rows{at}": json.dumps(tables[kind], ensure_ascii=False) for at, kind in enumerate(kinds)}
    connection.execute(_insertion(*kinds), said)


@cache
def _columns(model: type[DeclarativeBase], *, keyed: bool) -> tuple[str, tuple[str, ...]]:
    """The table, and the columns that are written: all, or all but the key."""
    table = model.__table__
    return str(table), tuple(column.name for column in table.columns if keyed or column.name != "id")


@cache
def _insertion(*kinds: tuple[str, tuple[str, ...]]) -> TextClause:
    """Rows as JSON: one parameter and one plan for any number of them. Keys they name are looked for afterwards."""
    made = []
    for at, (table, names) in enumerate(kinds):
        listed = ", ".join(f'"{name}"' for name in names)
        rows = f"jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:rows{at} AS jsonb))"
        made.append(f"made{at} AS (INSERT INTO {table} ({listed}) SELECT {listed} FROM {rows})")  # noqa: S608 - our own tables
    return text(f"WITH {', '.join(made)} SELECT 1")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def inside(session: orm.Session) -> SessionTransaction | None:
    """The savepoint it is in now, or else the transaction."""
    return session.get_nested_transaction() or session.get_transaction()


def around(transaction: SessionTransaction | None) -> Iterator[SessionTransaction]:
    """It, the one it is in, and so on up to the transaction."""
    while transaction is not None:
        yield transaction
        transaction = transaction.parent
