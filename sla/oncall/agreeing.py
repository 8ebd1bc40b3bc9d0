"""What was agreed to differ from the turns at an instant, and what becomes of somebody's turn by it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from sla.oncall.roster import Absence, Override, Person, Plan, Schedule, Swap, Why

Change: TypeAlias = Override | Swap | Plan | Absence
Loss = Literal["swap", "removed", "absence"]


class Ring(NamedTuple):
    """Somebody who rings at an instant. `since` tells one turn from the next."""

    lane: int
    person: Person
    layer: str
    why: Why
    instead_of: Person | None
    since: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Why somebody whose turn it is does not ring."""

    cause: Loss
    person: Person


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that counts besides the turns between two changes, each kind in the order it was agreed."""

    swaps: tuple[Swap, ...] = ()
    overrides: tuple[Override, ...] = ()
    plan: Plan | None = None
    away: frozenset[Person] = frozenset()
    changes: tuple[Change, ...] = ()


_NOTHING = Agreed()


class Agreements:
    """What is agreed at any instant, found by bisection between the instants at which something begins or ends."""

    def __init__(self, schedule: Schedule) -> None:
        changes: tuple[Change, ...] = (*schedule.swaps, *schedule.overrides, *schedule.plans, *schedule.absences)
        self.points = sorted({point for change in changes for point in points(change)})
        self._cells = _cells(changes, self.points)

    def at(self, instant: int) -> Agreed:
        return self._cells[bisect_right(self.points, instant)]


def points(change: Change) -> tuple[int, ...]:
    """The instants at which a change makes a difference."""
    within: tuple[int, ...] = ()
    if isinstance(change, Plan):
        within = tuple(edge for one in change.shifts for edge in (one.start, one.end))
    if isinstance(change, Swap) and change.taken is not None:
        within = change.taken
    return (change.start, *within, change.end)


def follow(ring: Ring, agreed: Agreed, at: int) -> Ring | Lost:
    """Who rings in the end where it is somebody's turn: swaps first, then overrides in order, absences last."""
    found: Ring | Lost = ring
    for swap in agreed.swaps:
        if isinstance(found, Ring) and (swap.lane, swap.leaves) == (found.lane, found.person):
            found = _taken(found, swap, at)
    for override in agreed.overrides:
        if isinstance(found, Ring) and (override.lane, override.leaves) == (found.lane, found.person):
            joins = override.joins
            found = Lost("removed", found.person) if joins is None else _by(found, joins, "replaced")
    if isinstance(found, Ring) and found.person in agreed.away:
        return Lost("absence", found.person)
    return found


def added(agreed: Agreed, lane: int) -> list[Ring]:
    """Those who ring besides whose turn it is, the absent among them too."""
    return [
        Ring(lane, one.joins, "", "added", None, one.start)
        for one in agreed.overrides
        if one.joins is not None and one.leaves is None and one.lane == lane
    ]


def planned(plan: Plan, lane: int, at: int) -> list[Ring]:
    """Those a temporary plan has ring, the absent among them too."""
    return [
        Ring(lane, one.person, "", "planned", None, one.start)
        for one in plan.shifts
        if one.lane == lane and one.start <= at < one.end
    ]


def _taken(ring: Ring, swap: Swap, at: int) -> Ring | Lost:
    if swap.taken is not None and not swap.taken[0] <= at < swap.taken[1]:
        return Lost("swap", ring.person)
    return _by(ring, swap.joins, "swapped")


def _by(ring: Ring, person: Person, why: Why) -> Ring:
    origin = ring.person if ring.instead_of is None else ring.instead_of
    return Ring(ring.lane, person, ring.layer, why, origin, ring.since)


def _cells(changes: tuple[Change, ...], edges: list[int]) -> list[Agreed]:
    """For the time before the first edge and after each: what is agreed then."""
    active: list[list[Change]] = [[] for _ in range(len(edges) + 1)]
    for change in changes:
        for place in range(bisect_right(edges, change.start), bisect_right(edges, change.end - 1) + 1):
            active[place].append(change)
    return [_agreed(tuple(one)) if one else _NOTHING for one in active]


def _agreed(changes: tuple[Change, ...]) -> Agreed:
    plans = [one for one in changes if isinstance(one, Plan)]
    return Agreed(
        swaps=tuple(one for one in changes if isinstance(one, Swap)),
        overrides=tuple(one for one in changes if isinstance(one, Override)),
        plan=plans[-1] if plans else None,
        away=frozenset(one.person for one in changes if isinstance(one, Absence)),
        changes=changes,
    )
