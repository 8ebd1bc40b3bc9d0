"""Undo: the last thing an agent did to a ticket, put back within 30 seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from helpdesk import events
from helpdesk.db import Json, db
from helpdesk.errors import Gone, NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.tickets import lifecycle, triage
from helpdesk.tickets.models import Priority, Status, Ticket

WINDOW = timedelta(seconds=30)


def undo(event: Event, ticket: Ticket, *, by: Agent) -> None:
    """Put back what the event changed.

    Raises:
        NotFound: it is not theirs, or nothing that can be undone.
        Gone: the 30 seconds are over.
    """
    back = _BACK.get(event.kind)
    if event.agent_id != by.id or event.ticket_id != ticket.id or back is None:
        raise NotFound("There is nothing of yours to undo here.")
    if now() - event.at > WINDOW:
        raise Gone("That was too long ago to undo. Change it by hand.")
    back(event, ticket, by)


def put_back(ticket: Ticket, before: Json, *, by: Agent) -> None:
    """Done, waiting or reopened: where it stood before (`lifecycle.standing`), whom it waited for and its sleep."""
    if before["status"] == Status.OPEN:
        lifecycle.reopen(ticket, by=by)
    elif before["status"] >= Status.RESOLVED:
        lifecycle.resolve(ticket, by=by)
    else:
        triage.wait_for(ticket, before["for"], by=by)
    asleep = before["asleep"] and datetime.fromisoformat(before["asleep"])
    if asleep and asleep > now():
        lifecycle.snooze(ticket, by=by, until=asleep, wake_on_reply=ticket.wake_on_reply)


def _assignment(event: Event, ticket: Ticket, by: Agent) -> None:
    before = event.data["before"]
    triage.assign(ticket, to=db.session.get_one(Agent, before) if before else None, by=by)


def _team(event: Event, ticket: Ticket, by: Agent) -> None:
    before, owner = event.data["before"], event.data.get("assignee")
    triage.hand_over(ticket, to=db.session.get_one(Team, before) if before else None, by=by)
    triage.assign(ticket, to=db.session.get_one(Agent, owner) if owner else None, by=by)


def _priority(event: Event, ticket: Ticket, by: Agent) -> None:
    triage.prioritise(ticket, Priority(event.data["before"]), by=by)


def _tags(event: Event, ticket: Ticket, by: Agent) -> None:
    triage.tag(ticket, event.data["before"], by=by)


def _status(event: Event, ticket: Ticket, by: Agent) -> None:
    put_back(ticket, event.data["before"], by=by)


def _snooze(event: Event, ticket: Ticket, by: Agent) -> None:
    before = event.data.get("before")
    if before:
        ticket.snoozed_until = datetime.fromisoformat(before)
        events.record(ticket, "ticket.snoozed", by=by, until=before, before=event.data["until"])
    else:
        lifecycle.wake(ticket, by=by)


def _spam(event: Event, ticket: Ticket, by: Agent) -> None:
    if event.data["spam"]:
        lifecycle.unmark_spam(ticket, by=by)
    else:
        lifecycle.mark_spam(ticket, by=by)


_BACK: dict[str, Callable[[Event, Ticket, Agent], None]] = {
    "ticket.assigned": _assignment,
    "ticket.handed": _team,
    "ticket.prioritised": _priority,
    "ticket.tagged": _tags,
    "ticket.resolved": _status,
    "ticket.reopened": _status,
    "ticket.waiting": _status,
    "ticket.snoozed": _snooze,
    "ticket.spammed": _spam,
}
