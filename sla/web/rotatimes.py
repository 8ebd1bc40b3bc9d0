"""The axis of a rota's page: a week or a month on the wall of who looks, and what the address says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sla.calendars.rules import DAY
from sla.calendars.walls import resolve

_WEEK = re.compile(r"(\d{4})-W(\d\d)")
_MONTH = re.compile(r"(\d{4})-(\d\d)")


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Axis:
    """Whole days from `first`, midnight to midnight on the wall of `zone`."""

    first: date
    count: int
    zone: ZoneInfo

    @property
    def start(self) -> int:
        return resolve(self.first, 0, self.zone, "start")

    @property
    def end(self) -> int:
        return resolve(self.first + timedelta(days=self.count - 1), DAY, self.zone, "end")

    @property
    def days(self) -> list[Day]:
        edges = [resolve(self.first + timedelta(days=place), 0, self.zone, "start") for place in range(self.count)]
        edges.append(self.end)
        return [
            Day(self.first + timedelta(days=place), self.at(low), self.width(low, high))
            for place, (low, high) in enumerate(pairwise(edges))
        ]

    def at(self, instant: float) -> float:
        """Percent of the axis, kept within it."""
        share = (instant - self.start) / (self.end - self.start) * 100
        return round(min(100.0, max(0.0, share)), 3)

    def width(self, low: float, high: float) -> float:
        return round(self.at(high) - self.at(low), 3)


def week_of(day: date, zone: ZoneInfo) -> Axis:
    return Axis(day - timedelta(days=day.weekday()), 7, zone)


def asked_week(text: str, today: date, zone: ZoneInfo) -> Axis:
    """The week of "2026-W43", or this one of anything else."""
    found = _WEEK.fullmatch(text)
    try:
        day = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else today
    except ValueError:
        day = today
    return week_of(day if 1970 < day.year < 2200 else today, zone)


def asked_month(text: str, today: date) -> date:
    """The first of the month of "2026-10", or of this one of anything else."""
    found = _MONTH.fullmatch(text)
    if found and 1970 < int(found[1]) < 2200 and 1 <= int(found[2]) <= 12:
        return date(int(found[1]), int(found[2]), 1)
    return today.replace(day=1)


def weeks(month: date, zone: ZoneInfo) -> list[Axis]:
    """The weeks that any day of a month is in."""
    first = week_of(month, zone).first
    following = (month + timedelta(days=32)).replace(day=1)
    count = -(-(following - first).days // 7)
    return [Axis(first + timedelta(weeks=place), 7, zone) for place in range(count)]


def week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def days_in_words(first: date, last: date) -> str:
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%-d} to {last:%-d %B}"
    return f"{first:%-d %B} to {last:%-d %B}"
