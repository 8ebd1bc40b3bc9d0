"""Hours in the course of time: each version of a calendar counts while it is in force. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from sla.calendars.hours import Hours, Interval


@dataclass(frozen=True, slots=True)
class Segment:
    """One calendar version and the instant (POSIX seconds) from which it counts."""

    since: float
    hours: Hours


class Timeline:
    """Calendar versions in order; the first also counts for all time before it. Arithmetic as in `Hours`."""

    __slots__ = ("_since", "segments")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._since = [-inf, *(segment.since for segment in self.segments[1:])]

    def then(self, since: float, hours: Hours) -> Timeline:
        """This one until `since`, `hours` from then on."""
        earlier = [segment for segment in self.segments if segment.since < since]
        return Timeline([*(earlier or [Segment(-inf, self.segments[0].hours)]), Segment(since, hours)])

    def between(self, start: float, end: float) -> float:
        """Open seconds from `start` to `end`, which does not come first."""
        if len(self.segments) == 1:
            return self.segments[0].hours.between(start, end)
        first, last = self._index(start), self._index(end)
        if first == last:
            return self.segments[first].hours.between(start, end)
        total = 0.0
        for i in range(first, last + 1):
            low, high = max(start, self._since[i]), min(end, self._until(i))
            if high > low:
                total += self.segments[i].hours.between(low, high)
        return total

    def add(self, instant: float, seconds: float) -> float:
        """When `seconds` of open time have passed since `instant`; the closing instant when they fill the day.

        Raises:
            NoOpenTime: it does not stay open that long.
        """
        if len(self.segments) == 1:
            return self.segments[0].hours.add(instant, seconds)
        for i in range(self._index(instant), len(self.segments) - 1):
            hours, until = self.segments[i].hours, self._until(i)
            room = hours.between(instant, until)
            if room and seconds <= room:
                return hours.add(instant, seconds)
            seconds -= room
            instant = until
        return self.segments[-1].hours.add(instant, seconds)

    def is_open(self, instant: float) -> bool:
        return self.at(instant).is_open(instant)

    def next_open(self, instant: float) -> float:
        """The instant itself when open, else the next opening.

        Raises:
            NoOpenTime: it does not open any more.
        """
        return self.add(instant, 0)

    def at(self, instant: float) -> Hours:
        """The version that counts at `instant`."""
        return self.segments[self._index(instant)].hours

    def intervals(self, start: float, until: float) -> Iterator[Interval]:
        """Open stretches from `start` to `until`, cut at both and where versions meet."""
        for i in range(self._index(start), len(self.segments)):
            low, high = max(start, self._since[i]), min(until, self._until(i))
            if high > low:
                yield from self.segments[i].hours.intervals(low, until=high)

    def _index(self, instant: float) -> int:
        return bisect_right(self._since, instant) - 1

    def _until(self, i: int) -> float:
        return self._since[i + 1] if i + 1 < len(self._since) else inf
