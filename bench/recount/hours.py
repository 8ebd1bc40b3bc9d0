"""Open hours laid out as stretches of real time; all instants here are whole microseconds since 1970."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

SECOND = 1_000_000
FOREVER = 10**18
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FIRST, _LAST = date(2025, 1, 1), date(2027, 12, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micro(at: datetime) -> int:
    """An instant."""
    whole = at - _EPOCH
    return (whole.days * 86_400 + whole.seconds) * SECOND + whole.microseconds


class Hours:
    """A calendar: `versions` are its rules, each from its instant on, the first for all time before it too."""

    def __init__(self, versions: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        begins = [-FOREVER, *(at for at, _ in versions[1:])]
        ends = [*begins[1:], FOREVER]
        self.pieces: list[tuple[int, int]] = []
        for begin, end, (_, rules) in zip(begins, ends, versions, strict=True):
            laid = sorted(_laid_out(rules))
            self.pieces += [(max(a, begin), min(b, end)) for a, b in laid if max(a, begin) < min(b, end)]
        self._starts = [a for a, _ in self.pieces]
        self._sums = [0, *accumulate(b - a for a, b in self.pieces)]

    def is_open(self, at: int) -> bool:
        place = bisect_right(self._starts, at) - 1
        return place >= 0 and at < self.pieces[place][1]

    def between(self, since: int, until: int) -> int:
        return self._before(until) - self._before(since) if until > since else 0

    def within(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """The open stretches there, cut at both ends."""
        place = max(0, bisect_right(self._starts, since) - 1)
        while place < len(self.pieces) and self.pieces[place][0] < until:
            begin, end = max(self.pieces[place][0], since), min(self.pieces[place][1], until)
            if begin < end:
                yield begin, end
            place += 1

    def _before(self, at: int) -> int:
        place = bisect_right(self._starts, at) - 1
        if place < 0:
            return 0
        begin, end = self.pieces[place]
        return self._sums[place] + min(at, end) - begin


class Always(Hours):
    """No hour is closed."""

    def __init__(self) -> None:
        """Nothing is laid out."""

    def is_open(self, at: int) -> bool:
        return at < FOREVER

    def between(self, since: int, until: int) -> int:
        return max(0, until - since)

    def within(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        if since < until:
            yield since, until


def _laid_out(rules: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    zone, shut = ZoneInfo(rules["zone"]), set(rules.get("holidays", ()))
    day = _FIRST
    while day <= _LAST:
        if str(day) not in shut and str(day)[5:] not in shut:
            for begin, end in rules["hours"].get(_DAYS[day.weekday()], ()):
                later = day if end > begin else day + timedelta(days=1)
                yield _wall(day, begin, zone), _wall(later, end, zone)
        day += timedelta(days=1)


def _wall(day: date, clock: str, zone: ZoneInfo) -> int:
    hour, minute = map(int, clock.split(":"))
    return micro(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone))
