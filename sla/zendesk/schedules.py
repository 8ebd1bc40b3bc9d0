"""Our calendars as schedules: minutes of the week from Sunday on, holidays day by day, zones with their summers. Pure.

What a week does not say is not in it: breaks of one day, other hours of one day, and versions that hold no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

_WEEK = 7 * 24 * 60
_SUNDAY = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
ALWAYS = 0
"""The schedule of what is counted around the clock."""


class Window(NamedTuple):
    """Open minutes of the week, counted from Sunday 00:00 on the wall."""

    start: int
    end: int


class Summer(NamedTuple):
    """When a zone's clocks are ahead, in UTC, and by how many hours."""

    year: int
    begins: datetime
    ends: datetime
    hours: float


def windows(hours: dict[str, list[list[str]]]) -> Iterator[Window]:
    """One that passes midnight goes on; one that passes the week goes on at its beginning."""
    for place, day in enumerate(_SUNDAY):
        for begin, end in hours.get(day, ()):
            start, until = _minutes(begin), _minutes(end)
            until += 24 * 60 if until <= start else 0
            first, last = place * 24 * 60 + start, place * 24 * 60 + until
            yield Window(first, min(last, _WEEK))
            if last > _WEEK:
                yield Window(0, last - _WEEK)


def holidays(said: Sequence[str], years: range) -> Iterator[date]:
    """Those of one day, and those of every year."""
    for one in said:
        if len(one) == 10:
            yield date.fromisoformat(one)
        else:
            yield from filter(None, (_day(year, one) for year in years))


def ahead(zone: ZoneInfo, at: datetime) -> int:
    """Minutes the wall is ahead of UTC, without summer time."""
    local = at.astimezone(zone)
    standard = (local.utcoffset() or timedelta()) - (local.dst() or timedelta())
    return int(standard.total_seconds() // 60)


def clock(minutes: int) -> str:
    """Such as +05:30."""
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def summers(zone: ZoneInfo, years: range) -> Iterator[Summer]:
    """Those that begin in these years."""
    began: datetime | None = None
    length = timedelta()
    for at, dst in _changes(zone, datetime(years.start, 1, 1, tzinfo=UTC), datetime(years.stop + 1, 1, 1, tzinfo=UTC)):
        if dst and began is None:
            began, length = at, dst
        elif not dst and began is not None:
            if began.year in years:
                yield Summer(began.year, began, at, length.total_seconds() / 3600)
            began = None


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Each instant summer time begins or ends, and by how much the clocks are ahead from then on."""
    before = begin.astimezone(zone).dst() or timedelta()
    day = begin
    while day < end:
        after = day + timedelta(days=1)
        dst = after.astimezone(zone).dst() or timedelta()
        if bool(dst) != bool(before):
            yield _exactly(zone, day, after, is_ahead=bool(dst)), dst
        before, day = dst, after


def _exactly(zone: ZoneInfo, low: datetime, high: datetime, *, is_ahead: bool) -> datetime:
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle <= low:
            break
        if bool(middle.astimezone(zone).dst()) is is_ahead:
            high = middle
        else:
            low = middle
    return high


def _minutes(said: Any) -> int:
    hour, minute = str(said).split(":")[:2]
    return int(hour) * 60 + int(minute)


def _day(year: int, said: str) -> date | None:
    month, day = said.split("-")
    try:
        return date(year, int(month), int(day))
    except ValueError:
        return None  # 29 February, in most years
