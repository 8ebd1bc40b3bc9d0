"""What was just done, in a sentence, with the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.text.timeleft import spoken
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.undoing import WINDOW
from helpdesk.web.shown import Shown

_WORDS = {
    "ticket.assigned": "Assigned.",
    "ticket.handed": "Handed over.",
    "ticket.merged": "Merged.",
    "ticket.unmerged": "Taken apart.",
    "ticket.prioritised": "Priority changed.",
    "ticket.tagged": "Tags changed.",
    "ticket.resolved": "Done.",
    "ticket.reopened": "Open again.",
    "ticket.waiting": "Waiting.",
    "ticket.snoozed": "Snoozed.",
    "ticket.woken": "Awake again.",
    "ticket.spammed": "Set aside.",
    "note.added": "Note added.",
    "time.noted": "Time noted.",
}
_UNDOABLE = frozenset(_WORDS) - {"note.added", "ticket.woken", "ticket.unmerged", "time.noted"}


@dataclass(frozen=True)
class Toast:
    """`counted` puts the seconds left behind the words."""

    words: str
    undo_url: str
    until: datetime
    counted: bool = False
    ticket_id: int = 0


def toast_for(agent: Agent, event_id: str) -> Toast | None:
    """The toast of an event of the agent's own, while it is fresh."""
    number = whole(event_id)
    event = db.session.get(Event, number) if number is not None else None
    if event is None or event.agent_id != agent.id or now() - event.at > WINDOW:
        return None
    return of_event(event)


def arrived(toast: Toast | None, ticket: Ticket, promise: Shown | None) -> str:
    """What is said to who was led here from another ticket: what happened there, and what is open now."""
    if toast is None or toast.ticket_id in {0, ticket.id}:
        return ""
    left = f", {spoken(promise.listed)}" if promise is not None and promise.listed else ""
    return f"{toast.words} Next: {ticket.contact.name}{left}."


def of_event(event: Event) -> Toast | None:
    if event.kind == "message.sent":
        return _sending(event.message_id, _delivery_of(event))
    words = _WORDS.get(event.kind)
    if words is None:
        return None
    undo_url = f"/undo/{event.id}" if event.kind in _UNDOABLE else ""
    if event.kind == "ticket.merged":
        undo_url = f"/tickets/{event.data['source']}/parting"
    if event.kind == "time.noted":
        undo_url = f"/tickets/{event.data['number']}/time/{event.data['key']}/return" if "number" in event.data else ""
    return Toast(words, undo_url, event.at + WINDOW, ticket_id=event.ticket_id or 0)


def of_sending(message: Message) -> Toast:
    """The toast of a message whose delivery is loaded."""
    return _sending(message.id, message.delivery)


def _sending(message_id: int | None, delivery: Delivery | None) -> Toast:
    if delivery is None or not delivery.may_be_undone(now()):
        return Toast("Sent.", "", now() + WINDOW)
    return Toast("Sends in", f"/messages/{message_id}/unsending", delivery.not_before, counted=True)


def _delivery_of(event: Event) -> Delivery | None:
    return db.session.scalars(select(Delivery).where(Delivery.message_id == event.message_id)).one_or_none()
