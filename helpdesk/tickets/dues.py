"""The nearest promise of a ticket, written by whoever promises; the queue sorts by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.db import Json
from helpdesk.rows import change_later
from helpdesk.tickets.models import Rank, Ticket


@dataclass(frozen=True)
class Due:
    """What falls due next. `gaps` are stretches (UTC) in which the clock does not run."""

    kind: str
    since: datetime
    at: datetime
    warn_at: datetime
    asleep_until: datetime | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    words: str = ""
    """What was promised, in the customer's words."""
    turns_at: datetime | None = None
    """When the clock next falls asleep or wakes."""


def set_next_due(ticket: Ticket, due: Due | None) -> None:
    """Place the ticket in the queue: by its promise, or by how long the customer waits when there is none."""
    rank, at = _queue(ticket, due.at if due else None, asleep=due is not None and due.asleep_until is not None)
    change_later(
        ticket,
        next_due_at=due.at if due else None,
        next_due_since=due.since if due else None,
        next_due_warn_at=due.warn_at if due else None,
        next_due_kind=due.kind if due else "",
        next_due_words=due.words if due else "",
        next_due_asleep=_asleep(due) if due else {},
        next_due_turns_at=due.turns_at if due else None,
        queue_rank=rank,
        queue_at=at,
    )


def place(ticket: Ticket) -> None:
    """Recompute the queue's sort key from what the ticket says."""
    asleep = ticket.next_due_at is not None and bool(ticket.next_due_asleep.get("until"))
    ticket.queue_rank, ticket.queue_at = _queue(ticket, ticket.next_due_at, asleep=asleep)


def _queue(ticket: Ticket, due_at: datetime | None, *, asleep: bool) -> tuple[Rank, datetime]:
    if due_at is None:
        return Rank.UNPROMISED, ticket.waiting_since or ticket.last_message_at
    return Rank.ASLEEP if asleep else Rank.RUNNING, due_at


def _asleep(due: Due) -> Json:
    gaps = [[start.isoformat(), end.isoformat()] for start, end in due.gaps]
    return {"until": due.asleep_until.isoformat() if due.asleep_until else None, "gaps": gaps}
