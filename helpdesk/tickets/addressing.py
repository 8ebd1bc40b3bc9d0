"""To whom an answer goes: where the customer wrote from last, with a copy for those who follow."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, false, func, select
from sqlalchemy.orm import aliased

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.outbox import DeliveryRecipient
from helpdesk.people.models import Address, Contact
from helpdesk.tickets.models import Follower, Message, Ticket

_USED_LAST = (
    select(Message.author_address)
    .where(Message.ticket_id == bindparam("ticket"), Message.contact_id == bindparam("contact"))
    .where(Message.direction == "in", Message.kind == "message")
    .order_by(Message.id.desc())
    .limit(1)
    .scalar_subquery()
)
_ANSWERED = (
    select(Address.id, Address.value, Address.kind)
    .where(Address.contact_id == bindparam("contact"), Address.kind == bindparam("kind"))
    .order_by(func.coalesce(Address.value == _USED_LAST, false()).desc(), Address.id)
    .limit(1)
    .subquery()
)
"""The address the customer last wrote from; else any they have."""
_COPIED = aliased(Address)
_COPIES = and_(
    Follower.ticket_id == bindparam("ticket"), Follower.state == "approved", Follower.address_id != _ANSWERED.c.id
)
_REACHED = (
    select(_ANSWERED.c.value, _COPIED.value, Contact.name)
    .select_from(_ANSWERED)
    .outerjoin(Follower, _COPIES)
    .outerjoin(_COPIED, and_(_COPIED.id == Follower.address_id, _COPIED.kind == _ANSWERED.c.kind))
    .outerjoin(Contact, Contact.id == _COPIED.contact_id)
    .order_by(Follower.address_id)
)
"""Put together once: every answer asks it."""


def recipients(ticket: Ticket) -> list[DeliveryRecipient]:
    """The customer, and whoever follows and is reached in the same way.

    Raises:
        Invalid: there is no address of theirs to answer to.
    """
    asked = {"ticket": ticket.id, "contact": ticket.contact_id, "kind": ticket.channel_kind}
    reached = db.session.execute(_REACHED, asked).all()
    if not reached:
        raise Invalid("There is no address to answer to. Add a note instead.", {"body": "Nobody to send to."})
    contact = db.session.get_one(Contact, ticket.contact_id)
    to = DeliveryRecipient(address=reached[0][0], name=contact.name, role="to")
    copies = (DeliveryRecipient(address=copied, name=name, role="cc") for _, copied, name in reached if copied)
    return [to, *copies]
