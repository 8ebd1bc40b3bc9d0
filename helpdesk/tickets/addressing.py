"""To whom an answer goes: where the customer wrote from last, with a copy for those who follow."""

from __future__ import annotations

from sqlalchemy import bindparam, false, func, select

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.outbox import DeliveryRecipient
from helpdesk.people.models import Address, Contact
from helpdesk.tickets.following import approved
from helpdesk.tickets.models import Message, Ticket

_USED_LAST = (
    select(Message.author_address)
    .where(Message.ticket_id == bindparam("ticket"), Message.contact_id == bindparam("contact"))
    .where(Message.direction == "in", Message.kind == "message")
    .order_by(Message.id.desc())
    .limit(1)
    .scalar_subquery()
)
_ANSWERED = (
    select(Address)
    .where(Address.contact_id == bindparam("contact"), Address.kind == bindparam("kind"))
    .order_by(func.coalesce(Address.value == _USED_LAST, false()).desc(), Address.id)
    .limit(1)
)
"""Put together once: every answer asks them."""


def recipients(ticket: Ticket) -> list[DeliveryRecipient]:
    """The customer, and whoever follows and is reached in the same way.

    Raises:
        Invalid: there is no address of theirs to answer to.
    """
    address = _reply_address(ticket)
    if address is None:
        raise Invalid("There is no address to answer to. Add a note instead.", {"body": "Nobody to send to."})
    contact = db.session.get_one(Contact, ticket.contact_id)
    to = DeliveryRecipient(address=address.value, name=contact.name, role="to")
    copies = [
        DeliveryRecipient(address=follower.address.value, name=follower.address.contact.name, role="cc")
        for follower in approved(ticket)
        if follower.address_id != address.id and follower.address.kind == address.kind
    ]
    return [to, *copies]


def _reply_address(ticket: Ticket) -> Address | None:
    """The address the customer last wrote from; else any they have."""
    asked = {"ticket": ticket.id, "contact": ticket.contact_id, "kind": ticket.channel_kind}
    return db.session.scalars(_ANSWERED, asked).one_or_none()
