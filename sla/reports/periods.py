"""A stretch of days that a report is about, as the address says it, and the one it is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import db, each_its_plan
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Brand
from sla.reports.hours import House

NAMES = ("today", "week", "month", "quarter", "year")
_MOST_DAYS = 3660
_YEARS = range(1900, 3000)


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the house's zone, from the first up to but without `until`."""

    name: str
    """One of `NAMES`, or "days" for two dates somebody typed."""
    since: date
    until: date
    house: House
    is_a_year_before: bool = False
    """It was made of another one, by going back a year."""

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    def year_before(self) -> Period:
        """The same days a year before; 29 February becomes the 28th."""
        return replace(self, since=_a_year_before(self.since), until=_a_year_before(self.until), is_a_year_before=True)

    def before(self) -> Period:
        """As many days, just before."""
        return replace(self, since=self.since - timedelta(days=self.days), until=self.since)

    def today(self) -> date:
        """The day it is where its days begin."""
        return now().astimezone(self.house.zone).date()

    def closed(self) -> frozenset[int]:
        """The hours of the week that were closed before it ended."""
        return self.house.closed(self.until)


def zone() -> ZoneInfo:
    """Where the days of reports begin."""
    return ZoneInfo(db.session.scalars(select(Brand.zone).order_by(Brand.id).limit(1)).one())


def house() -> House:
    """The brand's zone, and its hours. Every report begins here, so from here on each statement gets its own plan."""
    each_its_plan()
    return House(zone())


def named(name: str, at: datetime, here: House) -> Period:
    """The one of `NAMES` that holds the instant, up to and with its day: weeks begin on Mondays.

    Raises:
        Invalid: there is no period of this name.
    """
    today = at.astimezone(here.zone).date()
    firsts = {
        "today": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "quarter": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        "year": today.replace(month=1, day=1),
    }
    if name not in firsts:
        raise Invalid("There is no such period.", {"period": "Choose today, week, month, quarter or year."})
    return Period(name, firsts[name], today + timedelta(days=1), here)


def between(since: str, until: str, here: House) -> Period:
    """Two days as they are typed, both counted; one alone is a single day, or up to today.

    Raises:
        Invalid: one is no date, they are the wrong way round, or more than ten years lie between them.
    """
    first, last = _day(since, "from"), _day(until, "to") if until else now().astimezone(here.zone).date()
    if last < first:
        raise Invalid("These days are the wrong way round.", {"to": "This is before the first day."})
    if (last - first).days > _MOST_DAYS:
        raise Invalid("That is too long.", {"from": "Choose ten years at most."})
    return Period("days", first, last + timedelta(days=1), here)


def _day(typed: str, field: str) -> date:
    """A year far off is a slip, and years before and after it must be days too."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        found = date.min
    if found.year not in _YEARS:
        raise Invalid("This is no day.", {field: "Type a day as 2026-10-15."})
    return found


def _a_year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)
