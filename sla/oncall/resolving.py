"""Who rings: layers, plans, swaps, overrides and absences made into one answer, from change to change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from sla.oncall.agreeing import Agreed, Agreements, Lost, Ring, added, follow, planned, points
from sla.oncall.roster import FIRST, Person, Schedule, Shift
from sla.oncall.rotating import Office, Offices, Openings, Rotation, Turn

Holding = Callable[[Rotation], Turn | None]


class Roster:
    """A schedule ready to be asked, any number of times."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.agreements = Agreements(schedule)
        self.office = _office(schedule)
        self.rotations = tuple(
            Rotation(layer, schedule.zone, self.office, schedule.office) for layer in schedule.layers
        )
        self.lanes = tuple(sorted(_lanes(schedule)))
        self._stacks = {
            lane: tuple(one for one in reversed(self.rotations) if one.layer.lane == lane) for lane in self.lanes
        }
        """Of each lane its layers, what hides the others first."""

    def on_call(self, at: int, lane: int = FIRST) -> tuple[Person, ...]:
        """Who rings at an instant; nobody is an empty tuple."""
        return tuple(ring.person for ring in self.ringing(at, lane))

    def ringing(self, at: int, lane: int = FIRST) -> tuple[Ring, ...]:
        """Who rings at an instant, and why."""
        return self._ringing(at, lane, self.agreements.at(at), lambda rotation: rotation.at(at))

    def lost(self, at: int, lane: int = FIRST) -> tuple[Lost, ...]:
        """Those who would ring at an instant but for a swap, a removal or an absence."""
        agreed = self.agreements.at(at)
        if agreed.plan is not None:
            rings = planned(agreed.plan, lane, at)
        else:
            held = ((rotation, rotation.at(at)) for rotation in self._stacks.get(lane, ()))
            rings = [ring for rotation, turn in held if turn is not None for ring in _rings(rotation, turn)]
            rings = [*rings, *added(agreed, lane)]
        return tuple(found for ring in rings if isinstance(found := _judged(ring, agreed, at), Lost))

    def shifts(self, start: int, end: int) -> tuple[Shift, ...]:
        """All shifts between two instants, by start and lane; cut at both.

        Consecutive turns of one person are shifts of their own.
        """
        return tuple(sorted(self._shifts(start, end), key=_order)) if start < end else ()

    def uncut(self, start: int, end: int) -> tuple[Shift, ...]:
        """The shifts with any time between two instants, each with its true start and end."""
        if start >= end:
            return ()
        low, high = self._beginning(start), self._ending(end - 1)
        found = (one for one in self._shifts(low, high) if one.end > start and one.start < end)
        return tuple(sorted(found, key=_order))

    def _ringing(self, at: int, lane: int, agreed: Agreed, holding: Holding) -> tuple[Ring, ...]:
        if agreed.plan is not None:
            rings = [ring for ring in planned(agreed.plan, lane, at) if ring.person not in agreed.away]
            return _each_once(rings)
        rings = []
        for rotation in self._stacks.get(lane, ()):
            turn = holding(rotation)
            if turn is not None:
                rings = _rings(rotation, turn)
                if agreed.changes:
                    rings = [one for ring in rings if isinstance(one := follow(ring, agreed, at), Ring)]
                if rings:  # where nobody of a layer is left, the one beneath shows through
                    break
        if agreed.overrides:
            rings += [ring for ring in added(agreed, lane) if ring.person not in agreed.away]
        return _each_once(rings)

    def _shifts(self, low: int, high: int) -> Iterator[Shift]:
        spans = {rotation: list(rotation.spans(low, high)) for rotation in self.rotations}
        edges = {low, high, *(edge for each in spans.values() for start, end, _ in each for edge in (start, end))}
        changes = self.agreements.points
        edges |= set(changes[bisect_right(changes, low) : bisect_left(changes, high)])
        cursors = {rotation: _Cursor(each) for rotation, each in spans.items()}
        begun: dict[Ring, int] = {}
        for start, _ in pairwise(sorted(edges)):
            now = self._all_ringing(start, cursors)
            for ring in [ring for ring in begun if ring not in now]:
                yield _shift(ring, begun.pop(ring), start)
            for ring in now:
                begun.setdefault(ring, start)
        for ring, start in begun.items():
            yield _shift(ring, start, high)

    def _all_ringing(self, at: int, cursors: dict[Rotation, _Cursor]) -> dict[Ring, None]:
        agreed = self.agreements.at(at)
        each = (self._ringing(at, lane, agreed, lambda rotation: cursors[rotation].at(at)) for lane in self.lanes)
        return dict.fromkeys(ring for rings in each for ring in rings)

    def _beginning(self, at: int) -> int:
        """An instant before which no shift that runs at `at` has begun."""
        starts = [turn.start for turn in self._running(at)]
        return min([at, *starts, *(edge for one in self.agreements.at(at).changes for edge in points(one))])

    def _ending(self, at: int) -> int:
        """An instant after which no shift that runs at `at` goes on."""
        ends = [turn.end for turn in self._running(at)]
        return max([at + 1, *ends, *(edge for one in self.agreements.at(at).changes for edge in points(one))])

    def _running(self, at: int) -> list[Turn]:
        return [one.turn_at(at) for one in self.rotations if one.layer.participants and one.in_force(at)]


def turns(schedule: Schedule, start: int, end: int) -> tuple[Shift, ...]:
    """The shifts as the layers alone have them, before anything was agreed otherwise."""
    return Roster(replace(schedule, overrides=(), swaps=(), plans=(), absences=())).shifts(start, end)


class _Cursor:
    """The turn of a layer at instants that never go back."""

    def __init__(self, spans: Iterable[tuple[int, int, Turn]]) -> None:
        self._spans = iter(spans)
        self._span = next(self._spans, None)

    def at(self, instant: int) -> Turn | None:
        while self._span is not None and self._span[1] <= instant:
            self._span = next(self._spans, None)
        return self._span[2] if self._span is not None and self._span[0] <= instant else None


def _office(schedule: Schedule) -> Office | None:
    if schedule.office is None:
        return None
    return Offices(schedule.offices) if len(schedule.offices) > 1 else Openings(schedule.office)


def _lanes(schedule: Schedule) -> set[int]:
    plans = {shift.lane for plan in schedule.plans for shift in plan.shifts}
    return {FIRST, *(layer.lane for layer in schedule.layers), *(one.lane for one in schedule.overrides), *plans}


def _rings(rotation: Rotation, turn: Turn) -> list[Ring]:
    layer = rotation.layer
    return [Ring(layer.lane, person, layer.name, "turn", None, turn.start) for person in turn.entry]


def _judged(ring: Ring, agreed: Agreed, at: int) -> Ring | Lost:
    if ring.why == "turn":
        return follow(ring, agreed, at)
    return Lost("absence", ring.person) if ring.person in agreed.away else ring


def _each_once(rings: list[Ring]) -> tuple[Ring, ...]:
    found: dict[Person, Ring] = {}
    for ring in rings:
        found.setdefault(ring.person, ring)
    return tuple(found.values())


def _shift(ring: Ring, start: int, end: int) -> Shift:
    return Shift(start, end, ring.lane, ring.person, ring.layer, ring.why, ring.instead_of)


def _order(shift: Shift) -> tuple[int, int, int, str]:
    return shift.start, shift.lane, shift.end, str(shift.person)
