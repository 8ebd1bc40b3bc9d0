"""Durations with stretches in which the clock stands still, and durations counted in business days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.walls import resolve

Pause = tuple[float, float]
"""From and to, POSIX seconds."""

_FAR = 366 * 30


@dataclass(frozen=True, slots=True)
class Due:
    """When it falls due, and how many open seconds before that the clock stood still."""

    at: float
    paused: float


def due(hours: Hours, start: float, target: float, pauses: Sequence[Pause]) -> Due:
    """The instant at which `target` open seconds outside the pauses have passed since `start`.

    Raises:
        ValueError: the target is negative. NoOpenTime: the calendar does not stay open that long.
    """
    at, left, paused = start, target, 0.0
    for begin, end in _apart(pauses, since=start):
        if begin > at or not left:
            used = hours.between(at, max(begin, at))
            if used >= left:
                break
            left -= used
        paused += hours.between(max(begin, at), end)
        at = max(at, end)
    return Due(hours.add(at, left), paused)


def elapsed(hours: Hours, start: float, end: float, pauses: Sequence[Pause]) -> float:
    """Open seconds from `start` to `end` outside the pauses."""
    stood = sum(
        hours.between(max(start, begin), min(end, until))
        for begin, until in _apart(pauses, since=start)
        if begin < end and until > start
    )
    return hours.between(start, end) - stood


def add_days(hours: Hours, start: float, days: int) -> float:
    """The same wall time on the n-th later day that has hours, then rolled forward into hours."""
    return hours.next_open(_same_wall_time(hours, start, days, step=1))


def subtract_days(hours: Hours, start: float, days: int) -> float:
    """The same wall time on the n-th earlier day that has hours, then rolled back into hours."""
    return hours.subtract(_same_wall_time(hours, start, days, step=-1), 0)


def _same_wall_time(hours: Hours, start: float, days: int, *, step: int) -> float:
    if days < 0:
        raise ValueError("a number of days is not negative")
    zone = hours.rules.zone
    local = datetime.fromtimestamp(start, UTC).astimezone(zone)
    day, searched = local.date(), 0
    for _ in range(days):
        day += timedelta(days=step)
        while not hours.has_hours(day):
            day += timedelta(days=step)
            searched += 1
            if searched > _FAR:
                raise NoOpenTime("This calendar has not that many days with hours.")
    if not days:
        return start
    wall = local.hour * 3600 + local.minute * 60 + local.second
    return resolve(day, wall, zone, "start") + local.microsecond / 1e6


def _apart(pauses: Sequence[Pause], *, since: float) -> list[Pause]:
    """Sorted, overlapping ones as one, those that ended before `since` gone."""
    apart: list[Pause] = []
    for begin, end in sorted(pause for pause in pauses if pause[0] < pause[1] and pause[1] > since):
        if apart and begin <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((begin, end))
    return apart
