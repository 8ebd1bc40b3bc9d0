"""Two tickets become one: messages, people in copy and unsent words go over; and the way back.

The caller holds both tickets. The one that is merged stays as a closed page that leads to the other; mail for it
goes there (`channels.known`). It can be taken apart again as long as nothing else happened to either.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from helpdesk import events
from helpdesk.db import Json, db
from helpdesk.errors import Conflict, Invalid
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people.models import Address, Agent
from helpdesk.tickets.dues import place
from helpdesk.tickets.lifecycle import reopen, standing, wake
from helpdesk.tickets.models import Attachment, Draft, Follower, Message, Status, Ticket
from helpdesk.tickets.moving import move, recount, refuse_unsent
from helpdesk.tickets.unanswered import DELIVERY, Heard, as_json, heard
from helpdesk.tickets.undoing import put_back

_QUIET = ("commitment.%", "delivery.%", "entitlement.decided", "contact.asked", "contact.joined", "contact.parted")
"""What happens by itself does not stand in the way of taking a merge back."""

_TOO_LATE = (
    "Something else happened since, so the two cannot be taken apart any more. "
    "You can still make single messages their own ticket."
)


@dataclass(frozen=True)
class Merge:
    """A merge that holds, as its two events tell it."""

    merged: Event
    absorbed: Event


def check(source: Ticket, into: Ticket) -> None:
    """Whether the one may be merged into the other.

    Raises:
        Invalid: not these two, and why.
        Conflict: not now.
    """
    if source.id == into.id:
        raise _unfit("A ticket cannot be merged into itself.")
    if source.is_merged:
        raise Conflict(f"#{source.number} was merged into another ticket already.")
    if into.is_merged:
        known = db.session.get_one(Ticket, into.merged_into_id)
        raise _unfit(f"#{into.number} was merged into #{known.number}. Choose that one.")
    if not into.is_active:
        raise _unfit(f"#{into.number} is done. Open it again first, or merge it into this one.")
    for ticket in (source, into):
        if ticket.spam_at is not None:
            raise _unfit(f"#{ticket.number} is set aside as spam. Take it out of spam first.")
    refuse_unsent(_message_ids(source))


def merge(source: Ticket, *, into: Ticket, by: Agent) -> Event:
    """Merge `source` into the other; the event that tells it on `source`.

    Raises:
        Invalid, Conflict: as `check` says.
    """
    check(source, into)
    words = heard(source) if source.is_active else []
    waiting = [one for one in words if not one.answers]
    said = _sides(source, into)
    absorbed = said | {"before": standing(into), "waiting": _iso(into.waiting_since)}
    absorbed |= as_json(words)
    merged = said | {"before": standing(source) | {"resolved": _iso(source.resolved_at)}}
    message_ids = _message_ids(source)
    if waiting:
        _needs_us(into, waiting, by)
    added = _bring_followers(source, into)
    _bring_drafts(source, into)
    move(message_ids, to=into)
    source.merged_into_id, source.status, source.resolved_at = into.id, Status.CLOSED, now()
    source.waiting_for, source.snoozed_until = "", None
    recount(source, into)
    place(into)
    events.record(into, "ticket.absorbed", by=by, **absorbed, messages=message_ids, followers=added)
    return events.record(source, "ticket.merged", by=by, **merged)


def obstacle(source: Ticket) -> str:
    """Why a merge can no longer be taken back; empty while it can."""
    known = _standing_merge(source)
    if known is None:
        return f"#{source.number} is not merged into another ticket."
    since = select(Event.kind).where(
        Event.ticket_id.in_([known.merged.ticket_id, known.absorbed.ticket_id]),
        or_(Event.id > known.merged.id, Event.at > known.merged.at),
        *(Event.kind.not_like(kind) for kind in _QUIET),
    )
    if db.session.scalars(since.limit(1)).one_or_none() is None:
        return ""
    return _TOO_LATE


def part(source: Ticket, *, target: Ticket, by: Agent) -> Event:
    """Take a merge back: messages, people in copy and both standings are as they were. Unsent words stay over there.

    Raises:
        Conflict: it is not merged, or something else happened since.
    """
    words = obstacle(source)
    known = _standing_merge(source)
    if words or known is None:
        raise Conflict(words)
    absorbed, merged = known.absorbed.data, known.merged.data
    move(absorbed["messages"], to=source)
    gone = Follower.ticket_id == target.id, Follower.address_id.in_(absorbed["followers"])
    db.session.execute(delete(Follower).where(*gone))
    _stand_again(source, merged["before"])
    target.waiting_since = _instant(absorbed["waiting"])
    recount(source, target)
    if standing(target) != absorbed["before"]:
        put_back(target, absorbed["before"], by=by)
    place(target)
    place(source)
    for event in _told_meanwhile(known.absorbed):
        events.retell(source, event)
    sides = {name: merged[name] for name in ("merge", "source", "target")}
    events.record(target, "ticket.unmerged", by=by, **sides)
    return events.record(source, "ticket.unmerged", by=by, **sides)


def _unfit(words: str) -> Invalid:
    return Invalid(words, {"into": words})


def _sides(source: Ticket, into: Ticket) -> Json:
    """What both events say: the merge they belong to, and the numbers of the two."""
    return {"merge": secrets.token_hex(4), "source": source.number, "target": into.number}


def _message_ids(ticket: Ticket) -> Sequence[int]:
    return list(db.session.scalars(select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id)))


def _needs_us(into: Ticket, words: Sequence[Heard], by: Agent) -> None:
    """The customer's words wait for an answer here now."""
    into.waiting_since = min([words[0].at, *([into.waiting_since] if into.waiting_since else [])])
    reopen(into, by=by)
    if into.is_snoozed and into.wake_on_reply:
        wake(into, by=by)


def _bring_followers(source: Ticket, into: Ticket) -> list[int]:
    """Those in copy, and another customer than the target's, who all ask anew there; whom it added, by address."""
    same = source.contact_id == into.contact_id
    states = {
        row.address_id: row.state if same or row.state == "declined" else "pending"
        for row in db.session.scalars(select(Follower).where(Follower.ticket_id == source.id))
    }
    if not same:
        states |= dict.fromkeys(_used_addresses(source), "pending")
    theirs = set(db.session.scalars(select(Address.id).where(Address.contact_id == into.contact_id)))
    rows = [
        {"ticket_id": into.id, "address_id": address_id, "state": state, "created_at": now()}
        for address_id, state in states.items()
        if address_id not in theirs
    ]
    if not rows:
        return []
    made = insert(Follower).values(rows).on_conflict_do_nothing().returning(Follower.address_id)
    return sorted(db.session.scalars(made))


def _used_addresses(ticket: Ticket) -> list[int]:
    """The addresses its contact wrote from."""
    written = select(Message.author_address).where(
        Message.ticket_id == ticket.id, Message.direction == "in", Message.contact_id == ticket.contact_id
    )
    used = select(Address.id).where(Address.contact_id == ticket.contact_id, Address.value.in_(written))
    return list(db.session.scalars(used))


def _bring_drafts(source: Ticket, into: Ticket) -> None:
    """Unsent words go along: as they are, or behind what the same agent has begun over there."""
    there = {(one.agent_id, one.kind): one for one in _drafts(into)}
    for draft in _drafts(source):
        known = there.get((draft.agent_id, draft.kind))
        if known is None:
            draft.ticket_id = into.id
            continue
        known.body = "\n\n".join(filter(None, [known.body, draft.body]))
        mine = Attachment.draft_id == draft.id
        db.session.execute(update(Attachment).where(mine).values(draft_id=known.id))
        db.session.flush()
        db.session.execute(delete(Draft).where(Draft.id == draft.id))
    db.session.flush()


def _drafts(ticket: Ticket) -> Sequence[Draft]:
    return db.session.scalars(select(Draft).where(Draft.ticket_id == ticket.id)).all()


def _standing_merge(source: Ticket) -> Merge | None:
    if source.merged_into_id is None:
        return None
    told = Event.ticket_id == source.id, Event.kind == "ticket.merged"
    merged = db.session.scalars(select(Event).where(*told).order_by(Event.id.desc()).limit(1)).one()
    absorbed = select(Event).where(
        Event.ticket_id == source.merged_into_id,
        Event.kind == "ticket.absorbed",
        Event.data["merge"].as_string() == merged.data["merge"],
    )
    return Merge(merged, db.session.scalars(absorbed).one())


def _told_meanwhile(absorbed: Event) -> Sequence[Event]:
    """What became of answers while they were over there."""
    of_answers = Event.message_id.in_(absorbed.data["messages"]), Event.kind.in_(DELIVERY)
    since = Event.ticket_id == absorbed.ticket_id, Event.id > absorbed.id
    return db.session.scalars(select(Event).where(*since, *of_answers).order_by(Event.id)).all()


def _stand_again(source: Ticket, before: Json) -> None:
    """As it stood; no event tells it but the one that takes the merge back, as if it had never been."""
    source.merged_into_id = None
    source.status, source.waiting_for = before["status"], before["for"]
    source.snoozed_until, source.resolved_at = _instant(before["asleep"]), _instant(before["resolved"])


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _instant(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
