"""Rows written past the session: of objects that nothing in the transaction asks for as objects again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Insert, Table, insert
from sqlalchemy.orm import make_transient_to_detached

from helpdesk.db import Base, db


def insert_all(made: Sequence[Base]) -> None:
    """Write new rows of one table; objects with their keys, or without where nobody needs to know them.

    Every column is written as the object has it: what the session would put in for one that was left out is not.
    What the rows relate to has to be written already.
    """
    if made:
        statement, names = _insert(type(made[0]), keyed=cast("Any", made[0]).id is not None)
        db.session.execute(statement, [_values(one, names) for one in made])


def insert_keyed(made: Sequence[Base]) -> None:
    """The same for objects without keys; each has its own from then on."""
    if made:
        statement, names = _insert(type(made[0]), keyed=False)
        asked = statement.returning(statement.table.c.id, sort_by_parameter_order=True)
        keys = db.session.scalars(asked, [_values(one, names) for one in made])
        for one, key in zip(made, keys, strict=True):
            cast("Any", one).id = key


def keep(*made: Base) -> None:
    """Write new objects with their keys, in this order; the session takes each for a row that it has read.

    What was left out is as its column has it by itself. What they relate to has to be written already; what else the
    session has to write is written later, at once.
    """
    for one in made:
        for name, default in _defaults(type(one)):
            if name not in one.__dict__:
                setattr(one, name, default(None) if callable(default) else default)
    with db.session.no_autoflush:
        for _, rows in groupby(made, type):
            insert_all(list(rows))
    for one in made:
        make_transient_to_detached(one)
    db.session.add_all(made)


@cache
def _insert(model: type[Base], *, keyed: bool) -> tuple[Insert, tuple[str, ...]]:
    """The statement, and the columns it is given."""
    table = cast("Table", model.__table__)
    return insert(table), tuple(column.name for column in table.columns if keyed or column.name != "id")


def _values(one: Base, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


@cache
def _defaults(model: type[Base]) -> tuple[tuple[str, Any], ...]:
    """Every column but the key, and what a row has there by default or what makes that."""
    columns: Iterable[Any] = cast("Table", model.__table__).columns
    return tuple((one.name, one.default.arg if one.default else None) for one in columns if not one.primary_key)
