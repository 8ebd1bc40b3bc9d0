"""Which language somebody speaks, by our last automatic mail to them, else by their own words."""

from __future__ import annotations

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.text import languages
from helpdesk.tickets.models import Message

_LOOKED_AT = 5
"""So many of the newest words of somebody say which language they speak."""


def language_of(contact_id: int | None) -> str:
    """That of the newest automatic mail to them, which somebody may have seen to be right; else of their words."""
    return _written_to(contact_id) or _written_by(contact_id) or languages.DEFAULT


def _written_to(contact_id: int | None) -> str:
    ours = (
        select(Delivery.content)
        .join(Message, Message.ticket_id == Delivery.ticket_id)
        .where(Message.contact_id == contact_id, Delivery.purpose == "acknowledgement")
    )
    content = db.session.scalars(ours.order_by(Delivery.id.desc()).limit(1)).one_or_none()
    said = str(content.get("language", "")) if content is not None else ""
    return said if said in languages.LANGUAGES else ""


def _written_by(contact_id: int | None) -> str:
    """Words about a call are ours, not theirs."""
    theirs = select(Message.reply_text).where(
        Message.contact_id == contact_id, Message.direction == "in", Message.kind == "message"
    )
    said = db.session.scalars(theirs.order_by(Message.id.desc()).limit(_LOOKED_AT))
    return next((code for one in said if not one.startswith("Call from ") and (code := languages.of(one))), "")
