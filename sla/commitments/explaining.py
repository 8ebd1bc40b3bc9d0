"""Why a promise on a ticket falls due when it does, in words, for people and for other programs."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.tickets.models import Ticket
from sla.calendars.models import CalendarVersion
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.history import histories
from sla.commitments.ledger import Entry, ledger
from sla.commitments.models import Commitment
from sla.policies.models import Clause

Json = dict[str, Any]

_WAITING = {
    "customer": "We wait for the customer",
    "part": "We wait for a part",
    "someone": "We wait for somebody else",
    "done": "It was done",
    "suspended": "The agreement was suspended",
    "refused": "The engineer was not let in",
}


@dataclass(frozen=True)
class Explained:
    """A commitment with its cycle as the replay has it, and its ledger."""

    commitment: Commitment
    cycle: Cycle
    entries: tuple[Entry, ...]
    calendar: str
    versions: tuple[float, ...]
    """From when each version of its calendar counts, the first and all time before it; none: round the clock."""

    def version_at(self, at: float) -> int | None:
        """The number of the version that counts at an instant, 1 being the oldest; None for round the clock."""
        return max(1, bisect_right(self.versions, at)) if self.versions else None


@dataclass(frozen=True)
class Step:
    """One line of the explanation: when, what, and the time left after it. `counts` while the clock runs."""

    when: str
    what: str
    left: str
    counts: bool


def explain(ticket: Ticket, commitment: Commitment, *, at: datetime) -> Explained:
    """Replay the ticket and lay out this promise's time.

    Raises:
        NotFound: the replay has no such promise.
    """
    history = histories([ticket]).get(ticket.id)
    cycles = fold(history.facts, history.timelines, at=at.timestamp()) if history is not None else []
    for cycle in cycles:
        if history is not None and (cycle.clause, cycle.number) == (commitment.clause_id, commitment.cycle):
            entries = ledger(cycle, history.facts, at=at.timestamp(), holidays=history.holidays)
            calendar = cycle.timeline.at(cycle.started).rules.zone.key
            return Explained(commitment, cycle, tuple(entries), calendar, _versions(commitment))
    raise NotFound("There is no such promise on this ticket.")


def steps(explained: Explained, zone: ZoneInfo) -> list[Step]:
    """The ledger in sentences; names of people are never in it."""
    cycle = explained.cycle
    first = Step(_when(cycle.started, zone), "The clock starts", spoken(cycle.target), counts=True)
    between = (
        Step(_span(entry, zone), _says(entry), spoken(max(0, entry.left)), counts=entry.kind == "open")
        for entry in explained.entries
    )
    last = [Step(_when(cycle.due, zone), "Due", spoken(0), counts=True)] if cycle.due is not None else []
    return [first, *between, *last]


def as_json(explained: Explained, zone: ZoneInfo) -> Json:
    """The ledger for an outside program: the seconds of open entries add up to the target."""
    cycle, clause = explained.cycle, explained.commitment.clause
    return {
        "clause": {"number": clause.number, "words": clause.words, "metric": clause.metric},
        "outcome": cycle.outcome,
        "target_seconds": cycle.target,
        "calendar_zone": explained.calendar,
        "calendar": clause.calendar.name if clause.calendar is not None else None,
        "calendar_versions": [
            {"version": number, "since": _iso(since, zone)} for number, since in enumerate(explained.versions, 1)
        ],
        "started": _iso(cycle.started, zone),
        "due": _iso(cycle.due, zone) if cycle.due is not None else None,
        "entries": [
            {
                "from": _iso(entry.start, zone),
                "to": _iso(entry.end, zone),
                "kind": entry.kind,
                "seconds": round(entry.seconds, 6),
                "left": round(entry.left, 6),
                "why": _says(entry),
                "calendar_version": explained.version_at(entry.start),
            }
            for entry in explained.entries
        ],
    }


def _versions(commitment: Commitment) -> tuple[float, ...]:
    known = (
        select(CalendarVersion.valid_from)
        .join(Clause, Clause.calendar_id == CalendarVersion.calendar_id)
        .where(Clause.id == commitment.clause_id)
        .order_by(CalendarVersion.valid_from, CalendarVersion.id)
    )
    return tuple(since.timestamp() for since in db.session.scalars(known))


def spoken(seconds: float) -> str:
    """Business time left: "6 h 10", "10 min"."""
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"


def _says(entry: Entry) -> str:
    if entry.kind == "open":
        return f"Open. {spoken(entry.seconds)} used"
    if entry.kind == "closed":
        return f"Closed for {entry.why}. Clock asleep" if entry.why else "Closed. Clock asleep"
    if entry.kind == "paused":
        return f"{_WAITING.get(entry.why, 'Paused')}. Clock stands still"
    return f"Changed: {entry.why}"


def _span(entry: Entry, zone: ZoneInfo) -> str:
    start, end = _local(entry.start, zone), _local(entry.end, zone)
    if end - start >= timedelta(hours=20):
        return f"{start:%a} to {end:%a}"
    return _when(entry.start, zone)


def _when(at: float, zone: ZoneInfo) -> str:
    return f"{_local(at, zone):%a %H:%M}"


def _local(at: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def _iso(at: float, zone: ZoneInfo) -> str:
    return _local(at, zone).isoformat()
