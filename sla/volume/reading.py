"""What some tickets' lives are read from, and the rows that are made of them; a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from helpdesk.db import among, db
from helpdesk.events import Event
from helpdesk.tickets.models import Message, Ticket
from sla.reports import periods
from sla.volume import folding
from sla.volume.folding import Fact, Lived, Told
from sla.volume.timing import Times


class FactRow(NamedTuple):
    """The columns of `VolumeFact`, in its order."""

    ticket_id: int
    kind: str
    number: int
    at: datetime
    day: date
    hour: int
    is_out: bool
    is_first: bool
    clock_seconds: int | None
    working_seconds: int | None
    organization_id: int | None
    team_id: int | None
    agent_id: int | None
    channel_kind: str
    topics: tuple[int, ...]


class StretchRow(NamedTuple):
    """The columns of `VolumeStretch`, in its order."""

    ticket_id: int
    number: int
    since: datetime
    until: datetime | None
    began_at: datetime
    organization_id: int | None
    team_id: int | None
    agent_id: int | None
    channel_kind: str
    topics: tuple[int, ...]


class Rows(NamedTuple):
    facts: set[FactRow]
    stretches: set[StretchRow]


class _Ticket(NamedTuple):
    id: int
    organization_id: int | None
    merged_into_id: int | None
    tag_ids: Sequence[int]


def rows(ticket_ids: Collection[int]) -> Rows:
    """What is to be stored of them; nothing of one that is no more."""
    tickets = [_Ticket(*row) for row in db.session.execute(_tickets(ticket_ids))]
    told = _told([one.id for one in tickets])
    places = _messages({each.message_id for one in told.values() for each in one if each.message_id is not None})
    roots = _roots([one for one in tickets if one.merged_into_id is not None])
    times, zone = Times([one.id for one in tickets]), periods.zone()
    found = Rows(set(), set())
    for one in tickets:
        mine = told.get(one.id, ())
        here = {one.id, roots.get(one.id, one.id)}
        gone = {each for each, (at, _) in _of(mine, places) if at not in here}
        lived = folding.fold(mine, {each: kind for each, (_, kind) in _of(mine, places)}, gone)
        found.facts.update(_fact(one, fact, times, zone) for fact in lived.facts)
        found.stretches.update(_stretches(one, lived))
    return found


def _tickets(ticket_ids: Collection[int]) -> Select[int, int | None, int | None, list[int]]:
    columns = Ticket.id, Ticket.organization_id, Ticket.merged_into_id, Ticket.tag_ids
    return select(*columns).where(among(Ticket.id, ticket_ids)).order_by(Ticket.id)


def _told(ticket_ids: Collection[int]) -> Mapping[int, Sequence[Told]]:
    told = Event.__table__.c
    columns = told.ticket_id, told.kind, told.at, told.agent_id, told.contact_id, told.message_id, told.data
    asked = select(*columns).where(among(told.ticket_id, ticket_ids), told.kind.in_(folding.READ)).order_by(told.id)
    found: dict[int, list[Told]] = defaultdict(list)
    for row in db.session.execute(asked):
        found[row[0]].append(Told(*row[1:]))
    return found


def _messages(message_ids: Collection[int]) -> Mapping[int, tuple[int, str]]:
    """On which ticket each is now, and in which channel it was said."""
    asked = select(Message.id, Message.ticket_id, Message.channel_kind).where(among(Message.id, message_ids))
    return {key: (ticket_id, kind) for key, ticket_id, kind in db.session.execute(asked)}


def _of(told: Sequence[Told], places: Mapping[int, tuple[int, str]]) -> Iterator[tuple[int, tuple[int, str]]]:
    for one in told:
        if one.message_id is not None and one.message_id in places:
            yield one.message_id, places[one.message_id]


def _roots(merged: Sequence[_Ticket]) -> Mapping[int, int]:
    """Where the words of merged tickets are in the end."""
    if not merged:
        return {}
    above = select(Ticket.id.label("first"), Ticket.merged_into_id.label("into"))
    chain = above.where(among(Ticket.id, [one.id for one in merged])).cte("chain", recursive=True)
    further = select(chain.c.first, Ticket.merged_into_id).join(Ticket, Ticket.id == chain.c.into)
    chain = chain.union(further.where(Ticket.merged_into_id.is_not(None)))
    steps = db.session.execute(select(chain.c.first, chain.c.into)).all()
    last = _unmerged({into for _, into in steps})
    return {first: into for first, into in steps if into in last}


def _unmerged(ticket_ids: Collection[int]) -> set[int]:
    rows = select(Ticket.id).where(among(Ticket.id, ticket_ids), Ticket.merged_into_id.is_(None))
    return set(db.session.scalars(rows))


def _fact(ticket: _Ticket, one: Fact, times: Times, zone: ZoneInfo) -> FactRow:
    timeline, at, local = times.timeline(ticket.id, one.at), one.at.timestamp(), one.at.astimezone(zone)
    clock = working = None
    if one.since is not None:
        clock = int(at - one.since.timestamp())
        working = int(timeline.between(one.since.timestamp(), at))
    return FactRow(
        ticket.id, one.kind, one.number, one.at, local.date(), local.weekday() * 24 + local.hour,
        not timeline.is_open(at), one.is_first, clock, working, ticket.organization_id, one.team, one.agent,
        one.channel or "email", tuple(sorted(ticket.tag_ids)),
    )  # fmt: skip


def _stretches(ticket: _Ticket, lived: Lived) -> Iterator[StretchRow]:
    if lived.began is None:
        return
    for number, one in enumerate(lived.stretches, 1):
        yield StretchRow(
            ticket.id, number, one.since, one.until, lived.began, ticket.organization_id, one.team, one.agent,
            lived.channel or "email", tuple(sorted(ticket.tag_ids)),
        )  # fmt: skip
