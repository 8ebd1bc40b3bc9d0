"""What a ticket says of telephone calls: one that came in told better, or answered; one of ours written down."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk import events
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing, recounting
from helpdesk.tickets.dues import place
from helpdesk.tickets.inputs import Answer, Incoming
from helpdesk.tickets.models import Message, Ticket

OUTCOMES = {
    "reached": "We spoke",
    "no answer": "Nobody answered",
    "voicemail": "I left a message",
    "not needed": "No call was needed any more",
}
_SENTENCES = {
    "reached": "Called {whom}: we spoke{lasting}.",
    "no answer": "Called {whom}: nobody answered.",
    "voicemail": "Called {whom} and left a message.",
    "not needed": "{whom} need not be called back any more.",
}
LONGEST = 24 * 60
"""Minutes of a call."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Called:
    """A call an agent made, or did not have to make; `minutes` only where we spoke."""

    number: str
    outcome: str
    minutes: int | None = None
    note: str = ""
    client_id: str | None = None


def log_call(ticket: Ticket, called: Called, *, by: Agent) -> Message:
    """Write down a call of ours. One in which we spoke answers the customer; another is a note to the team.

    Raises:
        Invalid: by field, what is wrong. Conflict: the form was sent from another page already.
    """
    known = conversing.written_already(called.client_id, ticket, by)
    if known is not None:
        return known
    _check(called)
    if called.outcome != "reached":
        return conversing.note(ticket, Answer(_words(called), client_id=called.client_id), by=by)
    said = Incoming(
        subject="", text=_words(called), reply_text=_words(called), channel_kind="phone", author_name=by.name
    )
    message = conversing.overhear(ticket, said, by=by)
    message.client_id = called.client_id
    if ticket.assignee_id is None:
        ticket.assignee_id = by.id
    return message


def reword(ticket: Ticket, message: Message, text: str) -> None:
    """What the product says of a call is known better now."""
    message.body_text = message.reply_text = text
    db.session.flush()
    recounting.words(ticket)
    events.record(ticket, "message.completed", message_id=message.id)


def was_answered(ticket: Ticket, message: Message) -> None:
    """Somebody of ours spoke with who called: nobody waits any more."""
    ticket.waiting_since = None
    place(ticket)
    events.record(ticket, "message.overheard", message_id=message.id)


def _check(called: Called) -> None:
    errors = {}
    if called.outcome not in OUTCOMES:
        errors["outcome"] = "Choose how it went."
    if called.minutes is not None and not 0 <= called.minutes <= LONGEST:
        errors["minutes"] = "Enter whole minutes, a day at most."
    if len(called.note) > _MOST:
        errors["note"] = f"This is longer than {_MOST:,} characters."
    if errors:
        raise Invalid("Nothing was saved. Look at the fields marked below.", errors)


def _words(called: Called) -> str:
    lasting = f" for {called.minutes} min" if called.minutes else ""
    said = _SENTENCES[called.outcome].format(whom=called.number or "Them", lasting=lasting)
    note = called.note.replace("\r\n", "\n").replace("\0", "").strip()
    return f"{said}\n\n{note}" if note else said
