"""What authors do to their messages later: change them, or take them back. The earlier words stay in the record."""

from __future__ import annotations

from datetime import datetime

from helpdesk import events
from helpdesk.db import db
from helpdesk.people.models import Contact
from helpdesk.tickets import recounting
from helpdesk.tickets.models import Message, MessageVersion, Ticket

_NO_SUBJECT = "(deleted by the customer)"


def edit(ticket: Ticket, message: Message, text: str, *, at: datetime, inbound_id: int | None = None) -> bool:
    """The message says `text` now; False when nothing changed.

    An edit that was overtaken by a later one is kept as an earlier version; one of a message that was taken back
    changes nothing.
    """
    if message.deleted_at is not None or text == message.body_text:
        return False
    if message.edited_at is not None and at < message.edited_at:
        keep_earlier(message, text, at=at, inbound_id=inbound_id)
        return False
    _keep(message, message.body_text, _written_at(message), inbound_id)
    _say(message, text)
    message.edited_at = at
    recounting.words(ticket)
    events.record(ticket, "message.edited", by=_author(message), message_id=message.id)
    return True


def delete(ticket: Ticket, message: Message, *, at: datetime, inbound_id: int | None = None) -> bool:
    """Its author took it back: its words leave the page, the search and the list; False when they had already.

    The record keeps that it was there, the raw message as it came, and its words as a version.
    """
    if message.deleted_at is not None:
        return False
    _keep(message, message.body_text, _written_at(message), inbound_id)
    _say(message, "")
    if message.conversation_id is not None:
        _forget_subject(ticket, message)
    message.deleted_at = at
    message.missing_files = []
    recounting.words(ticket)
    events.record(ticket, "message.deleted", by=_author(message), message_id=message.id)
    return True


def keep_earlier(message: Message, text: str, *, at: datetime, inbound_id: int | None = None) -> None:
    """Keep words that others took the place of before they came in."""
    if text != message.body_text and message.deleted_at is None:
        _keep(message, text, at, inbound_id)


def _keep(message: Message, text: str, at: datetime, inbound_id: int | None) -> None:
    if text:
        db.session.add(MessageVersion(message_id=message.id, body_text=text, written_at=at, inbound_id=inbound_id))


def _say(message: Message, text: str) -> None:
    message.body_text = message.reply_text = text
    message.body_html = message.source_html = ""
    db.session.flush()


def _forget_subject(ticket: Ticket, message: Message) -> None:
    """In a conversation the first words stand for a subject, unless somebody gave the ticket another one."""
    if ticket.subject == message.subject:
        ticket.subject = _NO_SUBJECT
    message.subject = _NO_SUBJECT


def _written_at(message: Message) -> datetime:
    return message.edited_at or message.sent_at or message.created_at


def _author(message: Message) -> Contact | None:
    return db.session.get(Contact, message.contact_id) if message.contact_id is not None else None
