"""Replies of the story: delivered long ago, so that the outbox has nothing to do with them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, text

from helpdesk import events
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.tickets.models import Message, Ticket

_FORGET_JOB = text(
    """
    DELETE FROM procrastinate_jobs
     WHERE task_name = 'deliver' AND args = jsonb_build_object('delivery_id', CAST(:id AS bigint))
    """
)


def deliver(ticket: Ticket, message: Message, *, external_id: str) -> None:
    """Say that the reply left when its undo window closed, and take its job away: nothing is ever sent."""
    delivery = db.session.scalars(select(Delivery).where(Delivery.message_id == message.id)).one()
    left = delivery.not_before + timedelta(seconds=1)
    delivery.state = State.SENT
    delivery.attempts = 1
    delivery.claimed_at = delivery.not_before
    delivery.sent_at = left
    delivery.external_id = external_id
    for recipient in delivery.recipients:
        recipient.state = "accepted"
    message.external_id = external_id
    message.sent_at = left
    db.session.execute(_FORGET_JOB, {"id": delivery.id})
    with travel(seconds=(left - now()).total_seconds()):
        events.record(ticket, "delivery.sent", message_id=message.id, delivery=delivery.id)
