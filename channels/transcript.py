"""Transcript: what a visitor of a chat may see of it, which is what was said there and what was sent to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import selectinload

from channels import prooflinks
from channels.models import Conversation, Visit
from channels.naming import bare
from helpdesk.db import among, db
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Attachment, Message, TicketRead

KIND = "chat"
_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in the conversation as its visitor may see it: first names, no ids of ours, no notes."""

    id: str
    mine: bool
    who: str
    text: str
    at: datetime
    seen: bool = False
    """Their own words were read here."""
    by_mail: bool = False
    automatic: bool = False
    files: tuple[Attachment, ...] = field(default=())


def told(visit: Visit, *, mailbox: str = "") -> list[Told]:
    """What they may see, oldest first: their own words, and what was said to them.

    A page opened by a link that came to `mailbox` sees the mail of that one, and no codes: these are for the page that
    began the conversation alone.
    """
    conversation = conversation_of(visit)
    if conversation is None:
        return []
    rows = db.session.execute(
        select(Message, Agent.name)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(Message.deleted_at.is_(None), _theirs(visit, conversation, mailbox))
        .order_by(Message.id.desc())
        .limit(_MOST_SHOWN)
        .options(selectinload(Message.attachments))
    ).all()
    names = _names([message.id for message, _ in rows if message.direction == "out"])
    read = _read_here({message.ticket_id for message, _ in rows})
    words = [_told(visit, message, agent or "", names, read) for message, agent in rows]
    automatic = _automatic(visit, conversation, codes=not mailbox)
    return sorted([*words, *automatic], key=lambda one: one.at)


def file_of(visit: Visit, key: str, *, mailbox: str = "") -> Attachment | None:
    """A file of a message they may see."""
    conversation = conversation_of(visit)
    if conversation is None:
        return None
    rows = select(Attachment).join(Message, Message.id == Attachment.message_id)
    mine = rows.where(Attachment.key == key, Message.deleted_at.is_(None), _theirs(visit, conversation, mailbox))
    return db.session.scalars(mine).one_or_none()


def conversation_of(visit: Visit) -> Conversation | None:
    """Where the visitor writes; None before their first words were filed."""
    rows = select(Conversation).where(Conversation.channel_id == visit.channel_id, Conversation.key == visit.key)
    return db.session.scalars(rows).one_or_none()


def _theirs(visit: Visit, conversation: Conversation, mailbox: str) -> ColumnElement[bool]:
    """Said in this conversation, or sent to this visitor; by mail too once the address is theirs for sure."""
    mailbox = mailbox or (visit.email if visit.is_known else "")
    addresses = [visit.key, mailbox] if mailbox else [visit.key]
    here_ = select(Message.ticket_id).where(Message.conversation_id == conversation.id)
    to_them = (
        select(Delivery.message_id)
        .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
        .where(Delivery.ticket_id.in_(here_), Delivery.message_id.is_not(None), Delivery.state == State.SENT)
        .where(among(DeliveryRecipient.address, addresses))
    )
    by_mail = and_(
        Message.direction == "in",
        Message.ticket_id.in_(here_),
        Message.author_address == mailbox,
        Message.warning == "",
    )
    ways = [Message.conversation_id == conversation.id, and_(Message.direction == "out", Message.id.in_(to_them))]
    return or_(*ways, by_mail) if mailbox else or_(*ways)


def _told(visit: Visit, message: Message, agent: str, names: dict[int, str], read: dict[int, int]) -> Told:
    mine = message.direction == "in"
    by_mail = message.channel_kind == "email"
    own = bare(message.external_id).partition(":")[2] if not by_mail else ""
    return Told(
        id=own or names.get(message.id, "") or f"{visit.key[:6]}-{message.created_at.timestamp():.6f}",
        mine=mine,
        who="" if mine else agent.partition(" ")[0],
        text=message.reply_text or message.body_text,
        at=message.created_at,
        seen=mine and read.get(message.ticket_id, 0) >= message.id,
        by_mail=by_mail,
        files=tuple(message.attachments),
    )


def _automatic(visit: Visit, conversation: Conversation, *, codes: bool) -> list[Told]:
    """What the product itself said in the conversation."""
    rows = select(Delivery).where(
        Delivery.channel_id == visit.channel_id,
        Delivery.ticket_id == conversation.ticket_id,
        Delivery.message_id.is_(None),
        Delivery.state == State.SENT,
        Delivery.content["conversation"].astext == visit.key,
        true() if codes else Delivery.purpose != "proof",
    )
    return [
        Told(
            f"a{_milliseconds(one.created_at)}",
            False,
            "",
            prooflinks.shown(one.content).strip(),
            one.created_at,
            automatic=True,
        )
        for one in db.session.scalars(rows.order_by(Delivery.id.desc()).limit(5))
    ]


def _names(message_ids: Sequence[int]) -> dict[int, str]:
    """What answers are called in the chat, by message."""
    rows = (
        select(Delivery.message_id, DeliveryRecipient.external_id)
        .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
        .where(among(Delivery.message_id, message_ids), Delivery.kind == KIND)
    )
    return {message_id: bare(name) for message_id, name in db.session.execute(rows) if message_id and name}


def _read_here(ticket_ids: set[int]) -> dict[int, int]:
    """The newest message any agent has read, by ticket."""
    rows = select(TicketRead.ticket_id, func.max(TicketRead.message_id)).where(among(TicketRead.ticket_id, ticket_ids))
    found = db.session.execute(rows.group_by(TicketRead.ticket_id))
    return {ticket_id: newest for ticket_id, newest in found}  # noqa: C416 - a Row is no pair for mypy


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
