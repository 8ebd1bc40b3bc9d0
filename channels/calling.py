"""Calling: news of a telephone call. The first is filed as words about it, the others change these words.

News come in any order and more than once; each only adds to what is known of the call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from channels import heeding, missing
from channels.adapter import CallNews, Envelope, Kind
from channels.known import Known
from channels.models import Inbound, PhoneCall
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets import telephoning
from helpdesk.tickets.models import Message, Ticket

_TRANSCRIPT = 20_000
"""Characters of what a provider heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The message of a call that is known; `is_news`: this told something new."""

    message: Message
    is_news: bool


def hear(inbound: Inbound, envelope: Envelope, known: Known) -> Heard | Envelope | None:
    """What is to be done about news of a call: nothing more; file the envelope and `begin`; or None, it waits."""
    assert envelope.call is not None
    message = known.message(envelope.message_id)
    if message is not None:
        db.session.flush()  # what is changed has its row
        return Heard(message, _learn_more(message, envelope, envelope.call))
    if not envelope.call.is_first:
        heeding.early(inbound, envelope)
        return None
    first = PhoneCall(number=_number(envelope), answered=False, ended=False, recording="", transcript="")
    _learn(first, envelope.call)
    return replace(envelope, kind=Kind.MESSAGE, text=words(first))


def begin(inbound: Inbound, envelope: Envelope, message: Message) -> None:
    """Remember the call of which `message` tells."""
    assert envelope.call is not None
    call = PhoneCall(
        channel_id=inbound.channel_id,
        number=_number(envelope),
        began_at=min(envelope.date or inbound.received_at, inbound.received_at),
        answered=False,
        ended=False,
        recording="",
        transcript="",
        message=message,
    )
    _learn(call, envelope.call)
    db.session.add(call)
    if call.answered:
        _was_answered(message)


def words(call: PhoneCall) -> str:
    """What the ticket says of a call."""
    said = f"Call from {call.number or 'somebody who withheld their number'}. {_outcome(call)}"
    return f"{said}\n\nWhat the provider understood: “{call.transcript}”" if call.transcript else said


def length(seconds: int) -> str:
    """3 min 20 s."""
    minutes, left = divmod(max(seconds, 0), 60)
    return f"{minutes} min {left} s" if minutes else f"{left} s"


def _outcome(call: PhoneCall) -> str:
    lasted = call.spoken if call.spoken is not None else call.seconds
    if call.answered:
        return f"Answered, {length(lasted)}." if lasted is not None else "Answered."
    if call.recorded is not None:
        return f"Missed. They left a voicemail of {length(call.recorded)}."
    if call.ended:
        return f"Missed after {length(call.seconds)}." if call.seconds is not None else "Missed."
    return "Nobody has answered it yet."


def _learn_more(message: Message, envelope: Envelope, news: CallNews) -> bool:
    """Whether the call is known better now."""
    rows = select(PhoneCall).where(PhoneCall.message_id == message.id).with_for_update()
    call = db.session.scalars(rows.execution_options(populate_existing=True)).one()
    before, was_answered = _known(call), call.answered
    _learn(call, news)
    if envelope.date is not None:
        call.began_at = min(call.began_at, envelope.date - timedelta(seconds=news.seconds or 0))
    if _known(call) == before:
        return False
    on_their_way = [missing.on_its_way(part.filename) for part in envelope.attachments if part.reference]
    message.missing_files = [*message.missing_files, *on_their_way]
    ticket = db.session.get_one(Ticket, message.ticket_id)
    telephoning.reword(ticket, message, words(call))
    if call.answered and not was_answered:
        _was_answered(message)
    return True


def _learn(call: PhoneCall, news: CallNews) -> None:
    call.answered = call.answered or news.answered
    call.ended = call.ended or news.ended
    call.seconds = _more(call.seconds, news.seconds)
    call.spoken = _more(call.spoken, news.spoken)
    if news.recording and news.recording != call.recording:
        call.recording, call.recorded = news.recording, news.recorded
    call.transcript = call.transcript or news.transcript[:_TRANSCRIPT]


def _known(call: PhoneCall) -> tuple[object, ...]:
    return call.answered, call.ended, call.seconds, call.spoken, call.recording, call.transcript


def _was_answered(message: Message) -> None:
    """Nobody waits any more, and whoever missed them before need not call back."""
    ticket = db.session.get_one(Ticket, message.ticket_id)
    telephoning.was_answered(ticket, message)
    for earlier in due_on(ticket):
        earlier.returned_at = now()


def due_on(ticket: Ticket) -> list[PhoneCall]:
    """Calls of a ticket that wait to be returned, the oldest first."""
    waiting = (
        select(PhoneCall)
        .join(Message, Message.id == PhoneCall.message_id)
        .where(Message.ticket_id == ticket.id, PhoneCall.returned_at.is_(None), PhoneCall.answered.is_(False))
        .order_by(PhoneCall.id)
    )
    return [one for one in db.session.scalars(waiting) if one.is_due]


def _more(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


def _number(envelope: Envelope) -> str:
    return envelope.author.address if envelope.author.address.startswith("+") else ""
