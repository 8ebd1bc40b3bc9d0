"""The session of every unit of work, with rows that are written past its bookkeeping, many in one statement.

What a mapper does for a row takes several times as long as writing it. Rows that nobody changes or asks for as objects
in the same transaction do without: they are plain objects, and wait for the next flush. So do columns of a row that is
an object here, where they are worked out anew each time it is settled.
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
from sqlalchemy.orm.attributes import set_committed_value

_NEW, _CHANGES, _CHANGED = "rows.new", "rows.changes", "rows.changed"

Kind = tuple[str, str, tuple[str, ...]]
"""What is done with rows, "new" or "changed"; their table; which columns are given."""


class Writing(Session):
    """Writes with each flush, after what it keeps as objects, what waits for it."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        super().flush(objects)
        new, changes = self.info.pop(_NEW, ()), self.info.pop(_CHANGES, {})
        if new or changes:
            write(self.connection(), new, changes)

    def write_later(self, rows: Sequence[DeclarativeBase]) -> None:
        """Have rows written with the next flush, by when what they relate to is, or with them."""
        self.info.setdefault(_NEW, []).extend(rows)

    def change_later(self, row: Any, **values: Any) -> None:
        """Have columns of a row that is there, with the key `id`, changed with the next flush; the object says so."""
        for name, value in values.items():
            set_committed_value(row, name, value)
        changes: dict[Any, dict[str, Any]] = self.info.setdefault(_CHANGES, {})
        changes.setdefault(row, {}).update(values)
        self.info.setdefault(_CHANGED, []).append((inside(self), row))


@sa_event.listens_for(Writing, "after_soft_rollback")
def _take_back(session: Writing, undone: SessionTransaction) -> None:
    """A savepoint begins with a flush, so what waits when it is rolled back was made inside it."""
    session.info.pop(_NEW, None)
    session.info.pop(_CHANGES, None)
    for row in {row for within, row in session.info.get(_CHANGED, ()) if undone in around(within)}:
        if row in session:
            session.expire(row)


@sa_event.listens_for(Writing, "after_transaction_end")
def _forget(session: Writing, ended: SessionTransaction) -> None:
    if ended.parent is None:
        for waiting in (_NEW, _CHANGES, _CHANGED):
            session.info.pop(waiting, None)


def write(connection: Connection, new: Sequence[DeclarativeBase], changes: dict[Any, dict[str, Any]]) -> None:
    """Write new rows, of several tables at once, and `changes` of others; new ones without a key get one.

    Of a new row every column is written as the object has it: what the session would put in for one that was left out
    is not.
    """
    kinds: dict[Kind, list[dict[str, Any]]] = {}
    for row in new:
        table, names = _columns(type(row), keyed=getattr(row, "id", None) is not None)
        kinds.setdefault(("new", table, names), []).append({name: _plain(getattr(row, name)) for name in names})
    for row, values in changes.items():
        said = {name: _plain(value) for name, value in values.items()}
        kinds.setdefault(("changed", str(row.__table__), tuple(values)), []).append(said | {"id": row.id})
    done = sorted(kinds)
    rows = {f"rows{at}": json.dumps(kinds[kind], ensure_ascii=False) for at, kind in enumerate(done)}
    connection.execute(_statement(*done), rows)


@cache
def _columns(model: type[DeclarativeBase], *, keyed: bool) -> tuple[str, tuple[str, ...]]:
    """The table, and the columns that are written: all, or all but the key."""
    table = model.__table__
    return str(table), tuple(column.name for column in table.columns if keyed or column.name != "id")


@cache
def _statement(*kinds: Kind) -> TextClause:
    """Rows as JSON: one parameter and one plan for any number of them. Keys they name are looked for afterwards."""
    parts = []
    for at, (what, table, names) in enumerate(kinds):
        listed = ", ".join(f'"{name}"' for name in names)
        rows = f"jsonb_populate_recordset(CAST(NULL AS {table}), CAST(:rows{at} AS jsonb)) AS said"
        if what == "new":
            done = f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {rows}"  # noqa: S608 - tables of ours
        else:
            given = ", ".join(f'said."{name}"' for name in names)
            done = f"UPDATE {table} SET ({listed}) = ROW({given}) FROM {rows} WHERE {table}.id = said.id"  # noqa: S608
        parts.append(f"part{at} AS ({done})")
    return text(f"WITH {', '.join(parts)} SELECT 1")


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
