"""Continuing: a conversation of a chat goes on by mail where nobody read an answer, and comes back from there.

An answer that stayed unread for the minutes its chat is set to, while no page of the visitor is open, leaves once more
as mail, with a link that opens the conversation again. Who answers that mail takes part in the ticket, as who they are:
that somebody reads a mailbox does not show that the visitor who typed its address does, so it joins nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from channels import handing, visiting
from channels.adapter import Envelope, Kind
from channels.chat import connection as connections
from channels.chat import tokens
from channels.chat.connection import Connection
from channels.models import Channel, Conversation, Visit
from channels.routing import Route
from helpdesk import outbox
from helpdesk.access import throttle
from helpdesk.access.throttle import Bucket
from helpdesk.db import db
from helpdesk.errors import TooMany
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Message, Ticket

_LEAST = timedelta(minutes=1)
_AT_ONCE = 100
_MAILS = Bucket("chat-mail", 10, timedelta(days=1))
"""For each address: somebody may have typed another's."""


def look() -> int:
    """Mail what stayed unread to visitors who have left, and commit; to how many. A tick of the scheduler."""
    waiting = (
        select(Visit.id)
        .join(Channel, Channel.id == Visit.channel_id)
        .where(Visit.unread_since < now() - _LEAST, Visit.email != "", Channel.paused_at.is_(None))
        .order_by(Visit.unread_since)
        .limit(_AT_ONCE)
    )
    found = [visit_id for visit_id in list(db.session.scalars(waiting)) if _continue(visit_id)]
    return len(found)


def recognise(envelope: Envelope, found: Route) -> Route:
    """The way of a mail, where a stranger to the ticket turns out to be whom the visitor has had us write to."""
    if not found.stranger or found.ticket is None or found.address is None or envelope.kind is not Kind.MESSAGE:
        return found
    if envelope.is_chat or envelope.authentication.failed or envelope.suspicion:
        return found
    mailed = (
        select(Visit)
        .join(Conversation, (Conversation.channel_id == Visit.channel_id) & (Conversation.key == Visit.key))
        .where(Conversation.ticket_id == found.ticket.id, Visit.email == envelope.author.address)
        .where(Visit.mailed_at.is_not(None))
    )
    visit = db.session.scalars(mailed.limit(1)).one_or_none()
    if visit is None:
        return found
    visiting.read_all(visit)
    return replace(found, stranger=False, guest=True)


def _continue(visit_id: int) -> bool:
    """One visitor, in a transaction of their own."""
    held = select(Visit).where(Visit.id == visit_id).with_for_update(skip_locked=True)
    visit = db.session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    mailed = visit is not None and _mail(visit)
    db.session.commit()
    return mailed


def _mail(visit: Visit) -> bool:
    channel = db.session.get_one(Channel, visit.channel_id)
    connection = connections.shown(channel)
    unread = _unread(visit)
    if not unread:
        visit.unread_since = None
        return False
    mailbox = handing.mailbox(connection.mailbox)
    if mailbox is None or not _is_time(visit, timedelta(minutes=connection.fallback_minutes)) or not _may(visit.email):
        return False
    ticket = db.session.get_one(Ticket, unread[-1][0].ticket_id)
    content = {
        "subject": f"{channel.name} answered you [#{ticket.number}]",
        "text": _words(visit, unread, connection),
        "html": "",
    }
    recipient = DeliveryRecipient(address=visit.email, name=visit.name)
    outbox.enqueue(
        Delivery(
            purpose="continuation", channel_id=mailbox.id, ticket_id=ticket.id, content=content, recipients=[recipient]
        )
    )
    visit.mailed_at, visit.mailed_upto, visit.unread_since = now(), unread[-1][0].id, None
    return True


def _is_time(visit: Visit, patience: timedelta) -> bool:
    """They are gone, what they have not read is old enough, and the last such mail is too."""
    at = now()
    if visiting.is_here(visit) or visit.unread_since is None or at - visit.unread_since < patience:
        return False
    return visit.mailed_at is None or at - visit.mailed_at >= patience


def _may(email: str) -> bool:
    try:
        throttle.take(_MAILS, email)
    except TooMany:
        return False
    return True


def _unread(visit: Visit) -> Sequence[tuple[Message, str]]:
    """Answers they have not read and that have not gone by mail, each with its writer's name."""
    rows = (
        select(Message, Agent.name)
        .join(Delivery, Delivery.message_id == Message.id)
        .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(Delivery.channel_id == visit.channel_id, Delivery.state == State.SENT, Message.id > visit.mailed_upto)
        .where(DeliveryRecipient.address == visit.key, DeliveryRecipient.progress != "read")
        .order_by(Message.id)
    )
    return [(message, name or "") for message, name in db.session.execute(rows)]


def _words(visit: Visit, unread: Sequence[tuple[Message, str]], connection: Connection) -> str:
    link = f"{connection.place}/frame#resume={tokens.link(connection.key, visit.key, visit.email)}"
    said = "\n\n".join(f"{name.partition(' ')[0] or connection.name} wrote:\n{one.body_text}" for one, name in unread)
    return (
        f"Hello,\n\nwe answered you in the chat, and you had left.\n\n{said}\n\n"
        f"Answer this mail, or go on in the chat, from any device:\n{link}\n\n{connection.name}\n"
    )
