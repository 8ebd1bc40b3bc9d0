"""The life of one ticket as it counts: a fold over what happened to it, in the order it was told. Pure.

- A request arrives with the first words of a person. What only a machine wrote is told apart; what we began is none.
- A reply is a public answer of ours that reached somebody. It ends the wait of the oldest words nobody had answered.
- Done undone by the same person within thirty seconds never was. A merge that was taken back never was either.
- A ticket merged into another is no request of its own, and its replies are nobody's first.
- What is set aside as unwanted counts for nothing as long as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from helpdesk.tickets.unanswered import kept, void_answers
from helpdesk.tickets.undoing import WINDOW


class Told(NamedTuple):
    """An event, as much of it as counts."""

    kind: str
    at: datetime
    agent_id: int | None
    contact_id: int | None
    message_id: int | None
    data: dict[str, Any]


class Fact(NamedTuple):
    """One thing that counts; `since` is when the wait for it began, None where nobody waited."""

    kind: str
    number: int
    at: datetime
    since: datetime | None
    is_first: bool
    team: int | None
    agent: int | None
    channel: str


class Stretch(NamedTuple):
    """Open in the same hands from one instant until another."""

    since: datetime
    until: datetime | None
    team: int | None
    agent: int | None


@dataclass(frozen=True, slots=True)
class Lived:
    """What counts of a ticket."""

    began: datetime | None = None
    channel: str = ""
    facts: tuple[Fact, ...] = ()
    stretches: tuple[Stretch, ...] = ()


@dataclass(slots=True)
class _Life:
    channels: Mapping[int, str]
    began: datetime | None = None
    by_us: bool = False
    by_machine: bool = False
    channel: str = ""
    team: int | None = None
    agent: int | None = None
    open_since: datetime | None = None
    """Since when it is open in these hands; None while it is done or merged."""
    stands_since: datetime | None = None
    """Since when it is open at all."""
    heard: list[tuple[int, datetime]] = field(default_factory=list)
    """Words nobody has answered: message and arrival."""
    owes_first: bool = False
    arrived: datetime | None = None
    is_spam: bool = False
    is_merged: bool = False
    facts: list[Fact] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    before_done: _Before | None = None
    parted: datetime | None = None
    """When it was made of messages of another ticket: whoever answered them before did not take it by that."""

    def add(self, one: Fact) -> None:
        """Once; a call may be told when it is answered and again when it is noted."""
        if not any((known.kind, known.number) == (one.kind, one.number) for known in self.facts):
            self.facts.append(one)

    def next(self, kind: str) -> int:
        return sum(one.kind == kind for one in self.facts) + 1

    def hand(self, at: datetime, *, team: int | None, agent: int | None) -> None:
        if (team, agent) == (self.team, self.agent):
            return
        if self.open_since is not None:
            if self.open_since < at:
                self.stretches.append(Stretch(self.open_since, at, self.team, self.agent))
            self.open_since = at
        self.team, self.agent = team, agent

    def close(self, at: datetime) -> None:
        if self.open_since is not None:
            self.stretches.append(Stretch(self.open_since, max(at, self.open_since), self.team, self.agent))
        self.open_since = self.stands_since = None


class _Before(NamedTuple):
    """How it stood when it was done, should that be undone."""

    by: int | None
    at: datetime
    facts: int
    stretches: int
    open_since: datetime | None
    stands_since: datetime | None
    heard: tuple[tuple[int, datetime], ...]
    owes_first: bool


def fold(told: Sequence[Told], channels: Mapping[int, str], gone: Collection[int] = ()) -> Lived:
    """`channels` by message; `gone` are messages whose replies count on another ticket, since they are there now."""
    void = void_answers(told)
    apart = {one.data["merge"] for one in told if one.kind == "ticket.unmerged"}
    life = _Life(channels, parted=next((one.at for one in told if one.kind == _PARTED), None))
    for one in told:
        if one.kind in _ANSWERS and (one.message_id in void or one.message_id in gone):
            continue
        if apart and one.data.get("merge") in apart:
            continue
        step = _STEPS.get(one.kind)
        if step is not None:
            step(life, one, void)
    return _counted(life)


def _counted(life: _Life) -> Lived:
    if life.began is None or life.is_spam:
        return Lived(life.began, life.channel)
    kind = "machine" if life.by_machine else "arrived"
    facts = [one._replace(kind=kind) if one.kind == _ARRIVAL else one for one in life.facts]
    if life.is_merged:
        facts = [one._replace(is_first=False) for one in facts if one.kind != kind]
    stretches = list(life.stretches)
    if life.open_since is not None:
        stretches.append(Stretch(life.open_since, None, life.team, life.agent))
    return Lived(life.began, life.channel, tuple(facts), tuple(stretches))


def _opened(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    at = _arrival(one)
    life.began = life.open_since = life.stands_since = at
    life.by_us, life.by_machine = one.agent_id is not None, bool(one.data.get("automatic"))
    life.channel = life.channels.get(one.message_id or 0, "") or life.channel
    life.team, life.agent = one.data.get("team"), one.data.get("assignee") or one.agent_id
    if not life.by_us:
        life.arrived, life.owes_first = at, not life.by_machine
        life.add(Fact(_ARRIVAL, 1, at, None, False, life.team, life.agent, life.channel))


def _heard(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    if one.data.get("automatic"):
        return
    at = _arrival(one)
    life.heard.append((one.message_id or 0, at))
    if life.by_machine and life.facts:
        life.by_machine, life.owes_first, life.arrived = False, True, at
        channel = life.channels.get(one.message_id or 0, life.channel)
        life.facts[0] = Fact(_ARRIVAL, 1, at, None, False, life.team, life.agent, channel)


def _answered(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    waited = min((at for _, at in life.heard), default=None)
    since = life.arrived if life.owes_first and life.arrived is not None else waited
    if life.agent is None and one.agent_id is not None and (life.parted is None or one.at >= life.parted):
        life.hand(one.at, team=life.team, agent=one.agent_id)
    life.channel = life.channel or life.channels.get(one.message_id or 0, "")
    channel = life.channels.get(one.message_id or 0, "") or life.channel
    since = min(since, one.at) if since is not None else None
    number = one.message_id or -life.next("replied")
    life.add(Fact("replied", number, one.at, since, life.owes_first, life.team, one.agent_id, channel))
    life.heard, life.owes_first = [], False


def _done(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    if life.open_since is None:
        return
    life.before_done = _Before(
        one.agent_id, one.at, len(life.facts), len(life.stretches), life.open_since, life.stands_since,
        tuple(life.heard), life.owes_first,
    )  # fmt: skip
    since = life.stands_since
    life.close(one.at)
    since = min(since, one.at) if since is not None else None
    by = one.agent_id or life.agent
    life.add(Fact("done", life.next("done"), one.at, since, False, life.team, by, life.channel))
    life.heard, life.owes_first = [], False


def _needs_us(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    """Opened again, or waited for again after it was done; told of others, it only stopped waiting."""
    if life.open_since is not None or life.is_merged or life.began is None:
        return
    before = life.before_done
    if before is not None and one.agent_id is not None and one.agent_id == before.by and one.at - before.at <= WINDOW:
        del life.facts[before.facts], life.stretches[before.stretches]
        life.open_since, life.stands_since = before.open_since, before.stands_since
        life.heard, life.owes_first = list(before.heard), before.owes_first
        return
    life.open_since = life.stands_since = one.at
    life.add(Fact("reopened", life.next("reopened"), one.at, None, False, life.team, life.agent, life.channel))


def _assigned(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    life.hand(one.at, team=life.team, agent=one.data["after"])


def _handed(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    life.hand(one.at, team=one.data["after"], agent=None)


def _spammed(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    life.is_spam = bool(one.data["spam"])


def _merged(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    life.close(one.at)
    life.is_merged, life.heard, life.owes_first = True, [], False


def _absorbed(life: _Life, one: Told, void: Collection[int | None]) -> None:
    life.heard += [(each.message_id, each.at) for each in kept(one.data, void) if not each.answers]


def _split(life: _Life, one: Told, _void: Collection[int | None]) -> None:
    life.heard = [each for each in life.heard if each[0] not in one.data.get("messages", ())]


def _arrival(one: Told) -> datetime:
    received = one.data.get("received")
    return datetime.fromisoformat(received) if received else one.at


_ARRIVAL = "arrival"
"""Of a request, until it is known whose: a person's or only a machine's."""
_ANSWERS = frozenset({"message.sent", "message.overheard"})
_PARTED = "ticket.parted"
_STEPS: dict[str, Callable[[_Life, Told, Collection[int | None]], None]] = {
    "ticket.opened": _opened,
    "message.received": _heard,
    "message.sent": _answered,
    "message.overheard": _answered,
    "ticket.resolved": _done,
    "ticket.reopened": _needs_us,
    "ticket.waiting": _needs_us,
    "ticket.assigned": _assigned,
    "ticket.handed": _handed,
    "ticket.spammed": _spammed,
    "ticket.merged": _merged,
    "ticket.absorbed": _absorbed,
    "ticket.split": _split,
}
_OF_OTHERS = ("message.unsent", "delivery.sent", "delivery.failed", "delivery.bounced", "ticket.unmerged", _PARTED)
READ = (*_STEPS, *_OF_OTHERS)
"""Kinds of events that change what counts."""
