"""What each metric does with a fact: start, end or take back a cycle. Pure.

first_response: from the arrival of the first customer message to our first public answer; never restarts.
next_response: from the oldest unanswered message after that, to the next answer; a second message does not move it.
update: from each answer to the next. wait, work, resolution, restore: from the arrival to done, or fixed.
ownership: from the hand-over to a team until somebody takes it or answers. on_site: from the dispatch of a visit to
its arrival.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sla.commitments.facts import Fact, Kind, Terms
from sla.commitments.scene import DONE, Scene


class Running(Protocol):
    """The cycles of a clause."""

    started: float
    ended: float | None


class Clocks(Protocol):
    """What a metric may do with the cycles of its clause."""

    scene: Scene

    def open_of(self, terms: Terms, visit: str = "") -> Running | None: ...
    def last_of(self, terms: Terms) -> Running | None: ...
    def start(self, terms: Terms, at: float, *, visit: str = "") -> Running: ...
    def end(self, terms: Terms, at: float, *, visit: str = "", void: bool = False) -> None: ...
    def end_all(self, terms: Terms, at: float) -> None: ...
    def take_back(self, terms: Terms, *, void_only: bool) -> None: ...
    def go_on_if_on_the_way(self, terms: Terms) -> None: ...
    def never_ended(self, terms: Terms, at: float, *, visit: str) -> None: ...


Metric = Callable[[Clocks, Terms, Fact], None]


def _first_response(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    scene = clocks.scene
    if fact.kind in {"opened", "heard", "absorbed"}:
        if scene.owed_first and scene.unanswered is not None and clocks.last_of(terms) is None:
            clocks.start(terms, scene.arrival)
    elif fact.kind == "answered":
        clocks.end(terms, fact.at)
    elif fact.kind == "resolved":
        clocks.end(terms, fact.at, void=True)
    elif fact.kind == "reopened" and scene.owed_first:
        clocks.take_back(terms, void_only=True)


def _next_response(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    scene = clocks.scene
    if fact.kind in {"opened", "heard", "absorbed"}:
        if not scene.owed_first and scene.unanswered is not None and clocks.open_of(terms) is None:
            clocks.start(terms, scene.unanswered)
    elif fact.kind == "released":
        _go_over(clocks, terms, fact)
    elif fact.kind == "answered":
        clocks.end(terms, fact.at)
    elif fact.kind == "resolved":
        clocks.end(terms, fact.at, void=True)
    elif fact.kind == "reopened" and not fact.by_customer:
        clocks.take_back(terms, void_only=True)


def _go_over(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    """The words its cycle began with are gone: it is void, and one from the words that stay takes its place."""
    running, since = clocks.open_of(terms), clocks.scene.unanswered
    if running is None or running.started == since:
        return
    clocks.end(terms, fact.at, void=True)
    if since is not None:
        clocks.start(terms, since)


def _update(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    if fact.kind == "answered":
        clocks.end(terms, fact.at)
        clocks.start(terms, fact.at)
    elif fact.kind == "resolved":
        clocks.end(terms, fact.at, void=True)
    elif fact.kind == "reopened":
        clocks.take_back(terms, void_only=True)


def _begins(clocks: Clocks, terms: Terms, fact: Fact) -> bool:
    """The first words of a person: they opened the ticket, or came after those of a machine, which start no clock."""
    scene = clocks.scene
    if fact.kind == "opened":
        return not scene.by_machine
    return scene.came_late and fact.kind in {"heard", "absorbed"} and clocks.last_of(terms) is None


def _first_words(clocks: Clocks, fact: Fact) -> float:
    return fact.since if fact.kind == "opened" else clocks.scene.arrival


def _lasting(*enders: Kind) -> Metric:
    """A clock from the arrival to any of `enders`, that goes on when the ticket comes back.

    What an agent said ended it stays ended until it is taken back; on a ticket that is done it waits to come back.
    """

    def metric(clocks: Clocks, terms: Terms, fact: Fact) -> None:
        if _begins(clocks, terms, fact):
            clocks.start(terms, _first_words(clocks, fact))
        elif fact.kind in enders:
            if fact.on:
                clocks.end(terms, fact.at)
            elif DONE not in clocks.scene.blocked:
                clocks.take_back(terms, void_only=False)
        elif fact.kind == "reopened" and clocks.scene.said.isdisjoint(enders):
            clocks.take_back(terms, void_only=False)

    return metric


def _ownership(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    scene = clocks.scene
    if fact.kind == "handed_over":
        clocks.end(terms, fact.at)
    begins = _begins(clocks, terms, fact)
    if (begins or fact.kind == "handed_over") and scene.team and not scene.owned:
        clocks.start(terms, _first_words(clocks, fact) if begins else fact.at)
    elif fact.kind in {"assigned", "answered"} and scene.owned:
        clocks.end(terms, fact.at)
    elif fact.kind == "resolved":
        clocks.end(terms, fact.at, void=True)


def _on_site(clocks: Clocks, terms: Terms, fact: Fact) -> None:
    if fact.kind == "dispatched" and fact.on:
        clocks.start(terms, fact.at, visit=fact.visit)
    elif fact.kind == "arrived" and not fact.on:
        clocks.never_ended(terms, fact.at, visit=fact.visit)
    elif fact.kind in {"dispatched", "arrived"}:
        clocks.end(terms, fact.at, visit=fact.visit, void=fact.kind == "dispatched")
    elif fact.kind == "resolved":
        clocks.end_all(terms, fact.at)
    elif fact.kind == "reopened":
        clocks.go_on_if_on_the_way(terms)


METRICS: dict[str, Metric] = {
    "first_response": _first_response,
    "next_response": _next_response,
    "update": _update,
    "wait": _lasting("resolved"),
    "work": _lasting("resolved"),
    "resolution": _lasting("resolved", "planned"),
    "restore": _lasting("resolved", "restored"),
    "ownership": _ownership,
    "on_site": _on_site,
}
