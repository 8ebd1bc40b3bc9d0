"""Rows written past the session: of objects that nothing in the transaction asks for as objects again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, inspect
from sqlalchemy.orm import make_transient_to_detached

from helpdesk import session
from helpdesk.db import Base, db


def insert_all(made: Sequence[Base]) -> None:
    """Write new rows now; objects with their keys, or without where nobody needs to know them.

    Every column is written as the object has it. What the rows relate to has to be written already, or is among them.
    """
    if made:
        session.write(db.session.connection(), made, {})


def insert_later(*made: Base) -> None:
    """Write them with the next flush, which every question and the commit begin with; many at once, in one statement.

    Taken back with the savepoint they were made in. What the session keeps as an object can name them from then on.
    """
    _writing().write_later(made)


def keep(*made: Base) -> None:
    """Write new objects with their keys, at once; the session takes each for a row that it has read.

    What was left out is as its column has it by itself. What they relate to has to be written already, or is among
    them; what else the session has to write is written later.
    """
    for one in made:
        for name, default in _defaults(type(one)):
            if name not in one.__dict__:
                setattr(one, name, default(None) if callable(default) else default)
    insert_all(made)
    for one in made:
        make_transient_to_detached(one)
    db.session.add_all(made)


def change_later(row: Base, **values: Any) -> None:
    """Set columns of a row, written with the next flush in the same statement; of a new one, with the row.

    For what is worked out anew whenever a row is settled: the same columns each time, none where nothing differs.
    """
    if not inspect(row).persistent:
        for name, value in values.items():
            setattr(row, name, value)
    elif any(getattr(row, name) != value for name, value in values.items()):
        _writing().change_later(row, **values)


def _writing() -> session.Writing:
    found = db.session()
    assert isinstance(found, session.Writing)
    return found


@cache
def _defaults(model: type[Base]) -> tuple[tuple[str, Any], ...]:
    """Every column but the key, and what a row has there by default or what makes that."""
    columns: Iterable[Any] = cast("Table", model.__table__).columns
    return tuple((one.name, one.default.arg if one.default else None) for one in columns if not one.primary_key)
