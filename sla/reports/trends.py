"""Weeks in a row, this year and the same weeks a year before: what a trend is drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sla.reports.figures import Share
from sla.reports.periods import Period

WEEKS = 12
_WEEK, _YEAR = timedelta(weeks=1), timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class Week:
    """A week from a Monday on, and the one 52 weeks before."""

    monday: date
    now: Share
    before: Share


def spans(period: Period) -> list[Period]:
    """The days a trend up to the end of a period is about: those of its weeks, and of the weeks a year before."""
    first, until = _first(period.until), period.until
    return [replace(period, since=first), replace(period, since=first - _YEAR, until=until - _YEAR)]


def weeks(days: dict[date, Share], until: date) -> list[Week]:
    """Twelve of them, the last up to `until`; each of both years up to the same weekday."""
    mondays = [_first(until) + count * _WEEK for count in range(WEEKS)]
    return [Week(monday, _week(days, monday, until), _week(days, monday - _YEAR, until - _YEAR)) for monday in mondays]


def _first(until: date) -> date:
    last = until - timedelta(days=1)
    return last - timedelta(days=last.weekday()) - (WEEKS - 1) * _WEEK


def _week(days: dict[date, Share], monday: date, until: date) -> Share:
    return sum(
        (days.get(monday + timedelta(days=n), Share()) for n in range(7) if monday + timedelta(days=n) < until), Share()
    )
