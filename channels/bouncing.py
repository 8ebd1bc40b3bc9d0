"""Bounces: a receiving server gave a message back; its delivery and its address learn it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update

from channels.adapter import Bounce
from channels.models import Thread
from helpdesk import events
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address
from helpdesk.tickets.models import Ticket

_NOBODY_THERE = ("5.1.1", "5.1.2", "5.1.10", "5.2.1")


def mark(ticket: Ticket, bounces: Iterable[Bounce]) -> None:
    """Show each failed recipient on the message it belongs to; a mere delay changes nothing."""
    for bounce in bounces:
        if bounce.action == "failed" and bounce.recipient:
            _mark_delivery(ticket, bounce)
            _mark_address(bounce)


def _mark_delivery(ticket: Ticket, bounce: Bounce) -> None:
    delivery = _delivery(ticket, bounce)
    if delivery is None:
        return
    for recipient in delivery.recipients:
        if recipient.address.lower() == bounce.recipient.lower() and recipient.state != "bounced":
            recipient.state = "bounced"
            recipient.reason = f"{recipient.address} did not accept this message ({bounce.status or 'no code'})."
            delivery.reason = recipient.reason
            _announce(ticket, delivery)


def _announce(ticket: Ticket, delivery: Delivery) -> None:
    message_id, reached = delivery.message_id, delivery.reached
    events.record(ticket, "delivery.bounced", message_id=message_id, delivery=delivery.id, reached=reached)


def _delivery(ticket: Ticket, bounce: Bounce) -> Delivery | None:
    of_ticket = select(Delivery).where(Delivery.ticket_id == ticket.id)
    if bounce.original_id:
        exact = db.session.scalars(of_ticket.where(Delivery.external_id == bounce.original_id)).one_or_none()
        if exact is not None:
            return exact
        thread = db.session.get(Thread, bounce.original_id)
        if thread is not None and thread.message_id is not None:
            return db.session.scalars(of_ticket.where(Delivery.message_id == thread.message_id)).one_or_none()
    return None


def _mark_address(bounce: Bounce) -> None:
    if bounce.status.startswith(_NOBODY_THERE):
        db.session.execute(
            update(Address)
            .where(Address.kind == "email", Address.value == bounce.recipient.lower())
            .values(undeliverable_at=now())
        )
