"""A delivery as the message a channel sends: who writes, in which thread, with which words and files."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import select

from channels import prooflinks, reach
from channels.adapter import Outbound, Part, Party, Recipient, WindowClosed
from channels.email.threading import new_message_id, references_for, reply_token
from channels.models import Channel, Conversation, Thread
from channels.naming import bare
from helpdesk import blobs
from helpdesk.db import Json, db
from helpdesk.outbox import Delivery
from helpdesk.people.models import Agent
from helpdesk.plugins import Sender, installed
from helpdesk.text.languages import DEFAULT
from helpdesk.text.plain import to_html
from helpdesk.tickets.inputs import Prepared
from helpdesk.tickets.models import Attachment, Message, Ticket
from helpdesk.vault import vault

GREETING = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where the words of an acknowledgement wait for what is promised, which is known only after their commit."""
_AUTOMATIC = frozenset({"acknowledgement", "proof"})
"""Nobody wrote it by hand, and no machine shall answer it."""


def senders() -> list[Sender]:
    """The mailboxes an agent may write from."""
    mailboxes = select(Channel).where(Channel.kind == "email", Channel.paused_at.is_(None)).order_by(Channel.id)
    return [Sender(one.id, one.name, one.address, one.kind) for one in db.session.scalars(mailboxes)]


def name_it(delivery: Delivery, channel: Channel) -> None:
    """Fix the id it will carry, once, so that a second try is the same mail and answers find the ticket."""
    if delivery.external_id is not None:
        return
    if delivery.content.get("greets") and delivery.ticket_id is not None:
        _greet(delivery, db.session.get_one(Ticket, delivery.ticket_id), channel)
    if channel.kind != "email":
        return
    delivery.external_id = new_message_id(_domain(channel.address))
    if delivery.ticket_id is not None:
        db.session.add(Thread(key=delivery.external_id, ticket_id=delivery.ticket_id, message_id=delivery.message_id))
    if delivery.message_id is not None:
        db.session.get_one(Message, delivery.message_id).external_id = delivery.external_id


def write(delivery: Delivery, channel: Channel) -> Outbound:
    """Compose what leaves: every try names the same people and is the same mail, whoever has had it already."""
    if channel.kind != "email" and delivery.message_id is not None:
        return _said(delivery, channel, db.session.get_one(Message, delivery.message_id))
    if channel.kind != "email":
        return _short(delivery, channel)
    if delivery.message_id is None:
        return _letter(delivery, channel)
    return _reply(delivery, channel, db.session.get_one(Message, delivery.message_id))


def _reply(delivery: Delivery, channel: Channel, message: Message) -> Outbound:
    if message.is_note:
        raise ValueError("a note never leaves")
    ticket = db.session.get_one(Ticket, message.ticket_id)
    agent = db.session.get(Agent, message.agent_id) if message.agent_id else None
    parent, chain = _thread(ticket, before=message.id)
    words = {"body": message.body_text, "body_html": to_html(message.body_text), "sender": channel.name}
    return Outbound(
        external_id=delivery.external_id or "",
        sender=Party(channel.address, f"{agent.name} ({channel.name})" if agent else channel.name),
        recipients=_recipients(delivery),
        subject=f"Re: {ticket.subject}" if parent else ticket.subject,
        text=render_template("mail/reply.txt", **words),
        html=render_template("mail/reply.html", **words),
        reply_to=Party(_reply_address(ticket, channel), channel.name),
        in_reply_to=parent,
        references=references_for(chain, parent) if parent else (),
        attachments=tuple(_files(message)),
        date=message.created_at,
    )


def _said(delivery: Delivery, channel: Channel, message: Message) -> Outbound:
    """A reply in a conversation.

    Raises:
        WindowClosed: nothing can be said there any more.
    """
    if message.is_note:
        raise ValueError("a note never leaves")
    ticket = db.session.get_one(Ticket, message.ticket_id)
    conversation = reach.conversation_of(ticket)
    prepared = _prepared(delivery)
    closed = reach.closed(channel, conversation)
    if closed and prepared is None:
        raise WindowClosed(closed)
    agent = db.session.get(Agent, message.agent_id) if message.agent_id else None
    parent, _ = _thread(ticket, before=message.id)
    return Outbound(
        external_id="",
        sender=Party(channel.address, agent.name if agent else channel.name),
        recipients=_recipients(delivery),
        subject=ticket.subject,
        text=message.body_text,
        in_reply_to=bare(parent),
        attachments=tuple(_files(message)),
        date=message.created_at,
        key=delivery.id,
        conversation=conversation.key if conversation is not None else "",
        facts=tuple(sorted(conversation.facts.items())) if conversation is not None else (),
        heard_at=conversation.last_inbound_at if conversation is not None else None,
        prepared=prepared,
        done=tuple(delivery.content.get("done", ())),
    )


def _prepared(delivery: Delivery) -> Prepared | None:
    kept = delivery.content.get("prepared")
    if not kept:
        return None
    return Prepared(kept["name"], kept["language"], tuple((key, value) for key, value in kept["values"]))


def _letter(delivery: Delivery, channel: Channel) -> Outbound:
    automatic = delivery.purpose in _AUTOMATIC
    content = delivery.content
    ticket = db.session.get(Ticket, delivery.ticket_id) if delivery.ticket_id else None
    answers = str(content.get("in_reply_to", ""))
    return Outbound(
        external_id=delivery.external_id or "",
        sender=Party(channel.address, channel.name),
        recipients=_recipients(delivery),
        subject=str(content["subject"]),
        text=prooflinks.shown(content),
        html=str(content.get("html", "")),
        reply_to=Party(_reply_address(ticket, channel), channel.name) if ticket else None,
        in_reply_to=answers,
        references=(answers,) if answers else (),
        attachments=tuple(_enclosed(content)),
        automatic=automatic,
        date=delivery.created_at,
    )


def _short(delivery: Delivery, channel: Channel) -> Outbound:
    """For a telephone, Slack or a browser: a page, or a word of the product's own.

    Raises:
        WindowClosed: it would be said in a conversation in which nothing can be said any more.
    """
    content = delivery.content
    conversation = _conversation(channel, str(content.get("conversation", "")))
    closed = reach.closed(channel, conversation) if conversation is not None else ""
    if closed:
        raise WindowClosed(closed)
    return Outbound(
        external_id="",
        sender=Party(channel.address, channel.name),
        recipients=_recipients(delivery),
        subject=str(content.get("subject", "")),
        text=prooflinks.shown(content).replace(GREETING, ""),
        key=delivery.id,
        how=str(content.get("how", "")),
        speech=str(content.get("speech", "")),
        link=str(content.get("link", "")),
        answerable=delivery.purpose in installed().answered(),
        replaces=str(content.get("replaces", "")),
        in_reply_to=bare(str(content.get("in_reply_to", ""))),
        conversation=str(content.get("conversation", "")),
        facts=tuple(sorted(conversation.facts.items())) if conversation is not None else (),
        heard_at=conversation.last_inbound_at if conversation is not None else None,
        done=tuple(content.get("done", ())),
        automatic=delivery.purpose in _AUTOMATIC,
        subscription=str(content.get("subscription", "")),
    )


def _conversation(channel: Channel, key: str) -> Conversation | None:
    """The conversation of this key; None when it is none yet."""
    if not key:
        return None
    talk = select(Conversation).where(Conversation.channel_id == channel.id, Conversation.key == key)
    return db.session.scalars(talk).one_or_none()


def _greet(delivery: Delivery, ticket: Ticket, channel: Channel) -> None:
    """Say what is promised by now; from here on every try says the same."""
    content = delivery.content
    telephone = str(channel.config.get("urgent_telephone", ""))
    greeting = installed().greet(ticket, str(content.get("language", DEFAULT)), telephone)
    if greeting:
        greeting = f"{greeting}\n\n"
    delivery.content = {**content, "text": str(content["text"]).replace(GREETING, greeting), "greets": False}


def _recipients(delivery: Delivery) -> tuple[Recipient, ...]:
    return tuple(Recipient(r.address, r.name, r.role, r.state == "queued") for r in delivery.recipients)


def _thread(ticket: Ticket, *, before: int) -> tuple[str, list[str]]:
    """The id being answered, the customer's last, and the chain of all before it."""
    said = db.session.execute(
        select(Message.external_id, Message.direction)
        .where(Message.ticket_id == ticket.id, Message.id < before, Message.external_id != "")
        .where(Message.kind == "message")
        .order_by(Message.id.desc())
        .limit(60)
    ).all()
    chain = [external_id for external_id, _ in reversed(said)]
    parent = next((external_id for external_id, direction in said if direction == "in"), chain[-1] if chain else "")
    return parent, [name for name in chain if name != parent]


def _files(message: Message) -> list[Part]:
    files = db.session.scalars(select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.id))
    return [Part(file.filename, file.content_type, blobs.get(file.sha256), file.inline, file.cid) for file in files]


def _enclosed(content: Json) -> list[Part]:
    """Files that go with a letter of our own: {"files": [{"filename", "content_type", "sha256"}]}."""
    files = content.get("files", ())
    return [Part(str(one["filename"]), str(one["content_type"]), blobs.get(str(one["sha256"]))) for one in files]


def _reply_address(ticket: Ticket, channel: Channel) -> str:
    local, _, domain = channel.address.rpartition("@")
    if not channel.config.get("plus_addressing", True):
        return channel.address
    token = reply_token(ticket.number, vault().derive("reply-token")[0])
    return f"{local}+{token}@{domain}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
