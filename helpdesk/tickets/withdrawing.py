"""A ticket whose first words were taken back before they left: nobody outside has heard of it, so it goes."""

from __future__ import annotations

from sqlalchemy import delete, select

from helpdesk import events
from helpdesk.db import Json, db
from helpdesk.events import Event
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Draft, Follower, Message, Ticket, TicketRead, TicketSearch, TicketTag


def is_only(message: Message, ticket: Ticket) -> bool:
    """Nothing was said here but this message, and nobody is about to say something."""
    if ticket.message_count != 1:
        return False
    words = select(Draft.id).where(Draft.ticket_id == ticket.id, Draft.body != "").limit(1)
    return message.direction == "out" and db.session.scalars(words).one_or_none() is None


def fields_of(ticket: Ticket, delivery: Delivery) -> Json:
    """What the form for a new ticket asked for: to whom, what about, from which mailbox."""
    to = next(recipient for recipient in delivery.recipients if recipient.role == "to")
    return {"to": to.address, "name": to.name, "subject": ticket.subject, "channel": str(ticket.channel_id)}


def withdraw(ticket: Ticket, *, by: Agent) -> None:
    """Remove it with all that hangs on it; who keeps rows of their own removes them at this event."""
    events.record(ticket, "ticket.withdrawn", by=by)
    db.session.flush()
    for table in (Draft, Follower, TicketTag, TicketRead, TicketSearch, Event):
        db.session.execute(delete(table).where(table.ticket_id == ticket.id))
    db.session.delete(ticket)
