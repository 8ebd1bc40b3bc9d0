"""When a calendar, policy or agreement changes: which open promises would fall due at another time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.rules import Rules
from sla.commitments.clock import fold
from sla.commitments.facts import Fact
from sla.commitments.grounds import History
from sla.commitments.history import Past, histories
from sla.commitments.models import Commitment
from sla.commitments.stored import instant_or_none
from sla.entitlements import taking
from sla.entitlements.library import Version
from sla.policies.models import Clause

_MOST = 500
"""Tickets looked at for a preview; a page waits for it."""


@dataclass(frozen=True, slots=True)
class Move:
    """One open promise that would fall due at another time; None while it stands still."""

    number: int
    subject: str
    words: str
    was: datetime | None
    becomes: datetime | None
    kind: str = ""
    """"new" for a promise there is none of yet, "gone" for one there would be no more."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What would move among the tickets looked at, soonest first; `more` says there are others."""

    moves: tuple[Move, ...]
    looked_at: int
    more: bool


def preview(calendar_id: int, rules: Rules, *, valid_from: datetime | None = None) -> Moves:
    """Fold the tickets whose open promises are counted in the calendar, as they are and as if it said `rules`."""
    at = now()
    found = _tickets(calendar_id)
    told = histories(found[:_MOST])
    edit = _Edit(calendar_id, rules, at.timestamp(), max(valid_from or at, at).timestamp())
    moves = [move for ticket in found[:_MOST] if ticket.id in told for move in edit.of(ticket, told[ticket.id])]
    moves.sort(key=lambda move: move.becomes or move.was or at)
    return Moves(tuple(moves), min(len(found), _MOST), len(found) > _MOST)


def preview_taking(version: Version) -> Moves:
    """Fold the open tickets that would take over a version, as they are and as if they had.

    A policy's version may still be a draft. It needs its clauses, and its policy or contract, loaded.
    """
    at = now()
    found = taking.open_tickets(version, taking.MOST + 1)
    looked_at = found[: taking.MOST]
    takings = list(taking.takings(version, looked_at, taking.library_of(looked_at)))
    tickets = [one.ticket for one in takings]
    before = Past(tickets).histories()
    after = Past(tickets, {one.ticket.id: taking.proposed(one) for one in takings}).histories()
    moves = [
        move
        for ticket in tickets
        for move in _moved(ticket, _open_by_metric(before.get(ticket.id), at), _open_by_metric(after[ticket.id], at))
    ]
    moves.sort(key=lambda move: move.becomes or move.was or at)
    return Moves(tuple(moves), min(len(found), taking.MOST), len(found) > taking.MOST)


def recount(calendar_id: int) -> None:
    """Have the sweep judge every open promise counted in the calendar, within a second of the commit."""
    counted = select(Clause.id).where(Clause.calendar_id == calendar_id)
    open_ones = update(Commitment).where(Commitment.ended_at.is_(None), Commitment.clause_id.in_(counted))
    db.session.execute(open_ones.values(fires_at=now()).execution_options(synchronize_session=False))


def _tickets(calendar_id: int) -> list[Ticket]:
    """Those with an open promise counted in it, the soonest first, one more than are looked at."""
    soonest = (
        select(Commitment.ticket_id)
        .join(Clause, Clause.id == Commitment.clause_id)
        .where(Commitment.ended_at.is_(None), Clause.calendar_id == calendar_id)
        .group_by(Commitment.ticket_id)
        .order_by(func.min(Commitment.due_at), Commitment.ticket_id)
        .limit(_MOST + 1)
    )
    rows = select(Ticket).where(Ticket.id.in_(soonest)).order_by(Ticket.next_due_at, Ticket.id)
    return list(db.session.scalars(rows))


Standing = Mapping[tuple[str, float], tuple[str, float | None]]
"""Open cycles by metric and start: what is promised, and when it falls due."""


def _open_by_metric(history: History | None, at: datetime) -> Standing:
    """A clause of another version goes on with the cycles of the same metric, so these are what is compared."""
    if history is None:
        return {}
    cycles = fold(history.facts, history.timelines, at=at.timestamp())
    return {
        (one.metric, one.started): (history.clauses[one.clause].words, one.due) for one in cycles if one.ended is None
    }


def _moved(ticket: Ticket, before: Standing, after: Standing) -> Iterator[Move]:
    for key in {**before, **after}:
        (_, was), (words, becomes) = before.get(key, ("", None)), after.get(key) or (before[key][0], None)
        kind = "gone" if key not in after else "new" if key not in before else ""
        if kind or was != becomes:
            yield Move(ticket.number, ticket.subject, words, instant_or_none(was), instant_or_none(becomes), kind)


class _Edit:
    """A change of one calendar, tried on tickets."""

    def __init__(self, calendar_id: int, rules: Rules, at: float, since: float) -> None:
        self._calendar, self._rules, self._at, self._since = str(calendar_id), rules, at, since
        self._compiled: dict[str, Hours] = {}

    def of(self, ticket: Ticket, history: History) -> Iterator[Move]:
        edits = [
            Fact(self._at, "hours", since=self._since, calendar=name, hours=self._hours(name))
            for name in history.timelines
            if name.split(" ")[0] == self._calendar
        ]
        try:
            before = fold(history.facts, history.timelines, at=self._at)
            after = fold([*history.facts, *edits], history.timelines, at=self._at)
        except NoOpenTime:
            return
        became = {(one.clause, one.number): one.due for one in after}
        for one in before:
            due = became.get((one.clause, one.number))
            if one.ended is None and due != one.due:
                words = history.clauses[one.clause].words
                yield Move(ticket.number, ticket.subject, words, instant_or_none(one.due), instant_or_none(due))

    def _hours(self, name: str) -> Hours:
        """The new rules, in the zone that a timeline of this name is read in."""
        if name not in self._compiled:
            zone = name.partition(" ")[2]
            rules = replace(self._rules, zone=ZoneInfo(zone)) if zone else self._rules
            self._compiled[name] = Hours(rules, around=datetime.fromtimestamp(self._at, UTC).date())
        return self._compiled[name]
