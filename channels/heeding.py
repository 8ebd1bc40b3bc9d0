"""Heeding: what came in about a message that is there: changed, taken back, a sign at it, how far ours got.

It may overtake the message it is about. Then it is kept as early, and heeded once the message has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Final

from sqlalchemy import select, update

from channels import acknowledging, moving, progressing, registry, stating
from channels.adapter import Direction, Envelope, Kind
from channels.known import Known
from channels.models import Inbound
from channels.routing import Route
from helpdesk import events
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import conversing, revising
from helpdesk.tickets.models import Message, Ticket

ABOUT_ANOTHER = frozenset({Kind.EDIT, Kind.DELETE, Kind.REACTION, Kind.DELIVERY, Kind.HELLO, Kind.MOVED, Kind.NOTHING})
WAITS_FOR = timedelta(minutes=10)
"""So long a message may come after what speaks of it."""
_NEVER_CAME = "It speaks of a message that never came in."


class _Instead(Enum):
    MESSAGE = "message"


AS_MESSAGE: Final = _Instead.MESSAGE
"""The message it changes never came, so its words are filed as that message."""


def heed(inbound: Inbound, envelope: Envelope, known: Known) -> Message | _Instead | None:
    """The message it is about; None when `inbound` says by now where it ends instead."""
    if envelope.kind in {Kind.NOTHING, Kind.HELLO, Kind.MOVED}:
        return _ignore(inbound, _done_about(inbound, envelope, known))
    if envelope.kind is Kind.DELIVERY:
        return _news(inbound, envelope)
    message = known.message(envelope.message_id)
    if envelope.direction is Direction.AGENT_ECHO and envelope.kind is Kind.MESSAGE:
        return _overhear(inbound, envelope, known, message)
    if message is None:
        return early(inbound, envelope)
    return _about(inbound, envelope, known, message)


def stand_by(inbound: Inbound, envelope: Envelope) -> None:
    """Words that may only join a ticket, where there is none: it may be on its way, or it never was."""
    about = envelope.message_id if envelope.kind is Kind.EDIT else envelope.in_reply_to
    if about and now() - inbound.received_at < WAITS_FOR:
        inbound.state, inbound.about = "early", about
    else:
        _ignore(inbound, envelope.joins_only)


def said_before(inbound: Inbound, envelope: Envelope, known: Known) -> Message | None:
    """The message of the same id in this conversation: it came already with other, newer words."""
    message = known.message(envelope.message_id) if envelope.conversation_key else None
    if message is not None and message.direction == "in":
        revising.keep_earlier(message, envelope.text, at=envelope.date or now(), inbound_id=inbound.id)
    return message


def wake_early(names: Mapping[int, list[str]]) -> None:
    """Have what waited for these messages filed now."""
    for channel_id, messages in names.items():
        waiting = update(Inbound).where(
            Inbound.channel_id == channel_id, Inbound.state == "early", among(Inbound.about, messages)
        )
        if db.session.execute(waiting.values(state="waiting").returning(Inbound.id)).all():
            registry.arrived.set()


def give_up_waiting() -> int:
    """Have what is early for too long filed as well as it can be, and commit; how many. A tick of the scheduler."""
    old = select(Inbound.id).where(Inbound.state == "early", Inbound.received_at < now() - WAITS_FOR)
    old = old.where(Inbound.about.not_like("fault:%")).limit(500)  # `channels.alarming` gives those their end
    waiting = update(Inbound).where(Inbound.id.in_(old), Inbound.state == "early").values(state="waiting")
    found = db.session.execute(waiting.returning(Inbound.id)).all()
    db.session.commit()
    return len(found)


def _done_about(inbound: Inbound, envelope: Envelope, known: Known) -> str:
    """What was to do where nobody said anything, in a sentence for the record."""
    if envelope.kind is Kind.MOVED:
        return moving.follow(envelope, known)
    if envelope.kind is Kind.NOTHING:
        return envelope.suspicion
    greeted = acknowledging.greet(inbound.channel, envelope)
    return "They opened the conversation" + (" and were greeted." if greeted else ".")


def _about(inbound: Inbound, envelope: Envelope, known: Known, message: Message) -> Message | None:
    at = envelope.date or now()
    if envelope.kind is Kind.REACTION:
        return _react(inbound, envelope, known, message)
    if message.direction != "in":
        return _ignore(inbound, "It changes a message of ours.")
    ticket = _ticket(message)
    db.session.flush()  # what is changed has its row
    if envelope.kind is Kind.DELETE:
        revising.delete(ticket, message, at=at, inbound_id=inbound.id)
    elif not revising.edit(ticket, message, envelope.text, at=at, inbound_id=inbound.id):
        return _ignore(inbound, "The words stayed the same.")
    return message


def _react(inbound: Inbound, envelope: Envelope, known: Known, message: Message) -> Message | None:
    address = known.address(envelope.author)
    if address is None:
        return _ignore(inbound, "It does not say whose sign it is.")
    db.session.flush()
    events.record(
        _ticket(message), "message.reacted", by=address.contact, message_id=message.id, sign=envelope.text[:16]
    )
    return message


def _news(inbound: Inbound, envelope: Envelope) -> Message | _Instead | None:
    assert envelope.news is not None
    if not envelope.message_id:
        return _watermark(inbound, envelope)
    delivery = progressing.heard(
        inbound.channel_id, envelope.message_id, envelope.news, envelope.suspicion, key=envelope.sending
    )
    if delivery is None:
        return early(inbound, envelope)
    if delivery.message_id is None:
        return _ignore(inbound, "It is about a message of the product's own.")
    return db.session.get_one(Message, delivery.message_id)


def _watermark(inbound: Inbound, envelope: Envelope) -> Message | None:
    """News of everything up to an instant."""
    assert envelope.news is not None
    until = envelope.date or now()
    count = progressing.heard_until(inbound.channel_id, envelope.author.address, until, envelope.news)
    return _ignore(inbound, f"It is news of {count} messages." if count != 1 else "It is news of one message.")


def _overhear(inbound: Inbound, envelope: Envelope, known: Known, message: Message | None) -> Message | None:
    """Somebody of ours answered in the channel itself; what we sent comes back as well."""
    ticket = known.ticket(envelope)
    if message is not None:
        return _ignore(inbound, "It is our own message, told to us again.")
    if ticket is None:
        return _ignore(inbound, "Somebody of ours wrote where no request is.")
    if ours := progressing.echoed(inbound.channel_id, ticket, envelope.text, envelope.message_id):
        return _our_own(inbound, envelope, ours)
    said = conversing.overhear(ticket, stating.incoming(inbound, envelope, Route(ticket=ticket)))
    known.remember(envelope, ticket, said)
    return said


def _our_own(inbound: Inbound, envelope: Envelope, delivery: Delivery) -> Message | None:
    """What we send was told to us before its answer came; with the answer it is looked at again."""
    if delivery.state == State.SENDING:
        inbound.state, inbound.about = "early", envelope.message_id
        return None
    return _ignore(inbound, "It is our own message, told to us again.")


def early(inbound: Inbound, envelope: Envelope) -> Message | _Instead | None:
    """It waits for the message it speaks of, but not for ever."""
    if now() - inbound.received_at < WAITS_FOR:
        inbound.state, inbound.about = "early", envelope.message_id
        return None
    if envelope.kind is Kind.EDIT and envelope.author.address and envelope.direction is Direction.CUSTOMER:
        return AS_MESSAGE
    return _ignore(inbound, _NEVER_CAME)


def _ignore(inbound: Inbound, reason: str) -> Message | None:
    """It ends here: there is no message that it is about."""
    inbound.state, inbound.reason, inbound.about = "ignored", reason, ""
    return None


def _ticket(message: Message) -> Ticket:
    return db.session.get_one(Ticket, message.ticket_id)
