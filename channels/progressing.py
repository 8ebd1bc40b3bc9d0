"""Progress: what a provider tells later of something that left is written beside its recipient, forward only.

Failed comes before delivered: a provider that tried again and succeeded has the last word, one that says late that it
failed does not take back what arrived.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from channels.adapter import Progress
from channels.models import Channel
from channels.naming import qualified
from channels.phone import progress, refusals
from channels.settling import announce, call_it, is_said
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.tickets.models import Message, Ticket

_ORDER = {"": 0, Progress.FAILED: 1, Progress.DELIVERED: 2, Progress.READ: 3}
_WATERMARK_REACHES = timedelta(days=8)
"""So far back news of everything up to an instant are taken: longer than anything may be answered."""
_FAILED = "It was taken, but did not arrive."


def told(channel: Channel, delivery_id: int, sid: str, word: str, code: str) -> bool:
    """News of a sending, `sid` in the provider's words; news of what is not ours, or not known, changes nothing.

    It may come before the answer to our own request does. News of one that was `uncertain` says that it went out.
    False when the news are to be filed: those of what is said in a conversation, which has its name from here on.
    """
    locked = select(Delivery).where(Delivery.id == delivery_id, Delivery.channel_id == channel.id).with_for_update()
    delivery = db.session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if delivery is None:
        return False
    in_talk = is_said(delivery)
    recipient = _recipient(delivery, qualified(channel.id, sid) if in_talk else sid)
    if recipient is None or not progress.is_known(word):
        return not in_talk
    if in_talk:
        _went_out(delivery, recipient)
        return False
    further = progress.further(recipient.progress, word)
    if further != recipient.progress:
        recipient.progress, recipient.reason = further, refusals.words_of(code)
    _went_out(delivery, recipient)
    return True


def heard(channel_id: int, name: str, news: Progress, reason: str, *, key: int = 0) -> Delivery | None:
    """News of the sending that carries this qualified name; None when none of this channel does.

    Older news than what is known changes nothing. `key` is the delivery's own, where the provider repeats it: one whose
    answer we never got has no name yet, and gets this one.
    """
    recipient = db.session.scalars(select(DeliveryRecipient).where(DeliveryRecipient.external_id == name)).one_or_none()
    delivery = _held(recipient.delivery_id if recipient is not None else key, channel_id)
    if delivery is None:
        return None
    recipient = next((one for one in delivery.recipients if one.external_id == name), None)
    if recipient is None:
        recipient = _nameless(delivery)
        if recipient is None:
            return None
        _name(delivery, recipient, name)
    _advance(delivery, recipient, news, reason)
    return delivery


def heard_until(channel_id: int, address: str, until: datetime, news: Progress) -> int:
    """News of everything this address was sent by this channel up to an instant; of how many sendings."""
    sent = (
        select(Delivery)
        .join(DeliveryRecipient, DeliveryRecipient.delivery_id == Delivery.id)
        .where(Delivery.channel_id == channel_id, DeliveryRecipient.address == address)
        .where(Delivery.state == State.SENT, Delivery.handed_over_at.between(until - _WATERMARK_REACHES, until))
        .where(DeliveryRecipient.progress.not_in([one for one, order in _ORDER.items() if order >= _ORDER[news]]))
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
    found = list(db.session.scalars(sent.execution_options(populate_existing=True)).unique())
    for delivery in found:
        for recipient in delivery.recipients:
            if recipient.address == address:
                _advance(delivery, recipient, news, "")
    return len(found)


def echoed(channel_id: int, ticket: Ticket, words: str, name: str) -> Delivery | None:
    """The sending of ours that these words from our own side may be; one that was uncertain is known to have left now.

    A provider tells us of what we send as well, and may do so before it answers us.
    """
    said = (
        select(Delivery)
        .join(Message, Message.id == Delivery.message_id)
        .where(Delivery.channel_id == channel_id, Delivery.ticket_id == ticket.id)
        .where(Delivery.state.in_((State.SENDING, State.UNCERTAIN)), Message.body_text == words)
        .order_by(Delivery.id)
        .limit(1)
        .with_for_update(of=Delivery)
    )
    delivery = db.session.scalars(said.execution_options(populate_existing=True)).one_or_none()
    recipient = _nameless(delivery) if delivery is not None else None
    if delivery is not None and recipient is not None and delivery.state == State.UNCERTAIN:
        _name(delivery, recipient, name)
        _turn(delivery, recipient, None, "")
        db.session.flush()
    return delivery


def _held(delivery_id: int, channel_id: int) -> Delivery | None:
    held = select(Delivery).where(Delivery.id == delivery_id, Delivery.channel_id == channel_id)
    return db.session.scalars(held.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _nameless(delivery: Delivery) -> DeliveryRecipient | None:
    """Whom a sending was for whose name we never heard; while it is being sent, its answer may still bring the name."""
    if delivery.state != State.UNCERTAIN:
        return None
    return next((one for one in delivery.recipients if one.external_id is None), None)


def _name(delivery: Delivery, recipient: DeliveryRecipient, name: str) -> None:
    """Its source's name is known at last: answers and further news find it."""
    recipient.external_id = name
    call_it(delivery, [name])


def _advance(delivery: Delivery, recipient: DeliveryRecipient, news: Progress, reason: str) -> None:
    if _ORDER[news] > _ORDER.get(recipient.progress, 0):
        recipient.progress = news
        _turn(delivery, recipient, news, reason)
        db.session.flush()  # the next news of a batch read the row again


def _turn(delivery: Delivery, recipient: DeliveryRecipient, news: Progress | None, reason: str) -> None:
    """What the news mean for the whole sending, told to whoever looks at the ticket."""
    if news is Progress.FAILED:
        recipient.state, recipient.reason = "refused", reason or _FAILED
        delivery.state, delivery.reason, kind = State.FAILED, recipient.reason, "delivery.failed"
    else:
        late = delivery.state in {State.FAILED, State.UNCERTAIN}
        recipient.state, recipient.reason = "accepted", ""
        delivery.state, delivery.reason = State.SENT, ""
        delivery.sent_at = delivery.sent_at or now()
        kind = "delivery.sent" if late else "delivery.changed"
    announce(delivery, kind)


def _recipient(delivery: Delivery, sid: str) -> DeliveryRecipient | None:
    """Whom this sending was for; a sending whose name we never heard is the one we have no name for."""
    if not sid:
        return None
    named = next((one for one in delivery.recipients if one.external_id == sid), None)
    if named is not None:
        return named
    nameless = next((one for one in delivery.recipients if one.external_id is None), None)
    if nameless is not None:
        nameless.external_id = sid
    return nameless


def _went_out(delivery: Delivery, recipient: DeliveryRecipient) -> None:
    """The provider has it, so nothing is sent again; while it is being sent, the sender itself writes that down."""
    if delivery.state not in {State.QUEUED, State.UNCERTAIN} or not delivery.attempts or recipient.state != "queued":
        return
    recipient.state = "accepted"
    if all(one.state == "accepted" for one in delivery.recipients):
        delivery.state, delivery.reason, delivery.sent_at = State.SENT, "", delivery.sent_at or now()
        announce(delivery, "delivery.sent")
