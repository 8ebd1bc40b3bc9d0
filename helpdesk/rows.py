"""Rows written past the session: of objects that nothing in the transaction asks for as objects again."""

from __future__ import annotations

from collections.abc import Sequence

from helpdesk import session
from helpdesk.db import Base, db


def insert_all(made: Sequence[Base]) -> None:
    """Write new rows now; objects with their keys, or without where nobody needs to know them.

    Every column is written as the object has it. What the rows relate to has to be written already, or is among them.
    """
    if made:
        session.write(db.session.connection(), made)


def insert_later(*made: Base) -> None:
    """Write them with the next flush, which every question and the commit begin with; many at once, in one statement.

    Taken back with the savepoint they were made in. What the session keeps as an object can name them from then on.
    """
    writing = db.session()
    assert isinstance(writing, session.Writing)
    writing.write_later(made)
