"""The automatic "we have it" and "we are behind": once a day for an address, in its language, without its words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from channels import reach
from channels.adapter import Envelope
from channels.email.machines import is_unread
from channels.letters import LETTERS
from channels.models import AutomaticMail, Channel, Conversation
from channels.naming import bare
from channels.writing import GREETING
from helpdesk import events, outbox
from helpdesk.db import among, db
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.text import languages
from helpdesk.tickets.models import Message, Rank, Ticket

PER_DAY_FOR_ALL = 1000
"""More automatic mails than this in a day mean a storm, and the storm ends here."""

_NO_WAY = "They have not written by a way that is known to be theirs."


def acknowledge(  # noqa: PLR0913 - what is said, by which way, and what is known of its language
    ticket: Ticket, message: Message, channel: Channel, *, by: Channel, declared: str = "", conversation: str = ""
) -> None:
    """Say that a message arrived, where the channel wants it and nothing speaks against it.

    It leaves `by` the channel that answers. `declared` is the language the message says it is in, `conversation` the
    key of the one it was said in: a new one has no row yet.
    """
    if not channel.acknowledges or by.is_paused or message.from_machine or not message.author_address:
        return
    if not may_write(message.author_address):
        return
    db.session.flush()  # the ticket's number comes with its row
    language = _language(message, declared)
    words = LETTERS[language]
    content: dict[str, Any] = {
        "subject": words.arrived_subject.format(number=ticket.number),
        "text": f"{words.hello}\n\n{words.arrived.format(number=ticket.number)}\n\n{GREETING}{by.name}\n",
        "language": language,
        "greets": True,
    }
    _send(ticket, message, by, content, conversation)


def acknowledge_asleep(message_ids: list[int]) -> None:
    """Say the same to later words whose promise sleeps: nobody reads them before the hours begin.

    Done once the promises of the tickets have been settled, for these say whether they sleep.
    """
    for message in db.session.scalars(select(Message).where(among(Message.id, message_ids)).order_by(Message.id)):
        ticket = db.session.get_one(Ticket, message.ticket_id)
        channel = db.session.get(Channel, ticket.channel_id) if ticket.channel_id is not None else None
        if ticket.queue_rank == Rank.ASLEEP and channel is not None:
            talk, known = _talk(message), _written_before(ticket)
            key = talk.key if talk is not None else ""
            acknowledge(ticket, message, channel, by=channel, declared=known, conversation=key)


def greet(channel: Channel, envelope: Envelope) -> bool:
    """Say hello to who opened a conversation and has said nothing yet; False when nobody is greeted."""
    address = envelope.author.address
    if not channel.acknowledges or channel.is_paused or not address or not may_write(address, about="hello"):
        return False
    content = {
        "subject": "",
        "text": f"Hello, this is {channel.name}. Write what you need. A person will read it and answer here.",
        "conversation": bare(envelope.conversation_key),
    }
    recipient = DeliveryRecipient(address=address, name=envelope.author.name)
    outbox.enqueue(
        Delivery(purpose="letter", kind=channel.kind, channel_id=channel.id, content=content, recipients=[recipient])
    )
    return True


def say_delayed(event: Event) -> None:
    """Tell the customer that we are behind; where nothing goes to them by itself, the event says why."""
    ticket = db.session.get_one(Ticket, event.ticket_id)
    channel = db.session.get(Channel, ticket.channel_id) if ticket.channel_id is not None else None
    message = _last_words(ticket)
    if channel is None or message is None:
        events.add(event, untold=_NO_WAY)
        return
    talk = _talk(message)
    if untold := _untold(channel, message, talk):
        events.add(event, untold=untold)
        return
    language = _language(message, _written_before(ticket))
    words = LETTERS[language]
    content = {
        "subject": words.delayed_subject.format(number=ticket.number),
        "text": f"{words.hello}\n\n{words.delayed.format(number=ticket.number)}\n\n{channel.name}\n",
        "language": language,
    }
    _send(ticket, message, channel, content, talk.key if talk is not None else "")


def _untold(channel: Channel, message: Message, talk: Conversation | None) -> str:
    """Why nothing is said by itself to whoever wrote these last words; empty counts it as said today."""
    if message.warning or not message.author_address:
        return _NO_WAY
    if not channel.acknowledges:
        return f"Automatic answers are off for {channel.name}."
    if channel.is_paused:
        return f"{channel.name} is paused."
    if message.from_machine or is_unread(message.author_address):
        return "Nobody reads what comes there."
    if talk is not None and (closed := reach.closed_to_machines(channel, talk)):
        return closed
    return "" if may_write(message.author_address, about="delay") else "They heard it today already."


def _last_words(ticket: Ticket) -> Message | None:
    """The newest of the customer themselves; what others wrote in the conversation is not theirs."""
    theirs = select(Message).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.contact_id == ticket.contact_id
    )
    return db.session.scalars(theirs.order_by(Message.id.desc()).limit(1)).one_or_none()


def _language(message: Message, known: str) -> str:
    """Of the new words; where these do not say, the known one: programs declare what they are set up in."""
    return languages.of(message.reply_text) or known or languages.of(message.subject) or languages.DEFAULT


def _written_before(ticket: Ticket) -> str:
    """The language of our last automatic mail in the conversation; empty when there was none."""
    ours = select(Delivery.content).where(Delivery.ticket_id == ticket.id, Delivery.purpose == "acknowledgement")
    content = db.session.scalars(ours.order_by(Delivery.id.desc()).limit(1)).one_or_none()
    return str(content.get("language", "")) if content is not None else ""


def _send(ticket: Ticket, message: Message, channel: Channel, content: dict[str, Any], conversation: str) -> None:
    outbox.enqueue(
        Delivery(
            purpose="acknowledgement",
            kind=channel.kind,
            channel_id=channel.id,
            ticket_id=ticket.id,
            content={**content, "html": "", "in_reply_to": message.external_id, "conversation": conversation},
            recipients=[DeliveryRecipient(address=message.author_address, name="", role="to")],
        )
    )


def _talk(message: Message) -> Conversation | None:
    """Where it was said; None for mail."""
    return db.session.get(Conversation, message.conversation_id) if message.conversation_id is not None else None


def may_write(address: str, *, about: str = "") -> bool:
    """Count one automatic mail to an address today.

    False when nobody reads what comes there, when it had one about the same, or when all had too many.
    """
    if is_unread(address):
        return False
    day = now().date().isoformat()
    total = db.session.scalar(select(func.coalesce(func.sum(AutomaticMail.count), 0)).where(AutomaticMail.day == day))
    if (total or 0) >= PER_DAY_FOR_ALL:
        return False
    counted = db.session.execute(
        insert(AutomaticMail)
        .values(address=f"{about} {_mailbox(address)}".strip(), day=day, count=1)
        .on_conflict_do_nothing()
        .returning(AutomaticMail.address)
    ).scalar_one_or_none()
    return counted is not None


def _mailbox(address: str) -> str:
    """Where it ends up: ada+one@ and ada+two@ are one person."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
