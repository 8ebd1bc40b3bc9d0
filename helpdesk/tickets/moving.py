"""Messages go from one ticket to another with their files and sendings, and both are counted again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from helpdesk.db import among, db
from helpdesk.errors import Conflict
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import recounting
from helpdesk.tickets.models import Message, Ticket


def move(message_ids: Sequence[int], *, to: Ticket) -> None:
    """Every row of these messages that names a ticket names this one; events stay where they happened."""
    db.session.flush()
    db.session.execute(update(Message).where(among(Message.id, message_ids)).values(ticket_id=to.id))
    db.session.execute(update(Delivery).where(among(Delivery.message_id, message_ids)).values(ticket_id=to.id))


def recount(*tickets: Ticket) -> None:
    for ticket in tickets:
        recounting.words(ticket)
    db.session.flush()


def refuse_unsent(message_ids: Sequence[int]) -> None:
    """An answer that may still be taken back stays where it was written.

    Raises:
        Conflict: one of these is such an answer.
    """
    waiting = select(Delivery.id).where(
        among(Delivery.message_id, message_ids), Delivery.state == State.QUEUED, Delivery.attempts == 0
    )
    if db.session.scalars(waiting.limit(1)).one_or_none() is not None:
        raise Conflict("An answer here has not left yet. Wait until it has, or take it back, then try again.")
