"""Rows written past the session: of objects that nothing in the transaction asks for as objects again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Insert, Table, insert

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


@cache
def _insert(model: type[Base], *, keyed: bool) -> tuple[Insert, tuple[str, ...]]:
    """The statement, and the columns it is given."""
    table = cast("Table", model.__table__)
    return insert(table), tuple(column.name for column in table.columns if keyed or column.name != "id")


def _values(one: Base, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}
