"""What moved a share: the two values of a dimension that account for the most promises kept more, or fewer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sla.reports.dimensions import FEW
from sla.reports.figures import Few, Share

_LEAST_COUNTED, _LEAST_PROMISES, _LEAST_POINTS = 5, 1.0, 0.5
NOW, BEFORE = 0, 1
"""Places of the spans that are compared."""


@dataclass(frozen=True, slots=True)
class Movement:
    """How one value did, and how it did before."""

    dimension: str
    key: str
    """For hours "out" or "in"."""
    now: Share
    before: Share

    @property
    def promises(self) -> float:
        """How many more were kept than at the rate of before; negative: fewer."""
        return self.now.kept - self.now.counted * self.before.kept / self.before.counted

    @property
    def points(self) -> float:
        """Of a percentage."""
        return 100 * (self.now.kept / self.now.counted - self.before.kept / self.before.counted)


def largest(few: Few, closed: Collection[int]) -> list[Movement]:
    """At most two, of different dimensions, the largest first; small ones and small numbers say nothing."""
    found: dict[str, Movement] = {}
    for one in sorted(_all(_with_hours(few, closed)), key=_size):
        found.setdefault(one.dimension, one)
    return list(found.values())[:2]


def _size(one: Movement) -> tuple[float, int, str]:
    return -abs(one.promises), FEW.index(one.dimension), one.key


def _all(few: Few) -> Iterator[Movement]:
    for place, dimension, key in few:
        now, before = few[place, dimension, key], few.get((BEFORE, dimension, key), Share())
        if place != NOW or not key or min(now.counted, before.counted) < _LEAST_COUNTED:
            continue
        one = Movement(dimension, key, now, before)
        if abs(one.promises) >= _LEAST_PROMISES and abs(one.points) >= _LEAST_POINTS:
            yield one


def _with_hours(few: Few, closed: Collection[int]) -> Few:
    """The hours of the week as two: those that are closed and the others."""
    found: Few = {}
    for (place, dimension, key), share in few.items():
        name = key if dimension != "hour" else "out" if int(key) in closed else "in"
        found[place, dimension, name] = found.get((place, dimension, name), Share()) + share
    return found
