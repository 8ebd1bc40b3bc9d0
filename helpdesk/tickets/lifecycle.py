"""The life of a ticket: done, reopened, asleep, awake, set aside. Calling any of them twice is harmless."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from helpdesk import events
from helpdesk.db import Json, db
from helpdesk.errors import Invalid
from helpdesk.events import Actor
from helpdesk.now import now
from helpdesk.tickets.models import Status, Ticket

UNTIL_REPLY = datetime(9999, 1, 1, tzinfo=UTC)
"""The waking time of a ticket that sleeps until somebody writes."""


def resolve(ticket: Ticket, *, by: Actor) -> Ticket:
    if ticket.status >= Status.RESOLVED:
        return ticket
    before = standing(ticket)
    ticket.status = Status.RESOLVED
    ticket.resolved_at = now()
    ticket.waiting_for = ""
    ticket.snoozed_until = None
    events.record(ticket, "ticket.resolved", by=by, before=before)
    return ticket


def reopen(ticket: Ticket, *, by: Actor | None = None) -> Ticket:
    """It needs us again: from done, or from waiting."""
    if ticket.status == Status.OPEN:
        return ticket
    before = standing(ticket)
    ticket.status = Status.OPEN
    ticket.resolved_at = None
    ticket.waiting_for = ""
    events.record(ticket, "ticket.reopened", by=by, before=before)
    return ticket


def snooze(ticket: Ticket, *, by: Actor, until: datetime, wake_on_reply: bool = True) -> Ticket:
    """Put it out of sight until an instant; it pauses no promise.

    Raises:
        Invalid: the instant has passed.
    """
    if until <= now():
        raise Invalid("That time has passed. Choose a later one.", {"until": "Choose a later time."})
    before = ticket.snoozed_until
    if before == until and ticket.wake_on_reply is wake_on_reply:
        return ticket
    ticket.snoozed_until = until
    ticket.wake_on_reply = wake_on_reply
    events.record(ticket, "ticket.snoozed", by=by, until=until.isoformat(), before=before and before.isoformat())
    return ticket


def wake(ticket: Ticket, *, by: Actor | None = None) -> Ticket:
    if not ticket.is_snoozed:
        return ticket
    ticket.snoozed_until = None
    events.record(ticket, "ticket.woken", by=by)
    return ticket


def wake_due(limit: int = 500) -> int:
    """Wake what has slept long enough; how many."""
    due = (
        select(Ticket)
        .where(Ticket.snoozed_until.is_not(None), Ticket.snoozed_until <= now())
        .order_by(Ticket.snoozed_until, Ticket.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    tickets = list(db.session.scalars(due))
    for ticket in tickets:
        wake(ticket)
    return len(tickets)


def standing(ticket: Ticket) -> Json:
    """Where it stands, as an event keeps it, so that undo can put it back."""
    until = ticket.snoozed_until
    return {"status": int(ticket.status), "for": ticket.waiting_for, "asleep": until.isoformat() if until else None}


def mark_spam(ticket: Ticket, *, by: Actor) -> Ticket:
    if ticket.spam_at is None:
        ticket.spam_at = now()
        events.record(ticket, "ticket.spammed", by=by, spam=True)
    return ticket


def unmark_spam(ticket: Ticket, *, by: Actor) -> Ticket:
    if ticket.spam_at is not None:
        ticket.spam_at = None
        events.record(ticket, "ticket.spammed", by=by, spam=False)
    return ticket
