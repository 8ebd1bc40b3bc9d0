"""Messages that become a ticket of their own, told as the product tells it: it arrived when they did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bench.year.life import Life, Said, Told

_AGAIN = frozenset(
    {"message.received", "message.sent", "message.unsent", "message.overheard", "delivery.sent", "delivery.failed",
     "note.added"}
)  # fmt: skip
_ANSWERS = frozenset({"message.sent", "message.overheard"})


class Heard(NamedTuple):
    """Words of a customer, when they came, and the replies since that reached somebody."""

    message: int
    at: str
    answers: tuple[int, ...] = ()


def may_begin(life: Life) -> list[Said]:
    """Words that may begin a ticket of their own: a customer's, after others, by the channel it has now."""
    found, began = [], False
    for one in _here(life):
        if began and one.direction == "in" and one.kind == "message" and one.channel == life.channel:
            found.append(one)
        began = began or (one.direction != "note" and one.kind == "message")
    return found


def from_here(life: Life, first: Said) -> list[Said]:
    """It and all after it."""
    return [one for one in _here(life) if one.id >= first.id]


def split(life: Life, moved: Sequence[Said], child: Life, at: datetime, *, by: int) -> None:
    """The child, empty so far, begins with these; both tell of it."""
    ids = {one.id for one in moved}
    stays = [one for one in heard(life.told) if one.message not in ids]
    told = list(_told_again(life, ids))
    began = told[0]
    child.tell("ticket.opened", began.at, contact=child.contact, message=began.message, team=life.team,
               priority=life.priority, owned=life.agent is not None, assignee=life.agent,
               received=began.data.get("received") or began.at.isoformat())  # fmt: skip
    child.told += [one._replace(ticket=child.id) for one in told]
    for each in (life, *life.absorbed):
        each.said = [one for one in each.said if one.id not in ids]
    for one in moved:
        one.ticket = child.id
    child.said = list(moved)
    unheard = {one.message for one in heard(child.told) if not one.answers}
    child.unheard = [one for one in moved if one.id in unheard]
    life.unheard = [one for one in life.unheard if one.id not in ids]
    sides = {"source": 1000 + life.id, "target": 1000 + child.id}
    child.tell("ticket.parted", at, agent=by, **sides)
    words = {
        "heard": [one[:2] for one in stays if not one.answers],
        "answered": [one for one in stays if one.answers],
    }
    life.tell("ticket.split", at, agent=by, **sides, messages=[one.id for one in moved], **words)


def heard(told: Sequence[Told]) -> list[Heard]:
    """What customers wrote since it was last done, as the product reads it from what was told."""
    void = {one.message for one in told if one.kind == "message.unsent" or one.data.get("reached") is False}
    apart = {one.data["merge"] for one in told if one.kind == "ticket.unmerged"}
    found: list[Heard] = []
    done: set[int] = set()
    for one in told:
        if one.kind == "ticket.resolved":
            done = {each.message for each in found}
        elif one.kind == "ticket.reopened":
            found = [each for each in found if one.contact is None or each.message not in done]
            done = set()
        elif one.kind in _ANSWERS and one.message is not None and one.message not in void:
            found = [each._replace(answers=(*each.answers, one.message)) for each in found]
        elif one.kind == "message.received" and one.message is not None and not one.data["automatic"]:
            found.append(Heard(one.message, one.data.get("received") or one.at.isoformat()))
        elif one.kind == "ticket.absorbed" and one.data["merge"] not in apart:
            found += [Heard(message, at) for message, at in one.data["heard"]]
        elif one.kind == "ticket.split":
            found = [each for each in found if each.message not in one.data["messages"]]
    return sorted((one for one in found if one.message not in done), key=lambda one: one.at)


def _here(life: Life) -> list[Said]:
    """All that is on it, from tickets that were merged in too."""
    said = [one for each in (life, *life.absorbed) for one in each.said if one.ticket == life.id]
    return sorted(said, key=lambda one: one.id)


def _told_again(life: Life, ids: Collection[int]) -> Iterator[Told]:
    mine = [one for each in (life, *life.absorbed) for one in each.told]
    yield from sorted((one for one in mine if one.message in ids and one.kind in _AGAIN), key=lambda one: one.at)
