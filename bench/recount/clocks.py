"""The promises of one ticket, run again by hand: what the guide to promises says of each kind, event by event."""

from __future__ import annotations

from collections.abc import Mapping

from bench.recount.hours import FOREVER, Hours
from bench.recount.log import Clause, Event, Ticket, at_of
from bench.recount.running import WAITING, Promise, refused
from bench.recount.void import true_events

_PRIORITIES = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
_LASTING = {"resolution", "work", "wait", "restore"}
_SAID = {"ticket.restored": "restore", "ticket.planned": "resolution"}
"""What an agent may say that ends a promise before the ticket is done."""


class Clocks:
    """All promises of a ticket."""

    def __init__(self, ticket: Ticket, hours: Mapping[int | None, Hours]) -> None:
        self._clauses, self._hours = ticket.clauses, hours
        self.promises: list[Promise] = []
        self._arrival: int | None = None
        self._unheard: dict[int, int] = {}
        """When the words came that nobody answered, by message."""
        self._by_us = self._by_machine = self._was_answered = self._is_unwanted = self._is_merged = False
        self._owes_first, self._came_late, self._is_owned = True, False, False
        self._blocked: frozenset[str] = frozenset()
        self._priority, self._team = "normal", 0
        self._stood: list[tuple[int, frozenset[str]]] = []
        """Why clocks stood still, each with since when."""
        self._done: int | None = None
        """Since when it is done."""
        self._said: frozenset[str] = frozenset()
        """Kinds of promises that hold because an agent said so."""
        self._on_the_way = ""
        """The visit that was neither called back nor is over."""
        self._came = 0
        """When an engineer was on site last, or was thought to be."""

    @property
    def _words(self) -> int | None:
        """The oldest words nobody answered."""
        return min(self._unheard.values(), default=None)

    def run(self, ticket: Ticket, until: int) -> list[Promise]:
        for one in true_events(ticket.events):
            step = _STEPS.get(one.kind)
            if step is not None:
                self._look(one.at)
                getattr(self, step)(one)
                self._settle(one.at)
        self._look(until)
        if self._is_unwanted:
            for promise in self._open():
                promise.ended, promise.is_void, promise.broke = until, True, None
        return self.promises

    def _look(self, at: int) -> None:
        if not self._is_unwanted:
            for one in self.promises:
                one.check(at)

    def _settle(self, at: int) -> None:
        self._stood.append((at, self._blocked))
        for one in self._open():
            if self._blocked & one.stops:
                one.stand(at)
            else:
                one.run(at)

    def _open(self) -> list[Promise]:
        return [one for one in self.promises if one.ended is None]

    def _of(self, *metrics: str) -> list[Clause]:
        return [] if self._is_merged else [one for one in self._clauses if one.metric in metrics]

    def _mine(self, clause: Clause) -> list[Promise]:
        return [one for one in self.promises if one.clause.id == clause.id]

    def _start(self, clause: Clause, at: int | None, visit: str = "") -> None:
        if at is None or any(one.ended is None for one in self._mine(clause)):
            return
        target = clause.targets.get(self._priority, clause.target)
        made = Promise(clause, len(self._mine(clause)) + 1, self._hours[clause.calendar], at, target, visit=visit)
        if not self._blocked & made.stops:
            made.run(at)
        self.promises.append(made)

    def _end(self, at: int, *metrics: str, void: bool = False) -> None:
        for clause in self._of(*metrics):
            for one in self._mine(clause):
                one.end(at, void=void)

    def _go_on(self, *metrics: str, void_only: bool) -> None:
        """What ended with the ticket goes on where it stood."""
        for clause in self._of(*metrics):
            mine = self._mine(clause)
            if mine and mine[-1].ended is not None and (mine[-1].is_void or not void_only):
                mine[-1].ended, mine[-1].is_void = None, False

    def _begin(self) -> None:
        """The first words of a person: what lasts from the arrival begins."""
        for clause in self._of(*_LASTING):
            if not self._mine(clause):
                self._start(clause, self._arrival)
        for clause in self._of("ownership"):
            if self._team and not self._is_owned and not self._mine(clause):
                self._start(clause, self._arrival)

    def _opened(self, one: Event) -> None:
        self._arrival = _reached(one)
        self._by_us, self._by_machine = one.agent is not None, bool(one.data.get("automatic"))
        self._owes_first, self._team = not self._by_us, one.data.get("team") or 0
        self._priority, self._is_owned = _PRIORITIES[one.data.get("priority", 2)], bool(one.data.get("owned"))
        if not self._by_machine:
            self._begin()

    def _heard(self, one: Event) -> None:
        if not one.data.get("automatic"):
            self._hear({one.message or 0: _reached(one)})

    def _absorbed(self, one: Event) -> None:
        self._hear({message: at_of(at) for message, at in one.data["heard"]})

    def _split(self, one: Event) -> None:
        """No answer is owed to words that went; what stays was unanswered since it came."""
        for message in one.data["messages"]:
            self._unheard.pop(message, None)
        for clause in self._of("next_response"):
            for promise in self._mine(clause):
                if promise.ended is None and promise.began != self._words:
                    promise.end(one.at, void=True)
                    self._start(clause, self._words)

    def _hear(self, words: Mapping[int, int]) -> None:
        self._unheard.update(words)
        if self._by_machine and self._words is not None:
            self._arrival, self._by_machine, self._came_late = self._words, False, True
        for clause in self._of("first_response"):
            if self._owes_first and self._words is not None and not self._mine(clause):
                self._start(clause, self._arrival)
        if not self._owes_first:
            for clause in self._of("next_response"):
                self._start(clause, self._words)
        if self._came_late:
            self._begin()

    def _answered(self, one: Event) -> None:
        self._unheard, self._was_answered, self._owes_first, self._is_owned = {}, True, False, True
        self._end(one.at, "first_response", "next_response", "update", "ownership")
        for clause in self._of("update"):
            self._start(clause, one.at)

    def _waits(self, one: Event) -> None:
        after = one.data["after"]
        self._blocked = self._blocked - WAITING - {"done"} | ({after} if after else frozenset())

    def _resolved(self, one: Event) -> None:
        self._blocked, self._owes_first = self._blocked - WAITING | {"done"}, False
        self._done = one.at
        self._end(one.at, "first_response", "next_response", "update", "ownership", "on_site", void=True)
        self._end(one.at, *_LASTING)

    def _reopened(self, one: Event) -> None:
        self._blocked = self._blocked - WAITING - {"done"}
        if one.data["before"]["status"] < 4:
            return
        self._done = None
        if one.contact is not None:
            self._unheard = {}
        else:
            self._owes_first = not self._was_answered and not self._by_us
            self._go_on("next_response", void_only=True)
            if self._owes_first:
                self._go_on("first_response", void_only=True)
        self._go_on("update", void_only=True)
        self._go_on(*(_LASTING - self._said), void_only=False)
        if self._on_the_way:
            self._go_on("on_site", void_only=True)

    def _says(self, one: Event) -> None:
        """Taken back, it goes on from now; on a ticket that is done, when that comes back."""
        metric = _SAID[one.kind]
        self._said = self._said | {metric} if one.data["on"] else self._said - {metric}
        if one.data["on"]:
            self._end(one.at, metric)
        elif self._done is None:
            self._go_on(metric, void_only=False)

    def _prioritised(self, one: Event) -> None:
        self._priority = _PRIORITIES[one.data["after"]]
        for promise in self._open():
            promise.target = promise.clause.targets.get(self._priority, promise.clause.target)
            promise.check_changed(one.at)

    def _assigned(self, one: Event) -> None:
        self._is_owned = one.data["after"] is not None
        if self._is_owned:
            self._end(one.at, "ownership")

    def _handed(self, one: Event) -> None:
        self._team, self._is_owned = one.data["after"] or 0, False
        self._end(one.at, "ownership")
        for clause in self._of("ownership"):
            if self._team:
                self._start(clause, one.at)

    def _spammed(self, one: Event) -> None:
        self._is_unwanted = one.data["spam"]
        if not self._is_unwanted:
            for promise in self._open():
                promise.check_changed(one.at)

    def _dispatched(self, one: Event) -> None:
        self._on_the_way = one.data["visit"] if one.data.get("on", True) else ""
        for clause in self._of("on_site"):
            if one.data.get("on", True):
                self._start(clause, one.at, one.data["visit"])
            else:
                self._end(one.at, "on_site", void=True)

    def _refuses(self, one: Event) -> None:
        reason = frozenset({refused(one.data["visit"])})
        self._blocked = self._blocked | reason if one.data["on"] else self._blocked - reason

    def _suspended(self, _one: Event) -> None:
        self._blocked |= {"suspended"}

    def _resumed(self, _one: Event) -> None:
        self._blocked -= {"suspended"}

    def _arrived(self, one: Event) -> None:
        self._on_the_way = "" if one.data.get("on", True) else one.data["visit"]
        if one.data.get("on", True):
            self._came = one.at
            self._end(one.at, "on_site")
            return
        for clause in self._of("on_site"):
            for promise in self._mine(clause):
                if promise.visit == one.data["visit"] and promise.ended == self._came:
                    self._never_came(promise, one.at)

    def _never_came(self, promise: Promise, at: int) -> None:
        """It goes on as if nobody had: what stopped or ended it meanwhile did; late by now, it breaks now."""
        since, promise.ended, promise.is_void = promise.ended or 0, None, False
        promise.target = promise.clause.targets.get(self._priority, promise.clause.target)
        if promise.ran and promise.ran[-1][1] == since:
            promise.ran[-1][1] = FOREVER
        done = self._done if self._done is not None and self._done > since else None
        for then, blocked in self._stood:
            if since <= then and (done is None or then <= done):
                (promise.stand if blocked & promise.stops else promise.run)(then)
        if done is not None:
            promise.ended, promise.is_void = done, True
        if promise.broke is None and promise.used(promise.ended or at) > promise.target:
            promise.broke = at

    def _merged(self, one: Event) -> None:
        for promise in self._open():
            promise.end(one.at, void=True)
        self._is_merged = True


def _reached(one: Event) -> int:
    """When the words reached us, which may be before they were filed."""
    return at_of(one.data["received"]) if one.data.get("received") else one.at


_STEPS = {
    "ticket.opened": "_opened",
    "message.received": "_heard",
    "ticket.absorbed": "_absorbed",
    "message.sent": "_answered",
    "message.overheard": "_answered",
    "ticket.waiting": "_waits",
    "ticket.resolved": "_resolved",
    "ticket.reopened": "_reopened",
    "ticket.restored": "_says",
    "ticket.planned": "_says",
    "ticket.prioritised": "_prioritised",
    "ticket.assigned": "_assigned",
    "ticket.handed": "_handed",
    "ticket.spammed": "_spammed",
    "ticket.merged": "_merged",
    "ticket.split": "_split",
    "agreement.suspended": "_suspended",
    "agreement.resumed": "_resumed",
    "visit.dispatched": "_dispatched",
    "visit.arrived": "_arrived",
    "visit.refused": "_refuses",
}
