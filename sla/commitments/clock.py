"""The clocks of a ticket: a pure fold over what happened to it.

1. Before a fact, every clock that ran past its target is broken, at the first open instant after its due time.
2. The fact changes what is known of the ticket (`Scene`).
3. Each clause's metric starts, ends or takes back a cycle.
4. Cycles run or stand still, as what is known now says.

Folding the same facts gives the same cycles, whenever and by whomever it is done. A promise is kept
when the business seconds used are not more than its target, however late that is by the wall clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sla.calendars.timeline import Timeline
from sla.commitments.cycling import Clock
from sla.commitments.facts import Cycle, Fact, Outcome, Terms
from sla.commitments.metrics import METRICS
from sla.commitments.scene import DONE, SUSPENDED, Scene, refusal

_STOPS = {"wait": frozenset({"customer"}), "work": frozenset({"customer", "part", "someone"})}
"""Metrics whose pauses are part of what they mean."""


def fold(facts: Iterable[Fact], timelines: Mapping[str, Timeline], *, at: float) -> list[Cycle]:
    """Every cycle of every clause as it stands at `at`, in the order they began."""
    clocks = Clocks(timelines)
    for fact in facts:
        clocks.apply(fact)
    return clocks.read(at)


class Clocks:
    """All clocks of one ticket, fact by fact."""

    def __init__(self, timelines: Mapping[str, Timeline]) -> None:
        self._timelines = dict(timelines)
        self.scene = Scene()
        self.terms: tuple[Terms, ...] = ()
        self.clocks: list[Clock] = []
        self._past: list[Fact] = []

    def apply(self, fact: Fact) -> None:
        if self.scene.spam_since is None:
            self._check(fact.at)
        self.scene.see(fact)
        if fact.kind in _CHANGES:
            _CHANGES[fact.kind](self, fact)
        elif not self.scene.merged:
            for terms in self.terms:
                METRICS[terms.metric](self, terms, fact)
        self._past.append(fact)
        self._settle(fact.at)

    def read(self, at: float) -> list[Cycle]:
        """How every cycle stands at `at`, which is not before the last fact."""
        if self.scene.spam_since is None:
            self._check(at)
        return [self._read(clock, at) for clock in self.clocks]

    def _check(self, at: float) -> None:
        for clock in self.clocks:
            if clock.ended is None and clock.broken is None and clock.sure < at:
                clock.check(at)

    # What metrics do to their clocks.

    def open_of(self, terms: Terms, visit: str = "") -> Clock | None:
        clause = terms.clause
        for clock in self.clocks:
            if clock.ended is None and clock.terms.clause == clause and clock.visit == visit:
                return clock
        return None

    def last_of(self, terms: Terms) -> Clock | None:
        clause = terms.clause
        for clock in reversed(self.clocks):
            if clock.terms.clause == clause:
                return clock
        return None

    def start(self, terms: Terms, at: float, *, visit: str = "") -> Clock:
        stops = _STOPS.get(terms.metric, terms.pauses) | {DONE, SUSPENDED}
        number = 1 + sum(clock.terms.clause == terms.clause for clock in self.clocks)
        clock = Clock(
            terms, number, terms.target_for(self.scene.priority), at, self._timelines[terms.calendar], stops, visit
        )
        clock.targets.append((at, clock.target))
        if not self._stands(clock):
            clock.run(at)
        self.clocks.append(clock)
        return clock

    def end(self, terms: Terms, at: float, *, visit: str = "", void: bool = False) -> None:
        clock = self.open_of(terms, visit)
        if clock is not None:
            clock.end(at, void=void)

    def end_all(self, terms: Terms, at: float) -> None:
        for clock in self.clocks:
            if clock.terms.clause == terms.clause:
                clock.end(at, void=True)

    def take_back(self, terms: Terms, *, void_only: bool) -> None:
        """Resume the last cycle that was ended by being done."""
        clock = self.last_of(terms)
        if clock is not None and clock.ended is not None and (clock.voided or not void_only):
            clock.resume()

    def go_on_if_on_the_way(self, terms: Terms) -> None:
        """Resume the last cycle that was void by being done: its visit was neither called back nor is it over."""
        clock = self.last_of(terms)
        if clock is None or not clock.voided:
            return
        said = [one for one in self._past if one.visit == clock.visit and one.kind in {"dispatched", "arrived"}]
        if said and said[-1].on == (said[-1].kind == "dispatched"):
            clock.resume()

    def never_ended(self, terms: Terms, at: float, *, visit: str) -> None:
        """Take a mistaken end of a visit's cycle back: it stands as if nobody had come, and breaks nothing before."""
        mine = [c for c in self.clocks if c.terms.clause == terms.clause and c.visit == visit and c.ended is not None]
        if not mine:
            return
        truly = Clocks(self._timelines)
        for fact in self._past:
            if fact.kind != "arrived" or fact.visit != visit:
                truly.apply(fact)
        mine[-1].stand_as(next(c for c in reversed(truly.clocks) if _is_same(c, mine[-1])), at)

    # Changes that concern all clauses at once.

    def retarget(self, fact: Fact) -> None:
        for clock in self.clocks:
            if clock.ended is None:
                clock.aim(clock.terms.target_for(fact.priority), fact.at)
                clock.check_changed(fact.at)

    def set_spam(self, fact: Fact) -> None:
        if not fact.on:
            for clock in self.clocks:
                clock.check_changed(fact.at)

    def merge(self, fact: Fact) -> None:
        for clock in self.clocks:
            clock.end(fact.at, void=True)

    def rehour(self, fact: Fact) -> None:
        assert fact.hours is not None
        self._timelines[fact.calendar] = self._timelines[fact.calendar].then(fact.since, fact.hours)
        for clock in self.clocks:
            if clock.terms.calendar == fact.calendar:
                clock.rehour(fact.since, fact.hours)
                clock.check_changed(fact.at)

    def promise(self, fact: Fact) -> None:
        """New terms: open cycles go over to the clause of the same metric; new metrics judge what was before."""
        before, self.terms = self.terms, fact.terms
        kept = {terms.clause: terms for terms in fact.terms}
        metrics = {terms.metric for terms in before}
        by_metric = {terms.metric: terms for terms in fact.terms}
        for clock in [clock for clock in self.clocks if clock.ended is None]:
            if clock.terms.clause in kept:
                clock.terms = kept[clock.terms.clause]
                continue
            heir = by_metric.get(clock.terms.metric)
            clock.end(fact.at, void=True)
            if heir is not None:
                self._hand_down(clock, heir, fact)
        for terms in fact.terms:
            if terms.metric not in metrics:
                self._judge_past(terms, fact)

    def _hand_down(self, old: Clock, terms: Terms, fact: Fact) -> None:
        clock = self.start(terms, old.started, visit=old.visit)
        clock.targets = [(fact.at, clock.target)]
        same_stops = clock.stops == old.stops
        clock.spans = [list(span) for span in old.spans] if same_stops else self._spans_since(old.started, clock.stops)
        if same_stops and clock.spans and not self._stands(clock):
            clock.spans[-1][1] = None
        if fact.piecewise:
            clock.timeline = old.timeline.then(fact.at, self._timelines[terms.calendar].at(fact.at))
        clock.check_changed(fact.at)

    def _judge_past(self, terms: Terms, fact: Fact) -> None:
        """What the clause would have said of the facts so far; it breaks nothing before this instant."""
        if not fact.retroactive:
            if self.scene.opened and DONE not in self.scene.blocked:
                since = Fact(fact.at, "opened", since=fact.at, by_agent=self.scene.by_agent, team=self.scene.team)
                METRICS[terms.metric](self, terms, since)
            return
        past = Clocks(self._timelines)
        past.terms = (terms,)
        for earlier in self._past:
            if earlier.kind != "promised":
                past.apply(earlier)
        for clock in past.clocks:
            clock.check(fact.at)
            if clock.broken is not None:
                clock.broken, clock.on_change = max(clock.broken, fact.at), True
            clock.number += sum(mine.terms.clause == terms.clause for mine in self.clocks)
        self.clocks += past.clocks

    def _spans_since(self, start: float, stops: frozenset[str]) -> list[list[float | None]]:
        """When a clock with these stops would have run."""
        scene = Scene()
        spans: list[list[float | None]] = [[start, None]]
        for fact in self._past:
            scene.see(fact)
            stands, at = bool(scene.blocked & stops), max(fact.at, start)
            if stands and spans and spans[-1][1] is None:
                spans[-1][1] = at
            elif not stands and (not spans or spans[-1][1] is not None):
                spans.append([at, None])
        return spans

    def _stands(self, clock: Clock) -> bool:
        blocked = self.scene.blocked
        return bool(blocked) and (not blocked.isdisjoint(clock.stops) or refusal(clock.visit) in blocked)

    def _settle(self, at: float) -> None:
        blocked = self.scene.blocked
        for clock in self.clocks:
            if clock.ended is None:
                if blocked and self._stands(clock):
                    clock.stand(at)
                else:
                    clock.run(at)

    def _read(self, clock: Clock, at: float) -> Cycle:
        spam = self.scene.spam_since if clock.ended is None else None
        due, breaks = clock.dues()
        return Cycle(
            clause=clock.terms.clause,
            metric=clock.terms.metric,
            number=clock.number,
            outcome=_outcome(clock, spam=spam is not None),
            target=clock.target,
            started=clock.started,
            due=due,
            breaks=breaks,
            ended=clock.ended if spam is None else spam,
            broken=clock.broken,
            on_change=clock.on_change,
            until=clock.ended if clock.ended is not None else at,
            warn_percent=clock.terms.warn_percent,
            spans=tuple((start, end) for start, end in clock.spans if start is not None),
            timeline=clock.timeline,
            targets=tuple(clock.targets),
        )


def _is_same(one: Clock, other: Clock) -> bool:
    return (one.terms.clause, one.number) == (other.terms.clause, other.number)


def _outcome(clock: Clock, *, spam: bool) -> Outcome:
    if spam:
        return "void"
    if clock.broken is not None:
        return "broken"
    if clock.ended is not None:
        return "void" if clock.voided else "kept"
    return "running" if clock.runs else "paused"


_CHANGES: dict[str, Callable[[Clocks, Fact], None]] = {
    "prioritised": Clocks.retarget,
    "spam": Clocks.set_spam,
    "merged": Clocks.merge,
    "hours": Clocks.rehour,
    "promised": Clocks.promise,
}
