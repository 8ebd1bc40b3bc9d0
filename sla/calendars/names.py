"""What a calendar or a policy is called: on one line, and like no other of its kind."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from helpdesk.db import Base, db
from helpdesk.errors import Invalid

_LONGEST = 100
_NOTHING_SAVED = "That does not fit yet. Nothing was saved."


class Named(Protocol):
    """A row with a name that its table has once."""

    id: int
    name: str


def checked(name: str, kind: type[Base], what: str, *, besides: int = 0) -> str:
    """The name as it is stored; `what` is what such a row is called, `besides` the row that may have it already.

    Raises:
        Invalid: at "name": it is no name, or another row has it.
    """
    named = " ".join(name.split())
    if not named or len(named) > _LONGEST or not named.isprintable():
        raise Invalid(_NOTHING_SAVED, {"name": f"Enter a name of at most {_LONGEST} characters."})
    rows = kind.__table__.c
    same = select(rows.id).where(func.lower(rows.name) == named.lower(), rows.id != besides)
    if db.session.scalar(same) is not None:
        raise _taken(named, what)
    return named


def store(row: Named, what: str) -> None:
    """Write a row with a checked name.

    Raises:
        Invalid: at "name": somebody took it since it was looked up.
    """
    name = row.name
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as error:
        raise _taken(name, what) from error


def rename(row: Named, name: str, kind: type[Base], what: str) -> None:
    """Give it another name.

    Raises:
        Invalid: at "name": it is no name, or another row has it.
    """
    if name.strip() == row.name:
        return
    named = checked(name, kind, what, besides=row.id)
    try:
        with db.session.begin_nested():
            row.name = named
    except IntegrityError as error:
        raise _taken(named, what) from error


def _taken(name: str, what: str) -> Invalid:
    return Invalid(_NOTHING_SAVED, {"name": f"There is a {what} called {name} already. Choose another name."})
