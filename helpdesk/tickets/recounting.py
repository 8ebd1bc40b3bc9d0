"""What a ticket's row repeats of its messages, read from them again after some came or went."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.text.plain import snippet
from helpdesk.tickets import search
from helpdesk.tickets.dues import place
from helpdesk.tickets.models import Message, Ticket


def last(ticket: Ticket) -> None:
    """What the list shows, without the words that are gone."""
    newest = db.session.scalars(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.direction != "note")
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    ticket.last_message_at = newest.created_at if newest else ticket.created_at
    ticket.preview = snippet(newest.reply_text or newest.body_text, 140) if newest else ""


def waiting(ticket: Ticket) -> None:
    """Who waits after a reply was taken back: the customer, since their oldest unanswered words."""
    last_answer = (
        select(Message.id)
        .where(Message.ticket_id == ticket.id, Message.direction == "out")
        .order_by(Message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    unanswered = (
        select(Message.created_at)
        .where(Message.ticket_id == ticket.id, Message.direction == "in", Message.kind == "message")
        .where((Message.id > last_answer) | last_answer.is_(None))
        .order_by(Message.id)
        .limit(1)
    )
    ticket.waiting_since = db.session.scalars(unanswered).one_or_none()
    place(ticket)


def words(ticket: Ticket) -> None:
    """Count its messages, and write its search document anew."""
    count = select(func.count()).where(Message.ticket_id == ticket.id)
    ticket.message_count = db.session.scalars(count).one()
    search.begin_again(ticket.id)
    said = select(Message.subject, Message.reply_text, Message.direction).where(Message.ticket_id == ticket.id)
    for subject, body, direction in db.session.execute(said.order_by(Message.id)):
        search.index(ticket.id, subject=subject, body=body, note=direction == "note")
    last(ticket)
