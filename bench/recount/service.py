"""What counts of service on one ticket, by the written definitions: requests, replies, done, opened again, open."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.recount.hours import FOREVER, SECOND, Hours
from bench.recount.log import Event, Ticket, at_of
from bench.recount.void import true_events

_ANSWERS = ("first_response", "next_response", "update")
_A_MISTAKE = 30 * SECOND


class Fact(NamedTuple):
    """Something that counts; `clock` and `working` are whole seconds, None where nobody waited."""

    what: str
    at: int
    is_first: bool
    is_out: bool
    clock: int | None
    working: int | None
    team: int | None
    agent: int | None
    channel: str


class Stretch(NamedTuple):
    """Open in the same hands."""

    since: int
    until: int
    team: int | None
    agent: int | None


@dataclass
class Life:
    """What counts of a ticket."""

    began: int = 0
    channel: str = ""
    facts: list[Fact] = field(default_factory=list)
    open: list[Stretch] = field(default_factory=list)


class Service:
    """Goes through the events of one ticket."""

    def __init__(self, ticket: Ticket, hours: Mapping[int | None, Hours], roots: Mapping[int, int]) -> None:
        self._ticket, self._life = ticket, Life()
        mine = [one for metric in _ANSWERS for one in ticket.clauses if one.metric == metric] or list(ticket.clauses)
        self._hours = hours[mine[0].calendar if mine else None]
        self._here = {ticket.id, roots.get(ticket.id, ticket.id)}
        self._team: int | None = None
        self._agent: int | None = None
        self._hands_since: int | None = None
        """Since when it is open in these hands; None while it is not open."""
        self._open_since: int | None = None
        self._words: dict[int, int] = {}
        """When the words came that nobody answered, by message."""
        parted = [one.at for one in ticket.events if one.kind == "ticket.parted"]
        self._known = parted[0] if parted else 0
        """Since when there is such a ticket; what came before was told on another."""
        self._request: int | None = None
        """When the request came that has no reply yet."""
        self._is_unwanted = self._is_merged = self._by_machine = False
        self._undo: tuple[int | None, int, int, int, int | None, int | None, dict[int, int], int | None] | None = None

    def run(self) -> Life:
        for one in true_events(self._ticket.events):
            step = _STEPS.get(one.kind)
            if step is not None:
                getattr(self, step)(one)
        if self._hands_since is not None:
            self._life.open.append(Stretch(self._hands_since, FOREVER, self._team, self._agent))
        if self._is_unwanted:
            self._life.facts, self._life.open = [], []
        if self._is_merged:
            kept = [one for one in self._life.facts if one.what not in {"arrived", "machine"}]
            self._life.facts = [one._replace(is_first=False) for one in kept]
        return self._life

    def _fact(self, what: str, at: int, *, since: int | None = None, is_first: bool = False,
              agent: int | None = None, channel: str = "") -> None:  # fmt: skip
        clock = working = None
        if since is not None:
            since = min(since, at)
            clock, working = (at - since) // SECOND, self._hours.between(since, at) // SECOND
        self._life.facts.append(
            Fact(what, at, is_first, not self._hours.is_open(at), clock, working, self._team, agent, channel)
        )

    def _channel(self, one: Event) -> str:
        return self._ticket.said_in.get(one.message or 0, (0, ""))[1] or self._life.channel

    def _opened(self, one: Event) -> None:
        at = at_of(one.data["received"]) if one.data.get("received") else one.at
        self._life.began, self._life.channel = at, self._channel(one)
        self._team, self._agent = one.data.get("team"), one.data.get("assignee") or one.agent
        self._hands_since = self._open_since = at
        self._by_machine = bool(one.data.get("automatic"))
        if one.agent is None:
            what = "machine" if self._by_machine else "arrived"
            self._fact(what, at, agent=self._agent, channel=self._life.channel)
            self._request = None if self._by_machine else at

    def _heard(self, one: Event) -> None:
        if one.data.get("automatic"):
            return
        at = at_of(one.data["received"]) if one.data.get("received") else one.at
        self._words[one.message or 0] = at
        if self._by_machine:
            self._by_machine, self._request = False, at
            self._life.facts = [each for each in self._life.facts if each.what != "machine"]
            self._fact("arrived", at, agent=self._agent, channel=self._channel(one))

    def _absorbed(self, one: Event) -> None:
        self._words |= {message: at_of(at) for message, at in one.data["heard"]}

    def _split(self, one: Event) -> None:
        self._words = {message: at for message, at in self._words.items() if message not in one.data["messages"]}

    def _answered(self, one: Event) -> None:
        place = self._ticket.said_in.get(one.message or 0)
        if place is not None and place[0] not in self._here:
            return
        if self._agent is None and one.agent is not None and one.at >= self._known:
            self._hand(one.at, self._team, one.agent)
        if not self._life.channel:
            self._life.channel = self._channel(one)
        is_first = self._request is not None
        since = self._request if is_first else min(self._words.values(), default=None)
        self._fact("replied", one.at, since=since, is_first=is_first, agent=one.agent, channel=self._channel(one))
        self._words, self._request = {}, None

    def _resolved(self, one: Event) -> None:
        if self._hands_since is None:
            return
        before = (one.agent, one.at, len(self._life.facts), len(self._life.open), self._hands_since,
                  self._open_since, self._words, self._request)  # fmt: skip
        self._undo, since = before, self._open_since
        self._close(one.at)
        self._fact("done", one.at, since=since, agent=one.agent or self._agent, channel=self._life.channel)
        self._words, self._request = {}, None

    def _reopened(self, one: Event) -> None:
        if self._hands_since is not None or self._is_merged:
            return
        undo = self._undo
        if undo is not None and one.agent is not None and one.agent == undo[0] and one.at - undo[1] <= _A_MISTAKE:
            del self._life.facts[undo[2]], self._life.open[undo[3]]
            _, _, _, _, self._hands_since, self._open_since, self._words, self._request = undo
            return
        self._hands_since = self._open_since = one.at
        self._fact("reopened", one.at, agent=self._agent, channel=self._life.channel)

    def _assigned(self, one: Event) -> None:
        self._hand(one.at, self._team, one.data["after"])

    def _handed(self, one: Event) -> None:
        self._hand(one.at, one.data["after"], None)

    def _spammed(self, one: Event) -> None:
        self._is_unwanted = one.data["spam"]

    def _merged(self, one: Event) -> None:
        self._close(one.at)
        self._is_merged, self._words, self._request = True, {}, None

    def _hand(self, at: int, team: int | None, agent: int | None) -> None:
        if (team, agent) != (self._team, self._agent) and self._hands_since is not None:
            self._life.open.append(Stretch(self._hands_since, at, self._team, self._agent))
            self._hands_since = at
        self._team, self._agent = team, agent

    def _close(self, at: int) -> None:
        if self._hands_since is not None:
            self._life.open.append(Stretch(self._hands_since, at, self._team, self._agent))
        self._hands_since = self._open_since = None


def roots(merged: Mapping[int, int], tickets: Collection[int]) -> dict[int, int]:
    """Where the words of merged tickets are in the end."""
    found = {}
    for one in tickets:
        into = one
        while into in merged:
            into = merged[into]
        found[one] = into
    return found


_STEPS = {
    "ticket.opened": "_opened",
    "message.received": "_heard",
    "ticket.absorbed": "_absorbed",
    "message.sent": "_answered",
    "message.overheard": "_answered",
    "ticket.resolved": "_resolved",
    "ticket.reopened": "_reopened",
    "ticket.waiting": "_reopened",
    "ticket.assigned": "_assigned",
    "ticket.handed": "_handed",
    "ticket.spammed": "_spammed",
    "ticket.merged": "_merged",
    "ticket.split": "_split",
}
