"""Where days begin, and which hours of the week are closed: by the calendar most promises are counted in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from helpdesk.db import db
from sla.calendars.loading import versions_of
from sla.calendars.timeline import Timeline
from sla.policies.models import Clause

WEEK = 7 * 24
OUT_OR_IN = ("out", "in")
"""Values of the filter by hour that stand for all closed, or all open, hours of the week."""
_WEEKS, _HALF = 4, 1800


@dataclass(frozen=True)
class House:
    """The zone in which days begin and the hours of the week, each asked for once: one report goes by one house."""

    zone: ZoneInfo
    _closed: dict[date, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

    def closed(self, until: date) -> frozenset[int]:
        """The hours of the week, 0 from Monday 00:00, that are closed before the day `until`.

        One is open when it was for half an hour in any of the four weeks before, so that a holiday closes nothing.
        """
        if until not in self._closed:
            self._closed[until] = _closed(until, self.zone)
        return self._closed[until]

    def chosen(self, value: str, until: date) -> list[int]:
        """The hours a filter stands for: one by its number, all closed ones ("out") or all others ("in")."""
        if value not in OUT_OR_IN:
            return [int(value)]
        shut = self.closed(until)
        return [hour for hour in range(WEEK) if (hour in shut) == (value == "out")]


def name(hour: int) -> str:
    """Such as "Mon 09:00"."""
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[hour // 24]} {hour % 24:02}:00"


def _closed(until: date, where: ZoneInfo) -> frozenset[int]:
    timeline = _timeline(until, where)
    if timeline is None:
        return frozenset()
    monday = until - timedelta(days=until.weekday())
    weeks = [monday - timedelta(weeks=count) for count in range(_WEEKS)]
    return frozenset(hour for hour in range(WEEK) if not any(_is_open(timeline, week, hour, where) for week in weeks))


def _timeline(until: date, where: ZoneInfo) -> Timeline | None:
    used = func.count().label("used")
    most = select(Clause.calendar_id, used).where(Clause.calendar_id.is_not(None)).group_by(Clause.calendar_id)
    found = db.session.execute(most.order_by(used.desc(), Clause.calendar_id).limit(1)).first()
    if found is None or found[0] is None:
        return None
    versions = versions_of([found[0]]).get(found[0])
    return versions.timeline(_instant(until, 0, where)) if versions is not None else None


def _is_open(timeline: Timeline, monday: date, hour: int, where: ZoneInfo) -> bool:
    begin = _instant(monday, hour, where)
    return timeline.between(begin, begin + 3600) >= _HALF


def _instant(day: date, hour: int, where: ZoneInfo) -> float:
    """POSIX seconds of an hour after a midnight on the wall clock."""
    return datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), where).timestamp()
