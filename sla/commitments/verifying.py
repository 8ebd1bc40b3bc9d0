"""`flask sla verify`: replay every ticket and say where its stored promises differ from what its events say."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, select

from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.grounds import History
from sla.commitments.history import histories
from sla.commitments.models import Commitment
from sla.commitments.stored import instant, instant_or_none
from sla.entitlements.models import Entitlement

_BATCH = 500
_LAG = timedelta(seconds=5)
"""What broke so lately may be on its way to be recorded."""


@dataclass(frozen=True)
class Difference:
    """One field of one cycle, as stored and as replayed; `stored` is None where the row is missing."""

    ticket: int
    clause: int
    cycle: int
    field: str
    stored: object
    replayed: object


@dataclass
class Verified:
    """How many tickets and cycles were compared."""

    tickets: int = 0
    cycles: int = 0


def verify(count: Verified) -> Iterator[Difference]:
    """Compare all tickets that were promised something, five hundred at a time; memory stays flat."""
    last = 0
    promised = exists().where(Entitlement.ticket_id == Ticket.id)
    while True:
        rows = select(Ticket.id, Ticket.number, Ticket.contact_id).where(Ticket.id > last, promised)
        tickets = [_Ticket(*row) for row in db.session.execute(rows.order_by(Ticket.id).limit(_BATCH))]
        if not tickets:
            return
        last = tickets[-1].id
        told = histories(tickets)
        stored = _stored([ticket.id for ticket in tickets])
        for ticket in tickets:
            if ticket.id in told:
                count.tickets += 1
                yield from _compare(ticket, told[ticket.id], stored, count)
        numbers = {ticket.id: ticket.number for ticket in tickets if ticket.id in told}
        for (ticket_id, clause, cycle), row in stored.items():  # what no replay has taken out
            if ticket_id in numbers and row.outcome != "void":
                yield Difference(numbers[ticket_id], clause, cycle, "row", row.outcome, None)
        db.session.rollback()


class _Ticket(NamedTuple):
    id: int
    number: int
    contact_id: int


class _Row(NamedTuple):
    """What a stored promise says, as it is reported."""

    outcome: str
    target: int
    started: datetime
    due: datetime | None
    ended: datetime | None
    broken: datetime | None


_COLUMNS = ("outcome", "target_seconds", "started_at", "due_at", "ended_at", "broken_at")


def _stored(ticket_ids: Collection[int]) -> dict[tuple[int, int, int], _Row]:
    """By ticket, clause and cycle."""
    told = Commitment.__table__.c
    rows = select(told.ticket_id, told.clause_id, told.cycle, *(told[name] for name in _COLUMNS))
    found = db.session.execute(rows.where(among(told.ticket_id, ticket_ids)))
    return {(row[0], row[1], row[2]): _Row._make(row[3:]) for row in found}


def _compare(
    ticket: _Ticket, history: History, stored: dict[tuple[int, int, int], _Row], count: Verified
) -> Iterator[Difference]:
    at = now()
    for cycle in fold(history.facts, history.timelines, at=at.timestamp()):
        count.cycles += 1
        row = stored.pop((ticket.id, cycle.clause, cycle.number), None)
        if row is None:
            yield Difference(ticket.number, cycle.clause, cycle.number, "row", None, cycle.outcome)
        elif not _same(row, cycle) and not _is_fresh(cycle, at):
            for field, said, replayed in zip(_Row._fields, row, _replayed(cycle), strict=True):
                if said != replayed:
                    yield Difference(ticket.number, cycle.clause, cycle.number, field, said, replayed)


def _same(row: _Row, cycle: Cycle) -> bool:
    return (
        row.outcome == cycle.outcome
        and row.target == cycle.target
        and _at(row.started, cycle.started)
        and _at(row.due, cycle.due)
        and _at(row.ended, cycle.ended)
        and _at(row.broken, cycle.broken)
    )


def _at(stored: datetime | None, replayed: float | None) -> bool:
    """Whether they are the same microsecond; where they are equal already there is nothing to round."""
    if stored is None or replayed is None:
        return stored is None and replayed is None
    return stored.timestamp() == replayed or stored == instant(replayed)


def _replayed(cycle: Cycle) -> _Row:
    return _Row(
        cycle.outcome,
        cycle.target,
        instant(cycle.started),
        instant_or_none(cycle.due),
        instant_or_none(cycle.ended),
        instant_or_none(cycle.broken),
    )


def _is_fresh(cycle: Cycle, at: datetime) -> bool:
    return cycle.broken is not None and at - instant(cycle.broken) < _LAG
