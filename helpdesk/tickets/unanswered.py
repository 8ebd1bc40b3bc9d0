"""What customers wrote and whether somebody answered it, read from what happened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from helpdesk.db import Json, db
from helpdesk.events import Event
from helpdesk.tickets.models import Ticket

DELIVERY = ("delivery.sent", "delivery.failed", "delivery.bounced")
_KINDS = (
    "message.received",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.absorbed",
    "ticket.unmerged",
    "ticket.split",
    "message.sent",
    "message.overheard",
    "message.unsent",
    *DELIVERY,
)

_ANSWERS = {"message.sent", "message.overheard"}

_MOST_ANSWERS = 5
"""Words that were answered so often are not looked at again, should one of the answers come back."""


class Told(Protocol):
    """As much of an event as says whether a reply reached somebody."""

    @property
    def kind(self) -> str: ...

    @property
    def message_id(self) -> int | None: ...

    @property
    def data(self) -> Json: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a customer, when it reached us, and the replies since, without those that reached nobody."""

    message_id: int
    at: datetime
    answers: tuple[int, ...] = ()


def unanswered(ticket: Ticket) -> list[Heard]:
    """The oldest first. Done counts as an answer."""
    return [one for one in heard(ticket) if not one.answers]


def heard(ticket: Ticket) -> list[Heard]:
    """What customers wrote since it was last done, the oldest first; what an agent takes up again was not done."""
    told = db.session.scalars(
        select(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(_KINDS)).order_by(Event.id)
    ).all()
    void = void_answers(told)
    apart = {event.data["merge"] for event in told if event.kind == "ticket.unmerged"}
    found: list[Heard] = []
    done: set[int] = set()
    for event in told:
        if event.kind == "ticket.resolved":
            done = {one.message_id for one in found}
        elif event.kind == "ticket.reopened":
            found = [one for one in found if event.contact_id is None or one.message_id not in done]
            done = set()
        elif event.kind in _ANSWERS and event.message_id is not None and event.message_id not in void:
            answer = (event.message_id,)
            found = [replace(one, answers=one.answers + answer) for one in found if len(one.answers) < _MOST_ANSWERS]
        elif event.kind == "message.received" and not event.data.get("automatic"):
            found.append(Heard(event.message_id or 0, arrival(event)))
        elif event.kind == "ticket.absorbed" and event.data["merge"] not in apart:
            found += kept(event.data, void)
        elif event.kind == "ticket.split":
            found = [one for one in found if one.message_id not in event.data["messages"]]
    return sorted((one for one in found if one.message_id not in done), key=lambda one: one.at)


def kept(words: Json, void: Collection[int | None]) -> Iterator[Heard]:
    """Words as `as_json` wrote them into an event; `void` are replies that reached nobody."""
    for message_id, at in words["heard"]:
        yield Heard(message_id, datetime.fromisoformat(at))
    for message_id, at, answers in words.get("answered", ()):
        yield Heard(message_id, datetime.fromisoformat(at), tuple(one for one in answers if one not in void))


def void_answers(told: Iterable[Told]) -> set[int | None]:
    """Replies that were taken back, or in the end reached nobody."""
    reached: dict[int | None, bool] = {}
    back: set[int | None] = set()
    for event in told:
        kind = event.kind
        if kind in DELIVERY:
            reached[event.message_id] = bool(event.data.get("reached", kind == "delivery.sent"))
        elif kind == "message.unsent":
            back.add(event.message_id)
    return back.union(message_id for message_id, so in reached.items() if not so)


def as_json(words: Iterable[Heard]) -> Json:
    """{"heard": [[message id, instant], ...], "answered": [[message id, instant, [reply, ...]], ...]}.

    The answered are kept too, since an answer may come back later.
    """
    words = list(words)
    return {
        "heard": [[one.message_id, one.at.isoformat()] for one in words if not one.answers],
        "answered": [[one.message_id, one.at.isoformat(), one.answers] for one in words if one.answers],
    }


def arrival(event: Event) -> datetime:
    """When the words of an event reached us, which may be before they were filed."""
    received = event.data.get("received")
    return datetime.fromisoformat(received) if received else event.at
