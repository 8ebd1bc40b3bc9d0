"""The nearest promise of a ticket, written by whoever promises; the queue sorts by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from helpdesk.db import Json
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
    ticket.next_due_at = due.at if due else None
    ticket.next_due_since = due.since if due else None
    ticket.next_due_warn_at = due.warn_at if due else None
    ticket.next_due_kind = due.kind if due else ""
    ticket.next_due_words = due.words if due else ""
    ticket.next_due_asleep = _asleep(due) if due else {}
    ticket.next_due_turns_at = due.turns_at if due else None
    place(ticket)


def place(ticket: Ticket) -> None:
    """Recompute the queue's sort key from what the ticket says."""
    if ticket.next_due_at is None:
        ticket.queue_rank = Rank.UNPROMISED
        ticket.queue_at = ticket.waiting_since or ticket.last_message_at
        return
    ticket.queue_rank = Rank.ASLEEP if ticket.next_due_asleep.get("until") else Rank.RUNNING
    ticket.queue_at = ticket.next_due_at


def _asleep(due: Due) -> Json:
    gaps = [[start.isoformat(), end.isoformat()] for start, end in due.gaps]
    return {"until": due.asleep_until.isoformat() if due.asleep_until else None, "gaps": gaps}
