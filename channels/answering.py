"""Answers: a mail, a text message, a button or a digit that answers a delivery goes to whoever takes such answers.

Each is taken once: what names it is kept in the delivery, which is locked meanwhile. Only the address it was sent to
may answer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ARRAY, String, any_, bindparam, select

from channels.adapter import Envelope, Kind
from channels.email.threading import is_own
from channels.known import ids_of
from channels.models import Channel
from helpdesk import outbox
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.plugins import installed

LATELY = timedelta(hours=24)
"""A text message answers what left within this time."""
_MOST = 20
"""So many answers to one delivery are heard; more are a machine's."""
_MOST_LETTERS = 5
"""So many of them are answered by mail."""
_TO_ANOTHER = "It answers a page that was sent to somebody else."
_FORGED = "It answers a page, but its sender may be forged."

_LAST_TO = (
    select(Delivery.id)
    .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
    .where(DeliveryRecipient.address == bindparam("address"), Delivery.channel_id == bindparam("channel_id"))
    .where(Delivery.purpose == any_(bindparam("purposes", type_=ARRAY(String))))
    .where(Delivery.created_at > bindparam("since"))
    .order_by(Delivery.id.desc())
    .limit(1)
)
"""Written once: every text message asks it."""


def take(  # noqa: PLR0913 - an answer is made of these
    delivery_id: int, *, key: str, address: str, words: str, how: str, channel_id: int | None = None
) -> str | None:
    """Hand an answer over; the sentence to say back. None when it is not theirs, came before, or is one too many.

    `key` names this answer, so that the same one twice counts once; with `channel_id` it must have left by that one.
    """
    locked = select(Delivery).where(Delivery.id == delivery_id).with_for_update()
    if channel_id is not None:
        locked = locked.where(Delivery.channel_id == channel_id)
    delivery = db.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    handler = installed().answered().get(delivery.purpose) if delivery is not None else None
    if delivery is None or handler is None or not _is_theirs(delivery, address):
        return None
    heard = list(delivery.content.get("answers", ()))
    if key in heard or len(heard) >= _MOST:
        return None
    delivery.content = {**delivery.content, "answers": [*heard, key]}
    db.session.flush()
    return handler(delivery, address, words, how)


def last_to(channel: Channel, address: str) -> int | None:
    """What left last to this number, if that was lately; its id."""
    purposes = [*installed().answered()]
    asked = {"address": address, "channel_id": channel.id, "purposes": purposes, "since": now() - LATELY}
    return db.session.connection().execute(_LAST_TO, asked).scalar_one_or_none()


def answered(envelopes: Sequence[Envelope]) -> dict[str, Delivery]:
    """Which of our deliveries that take answers these mails name, by message id."""
    purposes = installed().answered()
    named = {key for envelope in envelopes for key in ids_of(envelope) if is_own(key)}
    if not named or not purposes:
        return {}
    rows = select(Delivery).where(among(Delivery.external_id, named), Delivery.purpose.in_(purposes))
    return {delivery.external_id or "": delivery for delivery in db.session.scalars(rows)}


def named_by(envelope: Envelope, known: dict[str, Delivery]) -> Delivery | None:
    """The delivery this mail answers."""
    return next((known[key] for key in ids_of(envelope) if key in known), None)


def by_mail(envelope: Envelope, delivery: Delivery, channel: Channel) -> str:
    """Take a mail that answers a delivery; it never becomes a ticket. Why it stands in quarantine, or nothing."""
    if envelope.kind is Kind.BOUNCE:
        _bounced(envelope, delivery)
        return ""
    if envelope.kind is not Kind.MESSAGE:
        return ""  # away notes and the like: nobody said anything
    if envelope.authentication.failed or envelope.suspicion:
        return _FORGED
    address = envelope.author.address
    if not _is_theirs(delivery, address):
        return _TO_ANOTHER
    words = envelope.reply_text or envelope.text
    said = take(delivery.id, key=envelope.message_id, address=address, words=words, how="mail")
    if said and len(delivery.content["answers"]) <= _MOST_LETTERS:
        _say_back(said, envelope, delivery, channel)
    return ""


def _is_theirs(delivery: Delivery, address: str) -> bool:
    return bool(address) and any(one.address.casefold() == address.casefold() for one in delivery.recipients)


def _say_back(said: str, envelope: Envelope, delivery: Delivery, channel: Channel) -> None:
    subject = str(delivery.content.get("subject", ""))
    content = {"subject": f"Re: {subject}", "text": f"{said}\n", "in_reply_to": envelope.message_id}
    recipient = DeliveryRecipient(address=envelope.author.address, name=envelope.author.name)
    outbox.enqueue(Delivery(purpose="letter", channel_id=channel.id, content=content, recipients=[recipient]))


def _bounced(envelope: Envelope, delivery: Delivery) -> None:
    told = False
    gone = {one.recipient.casefold(): one.status for one in envelope.bounces if one.action == "failed"}
    for recipient in delivery.recipients:
        if recipient.address.casefold() in gone and recipient.state != "bounced":
            recipient.state, recipient.progress = "bounced", "undelivered"
            status = gone[recipient.address.casefold()] or "no code"
            recipient.reason = f"{recipient.address} did not accept this message ({status})."
            delivery.reason = recipient.reason
            told = True
    handler = installed().bounced().get(delivery.purpose)
    if told and handler is not None:
        db.session.flush()
        handler(delivery)
