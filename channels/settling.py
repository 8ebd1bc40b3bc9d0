"""Settling: what one try to send a delivery came to, written down; and when the next one is."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from channels import spending
from channels.adapter import AuthExpired, Outcome, RateLimited, Result, Retryable, SendError, Uncertain
from channels.models import Channel, Inbound, Thread
from channels.naming import qualified
from helpdesk import events, jobs
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.outbox import Delivery, State
from helpdesk.tickets.models import Message, Ticket

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient dispatch is. Plain numbers are seconds.

    No sending lasts `unbegun_after` before its content leaves, nor `lost_after` from then on: every step has a
    shorter time-out. One that is silent for longer has no process any more.
    """

    pauses: tuple[float, ...] = (30, 120, 600, 1800, 3600, 7200)
    """Between tries after a temporary failure; the last repeats."""
    resend: float = 60
    sign_in: float = 900
    no_channel: float = 300
    requeue_after: timedelta = timedelta(seconds=15)
    unbegun_after: timedelta = timedelta(minutes=5)
    lost_after: timedelta = timedelta(minutes=10)
    give_up_after: timedelta = timedelta(hours=48)
    tries: int | None = None
    """How often at most; None: as often as fits before we give up."""
    jitter: float = 0.5
    """How much of a pause may be left out at random, so that many do not come back at once."""
    longest_wait: float = 86400
    """The longest time the other side may ask us to wait."""
    settle_tries: int = 30
    """How often, a second apart, an outcome is written while the database is away."""


PACE = Pace()
PAGE = Pace(
    pauses=(15,),
    resend=15,
    sign_in=15,
    no_channel=0,
    give_up_after=timedelta(minutes=10),
    tries=4,
    jitter=0,
    longest_wait=60,
)
"""Somebody is to be woken: three more tries 15 s apart, and then another way is better than this one."""
QUICK_PAGE = replace(PAGE, unbegun_after=timedelta(seconds=30), lost_after=timedelta(seconds=45))
"""The same by one request of at most 15 s, not by a mail server that may take minutes."""
PACES = (PACE, PAGE, QUICK_PAGE)
_LEAST = 1.0
_STATES = {Outcome.ACCEPTED: "accepted", Outcome.REFUSED: "refused", Outcome.GONE: "refused"}
_ASK = "It may or may not have gone out. Check with them, or send it again."


def pace_of(delivery: Delivery) -> Pace:
    """How patient we are with it."""
    if delivery.purpose != "page":
        return PACE
    return PAGE if delivery.kind == "email" else QUICK_PAGE


def settle(delivery_id: int, attempt: int, results: Sequence[Result], pace: Pace) -> None:
    delivery = _held(delivery_id, attempt)
    if delivery is None:
        return
    _note(delivery, results)
    _name(delivery, results)
    _count(delivery, sum((result.cost for result in results), Decimal(0)))
    states = {recipient.state for recipient in delivery.recipients}
    if "accepted" in states and delivery.sent_at is None:
        delivery.sent_at = now()
    if "queued" in states:
        _retry(delivery, next(r.reason for r in delivery.recipients if r.state == "queued"), pace)
    elif "refused" in states:
        _fail(delivery, " ".join(r.reason for r in delivery.recipients if r.state == "refused"))
    else:
        delivery.state, delivery.reason = State.SENT, ""
        announce(delivery, "delivery.sent")
    _channel_works(delivery)
    db.session.commit()


def settle_failure(delivery_id: int, attempt: int, pace: Pace, error: SendError) -> None:
    db.session.rollback()
    delivery = _held(delivery_id, attempt)
    if delivery is None:
        return
    _note(delivery, error.results)
    _count(delivery, error.cost)
    if error.done:
        delivery.content = {**delivery.content, "done": list(error.done)}
    if isinstance(error, Uncertain):
        uncertain(delivery, error.reason, pace)
    elif isinstance(error, AuthExpired):
        _channel_needs_sign_in(delivery, error.reason, pace.sign_in)
        _wait(delivery, error.reason, pace.sign_in, pace)
    elif isinstance(error, RateLimited):
        _hold(delivery, error.retry_after)
        _wait(delivery, error.reason, max(error.retry_after, _LEAST), pace)
    elif isinstance(error, Retryable):
        _retry(delivery, error.reason, pace, least=error.retry_after)
    else:
        _fail(delivery, error.reason)
    log.info("delivery_not_sent", extra={"delivery": delivery_id, "kind": type(error).__name__, "code": error.code})
    db.session.commit()


def no_channel(delivery: Delivery, reason: str, pace: Pace) -> None:
    """Nothing is there to send it: it waits, unless it must not."""
    if pace.no_channel:
        later(delivery, reason, pace.no_channel, pace)
    else:
        _fail(delivery, reason)


def later(delivery: Delivery, reason: str, seconds: float, pace: Pace) -> None:
    if now() - delivery.created_at > pace.give_up_after:
        _fail(delivery, reason)
        return
    delivery.state, delivery.reason = State.QUEUED, reason
    delivery.not_before = now() + timedelta(seconds=seconds)
    jobs.defer("deliver", at=delivery.not_before, delivery_id=delivery.id)
    announce(delivery, "delivery.changed")


def uncertain(delivery: Delivery, reason: str, pace: Pace) -> None:
    """The first time one resend under the same id, which mail programs show once; then an agent decides.

    What was said in a conversation is never sent again blindly: nothing there hides a second one.
    """
    if not delivery.content.get("resent") and not is_said(delivery):
        delivery.content = {**delivery.content, "resent": True}
        later(delivery, reason, _about(pace.resend, pace), pace)
        return
    delivery.state, delivery.reason = State.UNCERTAIN, f"{reason} {_ASK}"
    announce(delivery, "delivery.failed")


def call_it(delivery: Delivery, names: Sequence[str]) -> None:
    """What its provider calls its pieces leads to its ticket, and its message goes by the first of these names."""
    rows = [{"key": name, "ticket_id": delivery.ticket_id, "message_id": delivery.message_id} for name in names]
    if rows and delivery.ticket_id is not None:
        db.session.execute(insert(Thread).on_conflict_do_nothing(), rows)
    if rows and delivery.message_id is not None:
        db.session.get_one(Message, delivery.message_id).external_id = names[0]


def announce(delivery: Delivery, kind: str) -> None:
    if delivery.ticket_id is not None and delivery.message_id is not None:
        ticket = db.session.get_one(Ticket, delivery.ticket_id)
        events.record(ticket, kind, message_id=delivery.message_id, delivery=delivery.id, reached=delivery.reached)


def is_said(delivery: Delivery) -> bool:
    """Whether it goes into a conversation with a customer."""
    return delivery.kind != "email" and (delivery.message_id is not None or "conversation" in delivery.content)


def _held(delivery_id: int, attempt: int) -> Delivery | None:
    """The delivery, locked; None when another attempt began, or somebody decided about it, meanwhile."""
    rows = select(Delivery).where(
        Delivery.id == delivery_id,
        Delivery.attempts == attempt,
        Delivery.state.in_((State.SENDING, State.QUEUED, State.UNCERTAIN)),
    )
    return db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).one_or_none()


def _note(delivery: Delivery, results: Sequence[Result]) -> None:
    """What became of each recipient; who had it, or was refused, stays so."""
    by_address = {result.address: result for result in results}
    for recipient in delivery.recipients:
        result = by_address.get(recipient.address)
        if recipient.state == "queued" and result is not None:
            recipient.state = _STATES.get(result.outcome, "queued")
            recipient.progress = "gone" if result.outcome is Outcome.GONE else recipient.progress
            recipient.reason = "" if recipient.state == "accepted" else _said(result)
            recipient.external_id = result.external_id or recipient.external_id


def _name(delivery: Delivery, results: Sequence[Result]) -> None:
    """Remember what the provider calls its pieces: answers to them, and news of them, find it."""
    if not is_said(delivery) or delivery.channel_id is None:
        return
    for recipient in delivery.recipients:
        if recipient.external_id and "/" not in recipient.external_id:
            recipient.external_id = qualified(delivery.channel_id, recipient.external_id)
    names = [qualified(delivery.channel_id, piece) for one in results for piece in one.pieces or (one.external_id,)]
    early = update(Inbound).where(Inbound.channel_id == delivery.channel_id, Inbound.state == "early")
    db.session.execute(early.where(among(Inbound.about, names)).values(state="waiting"))
    call_it(delivery, [name for name in names if name])


def _count(delivery: Delivery, dollars: Decimal) -> None:
    if delivery.channel_id is not None:
        spending.add(delivery.channel_id, dollars)


def _hold(delivery: Delivery, seconds: float) -> None:
    """Nothing more leaves by its channel for so long."""
    if delivery.channel_id is not None:
        until = now() + timedelta(seconds=seconds)
        of_channel = update(Channel).where(Channel.id == delivery.channel_id)
        db.session.execute(of_channel.values(held_until=func.greatest(Channel.held_until, until)))


def _retry(delivery: Delivery, reason: str, pace: Pace, least: float = 0) -> None:
    """Again later, not before `least` seconds, for as long as the pace has patience: a reply two days, a page four
    tries. Some of the pause is left out at random.
    """
    if least > pace.longest_wait:
        _fail(delivery, f"{reason} That takes too long.")
        return
    if pace.tries is None and now() - delivery.created_at > pace.give_up_after:
        _fail(delivery, f"{reason} We tried for two days.")
        return
    base = pace.pauses[min(delivery.attempts - 1, len(pace.pauses) - 1)]
    _wait(delivery, reason, max(least, _about(base, pace)), pace)


def _wait(delivery: Delivery, reason: str, seconds: float, pace: Pace) -> None:
    if pace.tries is not None and delivery.attempts >= pace.tries:
        _fail(delivery, f"{reason} We tried {pace.tries} times.")
    else:
        later(delivery, reason, seconds, pace)


def _about(seconds: float, pace: Pace) -> float:
    return seconds * random.uniform(1 - pace.jitter, 1.0)  # noqa: S311 - jitter


def _fail(delivery: Delivery, reason: str) -> None:
    delivery.state, delivery.reason = State.FAILED, reason
    for recipient in delivery.recipients:
        if recipient.state == "queued":
            recipient.state, recipient.reason = "refused", reason
    announce(delivery, "delivery.failed")


def _said(result: Result) -> str:
    return f"{result.address} did not accept this message: {result.reason or result.code}"


def _channel_works(delivery: Delivery) -> None:
    """A channel that only sends has nobody else to say that its sign-in is good again."""
    if delivery.channel_id is None:
        return
    of_channel = update(Channel).where(Channel.id == delivery.channel_id)
    db.session.execute(of_channel.values(last_success_at=now()))
    only_sends = Channel.config["incoming"].as_string().is_distinct_from("imap")
    db.session.execute(
        of_channel.where(Channel.state == "needs_sign_in", only_sends).values(state="working", state_text="")
    )


def _channel_needs_sign_in(delivery: Delivery, reason: str, seconds: float) -> None:
    """It says so, and where conversations are held nothing else of it is tried for a while."""
    if delivery.channel_id is not None:
        values: dict[str, object] = {"state": "needs_sign_in", "state_text": reason}
        if is_said(delivery):
            values["held_until"] = now() + timedelta(seconds=seconds)
        db.session.execute(update(Channel).where(Channel.id == delivery.channel_id).values(values))
