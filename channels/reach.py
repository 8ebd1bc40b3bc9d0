"""Which conversation an answer goes to, and what its adapter says goes there now."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from channels import registry, spending
from channels.capabilities import Capabilities, Talk
from channels.doors import Capable, Connectable
from channels.models import Channel, Conversation
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.reach import Reach

_SOON = timedelta(hours=2)
_OVER = "The time to answer here is over: they wrote too long ago. Reach them another way, or wait until they write."
_LATE = "They wrote too long ago for anything to go there by itself."
_NOT_FIRST = "They have not written by this channel yet, and only they can begin. Reach them another way."


def of(ticket: Ticket) -> Reach | None:
    """What the composer shows; None for mail, where everything goes."""
    if ticket.channel_kind == "email":
        return None  # without asking the database on every page
    channel = db.session.get(Channel, ticket.channel_id) if ticket.channel_id is not None else None
    if channel is None or registry.offered(channel.kind, Capable) is None:  # type: ignore[type-abstract]
        return None
    conversation = conversation_of(ticket)
    able = capabilities(channel, conversation)
    return Reach(
        to=_where(channel),
        closed=closed(channel, conversation) or _paused(channel) or spending.used_up(channel),
        hint=_hint(able),
        most=able.max_length,
        unit=able.unit.value,
        files=able.files.count,
        file_bytes=able.files.size,
        immediate=able.immediate,
        typing=able.typing,
        file_types=able.files.types,
        templates=f"/tickets/{ticket.number}/templates" if _has_templates(channel, conversation, able) else "",
    )


def capabilities(channel: Channel, conversation: Conversation | None) -> Capabilities:
    """What goes there now, as its adapter says."""
    capable = registry.offered(channel.kind, Capable)  # type: ignore[type-abstract]
    return capable.capabilities(_talk(conversation)) if capable is not None else Capabilities()


def closed(channel: Channel, conversation: Conversation | None) -> str:
    """Why nothing can be said there now and what to do instead; empty when it can."""
    able = capabilities(channel, conversation)
    if able.closed:
        return able.closed
    if able.reply_window_until is not None and able.reply_window_until <= now():
        return _OVER
    return _NOT_FIRST if conversation is None and not _begins(channel, able) else ""


def closed_to_machines(channel: Channel, conversation: Conversation) -> str:
    """Why nothing goes there that no person wrote; empty when it does."""
    until = capabilities(channel, conversation).automatic_until
    late = until is not None and until <= now()
    return closed(channel, conversation) or (_LATE if late else "")


def conversation_of(ticket: Ticket) -> Conversation | None:
    """Where the customer last wrote on this ticket, by the channel it is answered by."""
    last = (
        select(Conversation)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.ticket_id == ticket.id, Message.direction == "in")
        .where(Conversation.channel_id == ticket.channel_id)
        .order_by(Message.id.desc())
        .limit(1)
    )
    return db.session.scalars(last).one_or_none()


def _talk(conversation: Conversation | None) -> Talk:
    if conversation is None:
        return Talk("")
    return Talk(conversation.key, dict(conversation.facts), conversation.last_inbound_at)


def _where(channel: Channel) -> str:
    connectable = registry.offered(channel.kind, Connectable)  # type: ignore[type-abstract]
    if connectable is None:
        return channel.address
    form = connectable.form
    return f"{form.title} {channel.name if form.known_by_name else channel.address}"


def _has_templates(channel: Channel, conversation: Conversation | None, able: Capabilities) -> bool:
    return able.templates and conversation is not None and not channel.is_paused


def _begins(channel: Channel, able: Capabilities) -> bool:
    return able.can_initiate or registry.offered(channel.kind, Capable) is None  # type: ignore[type-abstract]


def _paused(channel: Channel) -> str:
    return f"{channel.address} is paused. Resume it in Settings, or add a note." if channel.is_paused else ""


def _hint(able: Capabilities) -> str:
    until = able.reply_window_until
    left = until - now() if until is not None else None
    minutes = max(1, int(left.total_seconds() // 60)) if left is not None and left < _SOON else 0
    soon = f"{minutes} minutes are left to answer here." if minutes else ""
    public = "Everybody can read it." if able.public else ""
    return " ".join(filter(None, [public, soon, able.cost_hint]))
