"""Promises follow what happens: once before each commit, the tickets that were touched are judged anew.

1. `touch` hears an event and remembers its ticket.
2. `settle`, once for all of them, has coverage decided where it was not yet, folds each history up to now,
   writes the cycles and places the ticket in the queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import inspect

from helpdesk import events
from helpdesk.db import before_commit, db, reserve
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.rows import insert_later
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.grounds import History
from sla.commitments.history import Past
from sla.commitments.models import DECIDED, Commitment
from sla.commitments.placing import place
from sla.commitments.stored import by_cycle, instant, instant_or_none
from sla.contracts.credits import propose
from sla.contracts.models import ContractVersion
from sla.entitlements import naming, resolving


def touch(event: Event) -> None:
    """Have this ticket's promises settled before the commit."""
    if event.kind in naming.WORDS:
        naming.heard(event)
    if event.kind in {"ticket.tagged", "ticket.handed"} or event.data.get("customer"):
        before_commit(resolving.review_all, event.ticket_id)
    if not event.data.get("first"):
        before_commit(settle, event.ticket_id)


def settle(ticket_ids: list[int]) -> None:
    """Make rows and queue say what the events say, as of now. The caller's transaction holds the tickets."""
    tickets = resolving.held(ticket_ids)
    past = Past(tickets)
    known = by_cycle(past.decided)
    new = [one for one in tickets if one.id not in past.decided]
    if new:
        past.add(resolving.decide_all(new, past.received, naming.first([one.id for one in new])))
    told = past.histories()
    _expect(known)
    made: list[Commitment] = []
    for ticket in tickets:
        if ticket.id in told:
            made += _settle(ticket, told[ticket.id], known.get(ticket.id, {}))
    _add([row for row in made if inspect(row).transient])


def _expect(known: Mapping[int, Mapping[tuple[int, int], Commitment]]) -> None:
    """Fetch the keys of what there will be to tell of at once."""
    at = now()
    turning = sum(row.fires_at is not None and row.fires_at <= at for rows in known.values() for row in rows.values())
    if turning:
        reserve(event=turning)


def _settle(ticket: Ticket, history: History, known: dict[tuple[int, int], Commitment]) -> list[Commitment]:
    """Its rows, those that are new among them."""
    at = now()
    cycles = fold(history.facts, history.timelines, at=at.timestamp())
    if not cycles and not known:
        return []
    rows = [_write(ticket, history, cycle, known.get((cycle.clause, cycle.number)), at) for cycle in cycles]
    _void(known, {(cycle.clause, cycle.number) for cycle in cycles}, at)
    place(ticket, cycles, rows, {one.id: one.words for one in history.clauses.values()}, at)
    return rows


def _add(new: Sequence[Commitment]) -> None:
    """What is decided already goes through the session, where those listen who count it."""
    insert_later(*(row for row in new if row.outcome not in DECIDED))
    decided = [row for row in new if row.outcome in DECIDED]
    if decided:
        db.session.flush()  # what promises them is written
        db.session.add_all(decided)


def _write(ticket: Ticket, history: History, cycle: Cycle, row: Commitment | None, at: datetime) -> Commitment:
    if row is None:
        row = Commitment(
            ticket_id=ticket.id,
            clause_id=cycle.clause,
            cycle=cycle.number,
            metric=cycle.metric,
            entitlement_id=_entitlement(history, cycle.clause),
            excuse="",
        )
    due_before, broken_before = row.due_at, row.broken_at
    row.outcome, row.target_seconds = cycle.outcome, cycle.target
    row.started_at = instant(cycle.started)
    row.due_at, row.breaks_at = instant_or_none(cycle.due), instant_or_none(cycle.breaks)
    row.warns_at, row.ended_at = instant_or_none(cycle.warns), instant_or_none(cycle.ended)
    row.broken_at, row.broken_on_change = instant_or_none(cycle.broken), cycle.on_change
    row.elapsed_seconds = int(cycle.elapsed)
    if row.due_at != due_before:
        row.warned_at = None
    _notice(ticket, row, due_before=due_before, at=at)
    row.fires_at = _fires(row, at)
    if row.broken_at is not None and broken_before is None:
        _break(ticket, history, row)
    return row


def _void(known: dict[tuple[int, int], Commitment], told: set[tuple[int, int]], at: datetime) -> None:
    """Cycles that were taken back with what began them: an answer unsent, a ticket taken out again."""
    for key, row in known.items():
        if key not in told and row.outcome != "void":
            row.outcome, row.ended_at, row.fires_at = "void", row.ended_at or at, None


def _notice(ticket: Ticket, row: Commitment, *, due_before: datetime | None, at: datetime) -> None:
    """Warn once for each due time; a warning whose time was past when it fell due there is dropped."""
    due_for_warning = (
        row.outcome == "running"
        and row.broken_at is None
        and row.warned_at is None
        and row.warns_at is not None
        and row.warns_at <= at
        and row.due_at is not None
        and row.due_at > at
    )
    if not due_for_warning:
        return
    row.warned_at = at
    if row.due_at == due_before:
        _numbered(row)
        events.record(ticket, "commitment.warned", commitment=row.id, clause=row.clause_id, due=_iso(row.due_at))


def _break(ticket: Ticket, history: History, row: Commitment) -> None:
    _numbered(row)
    promised = next(one for one in history.decisions if one.id == row.entitlement_id)
    if promised.contract_version_id is not None:
        propose(row, db.session.get_one(ContractVersion, promised.contract_version_id))
    events.record(
        ticket,
        "commitment.broken",
        commitment=row.id,
        clause=row.clause_id,
        due=_iso(row.due_at),
        broken=_iso(row.broken_at),
        on_change=row.broken_on_change,
    )


def _numbered(row: Commitment) -> None:
    """Only a new row must be written before something can name it; hundreds that turn are written at once."""
    if inspect(row).transient:
        db.session.flush()  # what promises it is written
        db.session.add(row)
        db.session.flush()


def _fires(row: Commitment, at: datetime) -> datetime | None:
    """When the sweep must look at it next."""
    if row.outcome != "running":
        return None
    waiting = [row.breaks_at]
    if row.warned_at is None and row.warns_at is not None and row.warns_at > at:
        waiting.append(row.warns_at)
    return min((one for one in waiting if one is not None), default=None)


def _entitlement(history: History, clause: int) -> int:
    """The newest decision that promises it."""
    return [one.id for one in history.decisions if clause in one.clause_ids][-1]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
