"""Wall time to instant, where the wall time may be missing or come twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Side = Literal["start", "end"]


def resolve(day: date, seconds: int, zone: ZoneInfo, side: Side) -> int:
    """The instant (POSIX seconds) of a wall time given as seconds after midnight of `day`.

    A wall time that a clock change skips means the first instant that exists after
    it. One that comes twice means the first time as a start, the last as an end.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)  # noqa: DTZ001 - a wall time has no zone
    early, late = _instant(wall, zone, fold=0), _instant(wall, zone, fold=1)
    if early <= late:  # exists: once, or twice
        return early if side == "start" else late
    return _change_between(late, early, zone)


def _instant(wall: datetime, zone: ZoneInfo, *, fold: int) -> int:
    return int(wall.replace(tzinfo=zone, fold=fold).timestamp())


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The first second of the new offset; it lies in (low, high]."""
    new = _offset(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(middle, zone) == new:
            high = middle
        else:
            low = middle
    return high


def _offset(instant: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
