"""Dispatch: one Delivery leaves by its channel, exactly once as far as the other side allows.

1. claim: `queued` becomes `sending`, with the id it will carry, committed before anything is sent;
2. send, holding no database connection; right before the content leaves, that is committed too;
3. the outcome of every recipient is committed: sent, failed, a later try, or uncertain.

A process that dies between 1 and 3 leaves `sending` behind. `reclaim` sends it again when the content had not begun
to leave, and else treats it as a cut after the content: one resend under the same id, then an agent is asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import OperationalError

from channels import registry, settling, spending, writing
from channels.adapter import Adapter, Outbound, Permanent, Retryable, SendError, Uncertain, WindowClosed
from channels.models import Channel
from channels.settling import Pace, pace_of
from helpdesk import jobs
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery, State

log = logging.getLogger(__name__)


_NONE = {
    "email": "No mailbox is connected to send it.",
    "phone": "No telephone number is connected to send it.",
    "slack": "No Slack workspace is connected to send it.",
    "push": "No browser was ever added to send it to.",
}
_IN_ORDER = 3.0
"""Seconds behind the turn of the message before it in its conversation that a message looks whether that has left."""
_NO_COPY = "A file of this message could not be read just now."
_ONLY_READ = "This place is only listened to: nothing can be said there. Reach them another way."


class _TakenAway(Exception):
    """Somebody else is at this delivery, because we were believed dead; nothing of it may leave here."""


def deliver(delivery_id: int, *, pace: Pace | None = None) -> None:
    """Send one delivery if it is due and nobody else is at it; the job of the outbox."""
    claimed = _claim(delivery_id, pace)
    if claimed is None:
        return
    channel, attempt, pace = claimed
    settle = _send(delivery_id, attempt, channel, pace)
    if settle is not None:
        _insist(settle, pace)


def requeue(*, pace: Pace = settling.PACE) -> int:
    """Give every delivery whose time has come a job, in case its own was lost; how many."""
    due = select(Delivery.id).where(Delivery.state == State.QUEUED, Delivery.not_before < now() - pace.requeue_after)
    late = list(db.session.scalars(due.order_by(Delivery.not_before).limit(500)))
    for delivery_id in late:
        jobs.defer("deliver", key=f"deliver:{delivery_id}", delivery_id=delivery_id)
    db.session.commit()
    return len(late)


def reclaim(*, pace: Pace | None = None) -> int:
    """Take up what a dead process left in `sending`; how many."""
    found = [delivery for delivery in db.session.scalars(_silent(pace)) if _is_lost(delivery, pace)]
    for delivery in found:
        its_pace = pace or pace_of(delivery)
        if delivery.handed_over_at is None:
            settling.later(delivery, "", 0, its_pace)
        else:
            settling.uncertain(delivery, "The server stopped while this was being sent.", its_pace)
    db.session.commit()
    return len(found)


def _silent(pace: Pace | None) -> Select[Delivery]:
    """What was sent for as long as the shortest patience of all, locked."""
    least = [pace] if pace is not None else settling.PACES
    unbegun = and_(
        Delivery.handed_over_at.is_(None), Delivery.claimed_at < now() - min(one.unbegun_after for one in least)
    )
    begun = Delivery.handed_over_at < now() - min(one.lost_after for one in least)
    rows = select(Delivery).where(Delivery.state == State.SENDING, or_(unbegun, begun))
    return rows.order_by(Delivery.id).limit(200).with_for_update(skip_locked=True)


def _is_lost(delivery: Delivery, pace: Pace | None) -> bool:
    """Whether its own patience is over as well."""
    pace = pace or pace_of(delivery)
    if delivery.handed_over_at is not None:
        return delivery.handed_over_at < now() - pace.lost_after
    return delivery.claimed_at is not None and delivery.claimed_at < now() - pace.unbegun_after


def _claim(delivery_id: int, pace: Pace | None) -> tuple[Channel, int, Pace] | None:
    """Make it ours before anything leaves. None when it is not due, not queued, or has no channel that sends."""
    attempt = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == State.QUEUED, Delivery.not_before <= now())
        .values(state=State.SENDING, attempts=Delivery.attempts + 1, claimed_at=now(), handed_over_at=None)
        .returning(Delivery.attempts)
    ).scalar_one_or_none()
    if attempt is None:
        db.session.rollback()
        return None
    delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
    pace = pace or pace_of(delivery)
    channel = _channel(delivery)
    if channel is None or channel.is_paused:
        delivery.attempts -= 1  # nothing was tried: it may still be taken back
        missing = _NONE.get(delivery.kind, "Nothing is connected to send it.")
        settling.no_channel(delivery, "Its channel is paused." if channel else missing, pace)
        db.session.commit()
        return None
    wait = _must_wait(delivery, channel)
    if wait:
        delivery.attempts -= 1
        settling.later(delivery, delivery.reason, wait, pace)
        db.session.commit()
        return None
    if channel.kind != "email":
        delivery.channel_id = channel.id  # what is told of it later, and answers, come to this one
    writing.name_it(delivery, channel)
    settling.announce(delivery, "delivery.changed")
    db.session.commit()
    return channel, attempt, pace


def _must_wait(delivery: Delivery, channel: Channel) -> float:
    """Seconds: as long as the provider asked this channel to, and while an earlier message of the ticket is on its way.

    Mail and pages keep no order: each stands for itself.
    """
    if channel.held_until is not None and channel.held_until > now():
        return (channel.held_until - now()).total_seconds()
    if channel.kind == "email" or delivery.message_id is None:
        return 0
    before = select(func.max(Delivery.not_before)).where(
        Delivery.ticket_id == delivery.ticket_id,
        Delivery.message_id < delivery.message_id,
        Delivery.channel_id == channel.id,
        Delivery.state.in_((State.QUEUED, State.SENDING)),
    )
    its_turn = db.session.scalar(before)
    return max(_IN_ORDER, (its_turn - now()).total_seconds() + _IN_ORDER) if its_turn is not None else 0


def _send(delivery_id: int, attempt: int, channel: Channel, pace: Pace) -> Callable[[], None] | None:
    """Send, and say how what became of it is written down; None when it is not ours any more.

    Raises:
        OperationalError: the database went away before anything left; `reclaim` brings the delivery back.
    """
    failed = partial(settling.settle_failure, delivery_id, attempt, pace)
    handed_over = False

    def begin() -> None:
        nonlocal handed_over
        _begin_content(delivery_id, attempt)
        handed_over = True

    try:
        adapter, outbound, connection = _prepare(delivery_id, channel)
        results = adapter.send(outbound, connection, before_content=begin)
    except SendError as error:
        return partial(failed, error)
    except (OperationalError, _TakenAway) as error:
        db.session.rollback()
        if isinstance(error, _TakenAway):
            return None
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the delivery is settled
        return partial(failed, _unforeseen(error, delivery_id, handed_over=handed_over))
    return partial(settling.settle, delivery_id, attempt, results, pace)


def _unforeseen(error: Exception, delivery_id: int, *, handed_over: bool) -> SendError:
    """What broke before the content left can be mended; behind that it may have gone out, whatever it was."""
    if not handed_over and isinstance(error, FileNotFoundError):
        return Permanent("A file of this message is missing. Attach it again in a new one.")
    if not handed_over and isinstance(error, OSError):
        return Retryable(_NO_COPY)
    log.error("delivery_broke", extra={"delivery": delivery_id}, exc_info=error)
    if handed_over:
        return Uncertain("Something broke here while this was being sent.")
    return Permanent("It could not be written as a message. Write it again, differently.")


def _begin_content(delivery_id: int, attempt: int) -> None:
    """From here on it may have gone out; unless it was taken away, then it must not."""
    ours = db.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.state == State.SENDING, Delivery.attempts == attempt)
        .values(handed_over_at=now())
        .returning(Delivery.id)
    ).scalar_one_or_none()
    db.session.commit()
    if ours is None:
        raise _TakenAway


def _insist(settle: Callable[[], None], pace: Pace) -> None:
    """Write the outcome down, over and over while the database is away: only we know it."""
    for left in reversed(range(pace.settle_tries)):
        try:
            settle()
        except OperationalError:
            db.session.remove()
            if not left:
                raise
            time.sleep(1)
        else:
            return


def _prepare(delivery_id: int, channel: Channel) -> tuple[Adapter, Outbound, Any]:
    delivery = db.session.get_one(Delivery, delivery_id)
    adapter = registry.offered(channel.kind, Adapter)  # type: ignore[type-abstract]
    if adapter is None:
        raise Permanent(_ONLY_READ)
    over = spending.used_up(channel)
    if over:
        raise WindowClosed(over)
    prepared = adapter, writing.write(delivery, channel), adapter.connect(channel)
    db.session.rollback()  # no connection is held while the other side takes its time
    return prepared


def _channel(delivery: Delivery) -> Channel | None:
    if delivery.channel_id is not None:
        return db.session.get(Channel, delivery.channel_id)
    of_its_kind = select(Channel).where(Channel.kind == delivery.kind, Channel.paused_at.is_(None))
    return db.session.scalars(of_its_kind.order_by(Channel.id).limit(1)).one_or_none()
