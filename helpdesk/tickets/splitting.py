"""A ticket of its own for some messages: it arrived when they did, and what happened to them is told on it again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk import events
from helpdesk.db import among, db
from helpdesk.errors import Conflict, Invalid
from helpdesk.events import Event
from helpdesk.people.models import Agent, Contact
from helpdesk.tickets.conversing import open_ticket
from helpdesk.tickets.dues import place
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.moving import move, recount, refuse_unsent
from helpdesk.tickets.unanswered import arrival, as_json, heard, unanswered

_TOLD_AGAIN = (
    "message.received",
    "message.sent",
    "message.unsent",
    "message.overheard",
    "message.reacted",
    "delivery.sent",
    "delivery.failed",
    "delivery.bounced",
    "note.added",
)
_SUBJECT_LIMIT = 300


def from_here(message: Message) -> list[Message]:
    """A message and all after it."""
    later = select(Message).where(Message.ticket_id == message.ticket_id, Message.id >= message.id)
    return list(db.session.scalars(later.order_by(Message.id)))


def check(ticket: Ticket, message: Message) -> None:
    """Whether a message may begin a ticket of its own.

    Raises:
        Invalid: it cannot, and why.
        Conflict: the ticket is merged into another.
    """
    if ticket.is_merged:
        raise Conflict(f"#{ticket.number} was merged into another ticket. Its messages are there.")
    if message.direction != "in" or message.from_machine:
        raise Invalid("Only what a customer wrote can begin a ticket.", {"message": "Choose a customer’s message."})
    before = select(Message.id).where(
        Message.ticket_id == ticket.id, Message.id < message.id, Message.direction != "note", Message.kind == "message"
    )
    if db.session.scalars(before.limit(1)).one_or_none() is None:
        raise Invalid(
            "This message began the ticket, so it stays. Make a later one its own ticket.",
            {"message": "Choose a later message."},
        )


def split(ticket: Ticket, messages: Sequence[Message], *, subject: str, by: Agent) -> Ticket:
    """Take messages out of a ticket, the first of them a customer's, and begin a new one with them.

    Raises:
        Invalid: these cannot begin a ticket, or it has no subject.
        Conflict: an answer among them has not left yet.
    """
    first = messages[0]
    check(ticket, first)
    if not subject.strip() or len(subject) > _SUBJECT_LIMIT:
        words = "Say in a few words what it is about." if not subject.strip() else "Make the subject shorter."
        raise Invalid(words, {"subject": words})
    message_ids = [message.id for message in messages]
    refuse_unsent(message_ids)
    stays = [one for one in heard(ticket) if one.message_id not in message_ids]
    told = _told(ticket, message_ids)
    child = _begin(ticket, first, subject)
    move(message_ids, to=child)
    _tell(child, told)
    child.waiting_since = min((one.at for one in unanswered(child)), default=None)
    if ticket.waiting_since is not None:
        ticket.waiting_since = min((one.at for one in stays if not one.answers), default=None)
    recount(ticket, child)
    place(ticket)
    place(child)
    events.record(child, "ticket.parted", by=by, source=ticket.number, target=child.number)
    sides = {"source": ticket.number, "target": child.number}
    events.record(ticket, "ticket.split", by=by, **sides, messages=message_ids, **as_json(stays))
    return child


def _begin(ticket: Ticket, first: Message, subject: str) -> Ticket:
    contact = db.session.get_one(Contact, first.contact_id or ticket.contact_id)
    opening = Incoming(
        subject=subject,
        text="",
        reply_text="",
        channel_id=ticket.channel_id,
        channel_kind=ticket.channel_kind,
        team_id=ticket.team_id,
    )
    child = open_ticket(contact, opening)
    child.created_at = first.created_at
    child.priority, child.assignee_id, child.split_from_id = ticket.priority, ticket.assignee_id, ticket.id
    db.session.flush()
    return child


def _told(ticket: Ticket, message_ids: Sequence[int]) -> Sequence[Event]:
    """What happened to the messages, here or on a ticket that was merged in; once, however often it was told."""
    merged = select(Ticket.id).where(Ticket.id == ticket.id).cte(recursive=True)
    merged = merged.union_all(select(Ticket.id).join(merged, Ticket.merged_into_id == merged.c.id))
    here = Event.ticket_id.in_(select(merged.c.id))
    told = select(Event).where(here, among(Event.message_id, message_ids), Event.kind.in_(_TOLD_AGAIN))
    found = db.session.scalars(told.order_by(Event.at, Event.id))
    return list({(event.kind, event.message_id, event.at): event for event in found}.values())


def _tell(child: Ticket, told: Sequence[Event]) -> None:
    began = told[0]
    hands = {"team": child.team_id, "assignee": child.assignee_id, "owned": child.assignee_id is not None}
    named = {"contact_id": child.contact_id, "message_id": began.message_id}
    opening = Event(kind="ticket.opened", at=began.at, data={}, **named)
    events.retell(child, opening, **hands, priority=child.priority, received=arrival(began).isoformat())
    for event in told:
        events.retell(child, event)
