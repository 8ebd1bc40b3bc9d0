"""Accounting: everything that came in ends in exactly one recorded outcome; what does not is named.

A thing is on the way while it waits to be filed, or for the message it speaks of. On the way for longer than an hour,
or filed without a message that is there, it is unaccounted for: somebody must look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Message

ENDS = ("done", "duplicate", "ignored", "quarantined", "discarded")
ON_THE_WAY = ("waiting", "early")
LATE = timedelta(hours=1)
_NAMED = 100


@dataclass(frozen=True, slots=True)
class Tally:
    """One channel on one day (UTC): how many came in, where they ended, and those without an end."""

    channel_id: int
    kind: str
    address: str
    arrived: int
    ends: dict[str, int]
    on_the_way: int
    unaccounted: int


@dataclass(frozen=True, slots=True)
class Stray:
    """One thing without an end."""

    id: int
    channel_id: int
    external_id: str
    state: str
    received_at: datetime


def tallies(day: date) -> list[Tally]:
    """Every channel that had something on that day."""
    stray = func.count().filter(_is_stray())
    columns = Inbound.channel_id, Channel.kind, Channel.address, Inbound.state, func.count(), stray
    rows = select(*columns).join(Channel, Channel.id == Inbound.channel_id).where(*_of(day))
    grouped = rows.group_by(Inbound.channel_id, Channel.kind, Channel.address, Inbound.state)
    found: dict[int, Tally] = {}
    for channel_id, kind, address, state, count, strays in db.session.execute(grouped):
        before = found.get(channel_id) or Tally(channel_id, kind, address, 0, dict.fromkeys(ENDS, 0), 0, 0)
        ends = {**before.ends, state: before.ends[state] + count} if state in ENDS else before.ends
        on_the_way = before.on_the_way + (count if state in ON_THE_WAY else 0)
        found[channel_id] = Tally(
            channel_id, kind, address, before.arrived + count, ends, on_the_way, before.unaccounted + strays
        )
    return [found[channel_id] for channel_id in sorted(found)]


def strays(day: date) -> Sequence[Stray]:
    """What has no end, the oldest first; at most a hundred."""
    columns = Inbound.id, Inbound.channel_id, Inbound.external_id, Inbound.state, Inbound.received_at
    rows = select(*columns).where(*_of(day), _is_stray()).order_by(Inbound.id).limit(_NAMED)
    return [Stray(*row) for row in db.session.execute(rows)]


def today() -> date:
    return now().date()


def _of(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    start = datetime.combine(day, time(), tzinfo=UTC)
    return Inbound.received_at >= start, Inbound.received_at < start + timedelta(days=1)


def _is_stray() -> ColumnElement[bool]:
    """On the way for too long, or said to be filed where no message is; an answer to a page is no message."""
    late = and_(Inbound.state.in_(ON_THE_WAY), Inbound.received_at < now() - LATE)
    there = exists().where(Message.id == Inbound.message_id)
    lost = and_(Inbound.state.in_(("done", "duplicate")), Inbound.message_id.is_not(None), ~there)
    return or_(late, lost)
