"""A filter of the lists: read from an address, written back to it, and turned into conditions of the one select."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import BigInteger, BindParameter, ColumnElement, DateTime, String, bindparam, exists

from helpdesk.errors import Invalid
from helpdesk.plugins import installed
from helpdesk.tickets.models import Priority, Rank, Ticket, TicketTag

SOON = timedelta(hours=2)
"""How far *Within two hours* reaches."""
PROMISES = ("past", "soon", "later", "asleep", "none")
READER: BindParameter[int] = bindparam("reader", type_=BigInteger())
"""Who looks."""
_HERE: BindParameter[datetime] = bindparam("here", type_=DateTime(timezone=True))
"""The instant of the question."""
_PRIORITIES = tuple(one.name.lower() for one in Priority)
_SHAPES = {
    "channel": r"[a-z_]{1,30}",
    "person": r"me|nobody|[1-9]\d{0,17}",
    "team": r"none|[1-9]\d{0,17}",
    "tag": r"[1-9]\d{0,17}",
    "priority": "|".join(_PRIORITIES),
    "customer": r"[1-9]\d{0,17}",
    "promise": "|".join(PROMISES),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty values narrow nothing. Names and values are those of the address."""

    promise: str = ""
    """One of PROMISES: where the next promise of a ticket stands."""
    channel: str = ""
    person: str = ""
    """`me`, `nobody`, or the id of an agent."""
    team: str = ""
    """`none`, or the id of a team."""
    priority: str = ""
    tag: str = ""
    customer: str = ""
    """The id of an organization."""
    more: tuple[tuple[str, str], ...] = ()
    """What plugins narrow by, by the key of their `Narrowing`."""

    def __bool__(self) -> bool:
        return bool(self.pairs())

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with its value, always in the same order."""
        own = [(name, getattr(self, name)) for name in _SHAPES_IN_ORDER]
        return [(name, value) for name, value in (*own, *self.more) if value]

    def query(self) -> str:
        return urlencode(self.pairs())

    def without(self, name: str) -> Filter:
        """The same, but for one name."""
        own: dict[str, Any] = {name: ""}
        if name in _SHAPES:
            return replace(self, **own)
        return replace(self, more=tuple(pair for pair in self.more if pair[0] != name))

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """May name `READER` and the instant: give them by `asked()`.

        Numbers stand in the statement itself: the database then knows how many tickets each of them has, and whether
        to walk along the list or to go by the few.
        """
        own = (_CONDITIONS[name](value) for name, value in self.pairs() if name in _CONDITIONS)
        known = installed().narrowings()
        return (*own, *(known[key].where(value) for key, value in self.more))


def read(address: Mapping[str, str]) -> Filter:
    """The filter an address asks for; other parameters are somebody else's.

    Raises:
        Invalid: a value is none of ours.
    """
    own = {name: _fitting(name, address.get(name, ""), shape) for name, shape in _SHAPES.items()}
    known = installed().narrowings()
    more = tuple((key, _fitting(key, address.get(key, ""), one.shape)) for key, one in sorted(known.items()))
    return Filter(**own, more=tuple(pair for pair in more if pair[1]))


def asked(reader_id: int, at: datetime) -> dict[str, object]:
    """The values of what conditions name."""
    return {"reader": reader_id, "here": at, "soon": at + SOON}


def _fitting(name: str, value: str, shape: str) -> str:
    if value and not re.fullmatch(shape, value, re.ASCII):
        raise Invalid(f"“{value[:40]}” is nothing a list can be filtered by. Take the filter away and choose again.",
                      {name: "Choose again."})  # fmt: skip
    return value


def _person(value: str) -> ColumnElement[bool]:
    if value == "nobody":
        return Ticket.assignee_id.is_(None)
    return Ticket.assignee_id == (READER if value == "me" else _number(value))


def _team(value: str) -> ColumnElement[bool]:
    return Ticket.team_id.is_(None) if value == "none" else Ticket.team_id == _number(value)


def _tag(value: str) -> ColumnElement[bool]:
    return exists().where(TicketTag.ticket_id == Ticket.id, TicketTag.tag_id == _number(value))


def _promise(value: str) -> ColumnElement[bool]:
    soon: BindParameter[datetime] = bindparam("soon", type_=DateTime(timezone=True))
    if value in {"asleep", "none"}:
        return Ticket.queue_rank == _number(Rank.ASLEEP if value == "asleep" else Rank.UNPROMISED)
    bounds = {
        "past": (Ticket.queue_at < _HERE,),
        "soon": (Ticket.queue_at >= _HERE, Ticket.queue_at <= soon),
        "later": (Ticket.queue_at > soon,),
    }
    running: ColumnElement[bool] = Ticket.queue_rank == _number(Rank.RUNNING)
    for bound in bounds[value]:
        running = running & bound
    return running


def _number(value: str | int) -> ColumnElement[int]:
    return bindparam("number", int(value), BigInteger(), unique=True, literal_execute=True)


_CONDITIONS: dict[str, Callable[[str], ColumnElement[bool]]] = {
    "promise": _promise,
    "channel": lambda value: Ticket.channel_kind == bindparam("kind", value, String(), literal_execute=True),
    "person": _person,
    "team": _team,
    "priority": lambda value: Ticket.priority == _number(Priority[value.upper()]),
    "tag": _tag,
    "customer": lambda value: Ticket.organization_id == _number(value),
}
_SHAPES_IN_ORDER = tuple(field.name for field in fields(Filter) if field.name in _SHAPES)
