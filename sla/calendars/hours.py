"""Business time as arithmetic on one compiled table: open intervals in UTC with the seconds open before each.

Instants are POSIX seconds (float, exact to the microsecond); durations are
business seconds. When a duration ends on the last open second, the closing
instant is its end, never the next opening.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from sla.calendars.rules import DAY, Rules
from sla.calendars.spans import merged, without
from sla.calendars.walls import resolve

YEAR = timedelta(days=366)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_EMPTY_AFTER = timedelta(days=366 * 30)
"""A calendar that opens nowhere in so long a time has no open time."""


class NoOpenTime(ValueError):
    """The calendar never opens, or not any more: nothing can fall due in it."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An open stretch, closed at `end` itself."""

    start: int
    end: int


class Hours:
    """A calendar version, compiled. The table grows by itself where it is asked beyond its ends."""

    def __init__(self, rules: Rules, *, around: date, back: timedelta = YEAR, ahead: timedelta = 4 * YEAR) -> None:
        """Compile the days from `back` before `around` to `ahead` after it.

        Raises:
            NoOpenTime: the calendar has no open time at all.
        """
        if rules.never_opens:
            raise NoOpenTime("This calendar is never open. Give at least one day hours.")
        self.rules = rules
        self._first, self._last = around - back, around + ahead
        self._low, self._high = 0.0, 0.0
        """Between these instants the table is known to be whole."""
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []
        """Business seconds before each interval, counted from the table's beginning."""
        self._through: list[float] = []
        """The same up to its end."""
        self._edges: list[float] = []
        """Starts and ends in turn: behind an odd number of them it is open."""
        self._passed: list[float] = []
        """Behind that many edges: the business seconds so far, less the instant itself where it is open."""
        self._compile()

    def add(self, instant: float, seconds: float) -> float:
        """The instant at which `seconds` of open time have passed since `instant`.

        Raises:
            ValueError: `seconds` is negative. NoOpenTime: the calendar does not stay open that long.
        """
        if seconds < 0:
            raise ValueError("a duration is not negative")
        while True:
            if not self._low <= instant <= self._high:
                self._cover(instant)
            i = bisect_right(self._ends, instant)
            if i < len(self._starts):
                start = self._starts[i]
                if not seconds:
                    return max(instant, start)
                target = self._before[i] + seconds
                if instant > start:
                    target += instant - start
                j = i if target <= self._through[i] else bisect_left(self._through, target)
                if j < len(self._through):
                    return self._starts[j] + target - self._before[j]
            self._grow_ahead()

    def add_to(self, at: datetime, seconds: float) -> datetime:
        """`add` for an aware instant; the answer is in UTC."""
        return _EPOCH + timedelta(0, self.add(at.timestamp(), seconds))

    def subtract(self, instant: float, seconds: float) -> float:
        """The latest instant from which `seconds` of open time lead to `instant`.

        Raises:
            ValueError: `seconds` is negative. NoOpenTime: the calendar was not open that long.
        """
        if seconds < 0:
            raise ValueError("a duration is not negative")
        while True:
            if not self._low <= instant <= self._high:
                self._cover(instant)
            i = bisect_left(self._starts, instant) - 1
            if i >= 0:
                begin = min(instant, self._ends[i])
                if not seconds:
                    return begin
                target = self._before[i] + begin - self._starts[i] - seconds
                if target >= 0:
                    j = bisect_right(self._before, target) - 1
                    return self._starts[j] + target - self._before[j]
            self._grow_back()

    def between(self, start: float, end: float) -> float:
        """Open seconds from `start` to `end`; negative when `end` comes first."""
        if not self._low <= start <= end <= self._high:
            self._cover(start)
            self._cover(end)
        edges, passed = self._edges, self._passed
        i, j = bisect_right(edges, start), bisect_right(edges, end)
        return (passed[j] + end if j & 1 else passed[j]) - (passed[i] + start if i & 1 else passed[i])

    def between_instants(self, start: datetime, end: datetime) -> float:
        """`between` for aware instants."""
        return self.between(start.timestamp(), end.timestamp())

    def is_open(self, instant: float) -> bool:
        self._cover(instant)
        i = bisect_right(self._starts, instant) - 1
        return i >= 0 and instant < self._ends[i]

    def next_open(self, instant: float) -> float:
        """The instant itself when open, else the next opening.

        Raises:
            NoOpenTime: it does not open any more.
        """
        return self.add(instant, 0)

    def has_hours(self, day: date) -> bool:
        """Whether any open time belongs to `day`: overnight windows belong to the day they start on."""
        opened = merged(_opened(self.rules, day, day))
        return any(without(opened, merged(_broken(self.rules, day, day + timedelta(days=1)))))

    def breaks(self, start: float, end: float) -> Iterator[tuple[date, int]]:
        """The breaks that close it between two instants, by their day and wall time (seconds after midnight).

        One outside the hours of its day is none: nobody is kept from anything by it.
        """
        for day, windows in sorted(self.rules.breaks.items()):
            for window in sorted(windows):
                began = resolve(day, window.start, self.rules.zone, "start")
                ended = resolve(day, window.end, self.rules.zone, "end")
                if began < end and start < ended and self._would_open(day, began, ended):
                    yield day, window.start

    def intervals(self, start: float, *, until: float | None = None) -> Iterator[Interval]:
        """Open stretches from `start` on, the first cut to begin there; endless without `until`."""
        at = start
        while True:
            opening = self.add(at, 0)
            if until is not None and opening >= until:
                return
            end = self._ends[bisect_right(self._starts, opening) - 1]
            yield Interval(int(opening), int(end if until is None else min(end, until)))
            if until is not None and end >= until:  # what lies behind is not asked, so the table need not grow for it
                return
            at = end

    def _would_open(self, day: date, start: float, end: float) -> bool:
        """Around a day, if it had no breaks."""
        opened = _opened(self.rules, day - timedelta(days=1), day + timedelta(days=1))
        return any(opens < end and start < closes for opens, closes in opened)

    def _cover(self, instant: float) -> None:
        while self._starts and instant > self._ends[-1] and instant > self._high:
            self._grow_ahead()
        while instant < self._low:
            self._grow_back()

    def _grow_ahead(self) -> None:
        if self._last - self._known_last() > _EMPTY_AFTER or self._last.year > 9_000:
            raise NoOpenTime("This calendar does not open any more.")
        self._last += 2 * YEAR
        self._compile()

    def _grow_back(self) -> None:
        if self._known_first() - self._first > _EMPTY_AFTER or self._first.year < 1_000:
            raise NoOpenTime("This calendar was not open before that.")
        self._first -= 2 * YEAR
        self._compile()

    def _known_last(self) -> date:
        return datetime.fromtimestamp(self._ends[-1], UTC).date() if self._ends else self._first

    def _known_first(self) -> date:
        return datetime.fromtimestamp(self._starts[0], UTC).date() if self._starts else self._last

    def _compile(self) -> None:
        opened = merged(_opened(self.rules, self._first, self._last))
        cut = without(opened, merged(_broken(self.rules, self._first, self._last)))
        spans = [(float(start), float(end)) for start, end in cut]  # a float is compared with floats the fastest
        self._starts, self._ends = [start for start, _ in spans], [end for _, end in spans]
        self._through = list(accumulate(end - start for start, end in spans))
        self._before = [0.0, *self._through][: len(spans)]
        self._edges = [edge for span in spans for edge in span]
        self._passed = [0.0]
        for start, before, through in zip(self._starts, self._before, self._through, strict=True):
            self._passed += (before - start, through)
        # a window of the night before the first day may reach two days in, and zones begin a day before UTC
        self._low, self._high = _midnight(self._first) + 3 * DAY, _midnight(self._last) - DAY


def _opened(rules: Rules, first: date, last: date) -> Iterator[tuple[int, int]]:
    offsets = _offsets(rules.zone, first, last)
    for place, offset in enumerate(offsets):
        day = date.fromordinal(first.toordinal() + place)
        for window in rules.on(day):
            if offset is None:
                yield resolve(day, window.start, rules.zone, "start"), resolve(day, window.end, rules.zone, "end")
            else:
                midnight = (day.toordinal() - _EPOCH_DAY) * DAY - offset
                yield midnight + window.start, midnight + window.end


def _offsets(zone: ZoneInfo, first: date, last: date) -> list[int | None]:
    """Seconds between UTC and the wall for each day; None where the wall is moved near that day.

    Asked once a day: no zone has ever moved its wall and moved it back within two days.
    """
    begin = _midnight(first) - DAY
    found = [_offset(begin + place * DAY, zone) for place in range((last - first).days + 6)]
    steady: list[int | None] = list(found[1 : (last - first).days + 2])
    for place, (one, then) in enumerate(pairwise(found)):
        if one != then:  # a window reaches from its day's midnight at most two days ahead, a zone a day around that
            steady[max(0, place - 4) : place + 1] = [None] * len(steady[max(0, place - 4) : place + 1])
    return steady


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _broken(rules: Rules, first: date, last: date) -> Iterator[tuple[int, int]]:
    for day, windows in rules.breaks.items():
        if first <= day <= last:
            for window in windows:
                yield resolve(day, window.start, rules.zone, "start"), resolve(day, window.end, rules.zone, "end")


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
