"""How many promises were kept: of a period, by day, by any dimension, for any filter.

One statement answers each question, so that it sees one state of the database (`sla.reports.sources`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Date, DateTime, Subquery, cast, func, literal, select, tuple_

from helpdesk.db import db
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Brand
from sla.reports import sources
from sla.reports.dimensions import Filters
from sla.reports.hours import House
from sla.reports.models import PromiseOutcome
from sla.reports.periods import Period
from sla.reports.sources import Spans

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Share:
    """Promises that were decided. Excused ones are among the broken."""

    kept: int = 0
    broken: int = 0
    excused: int = 0

    @property
    def counted(self) -> int:
        return self.kept + self.broken

    @property
    def percent(self) -> float | None:
        """Of the counted promises, never of averages; None where nothing was decided."""
        return 100 * self.kept / self.counted if self.counted else None

    def __add__(self, other: Share) -> Share:
        return Share(self.kept + other.kept, self.broken + other.broken, self.excused + other.excused)


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a dimension and what was decided for it."""

    key: str
    share: Share


Few = dict[tuple[int, str, str], Share]
"""By the place of a span, a dimension of `FEW` and its value."""


def share(period: Period, filters: Filters) -> Share:
    """Of the whole period."""
    return total(by_day([period], filters), period)


def this_year(filters: Filters, at: datetime) -> Share:
    """Of the year so far, which began at midnight in the brand's zone; the same statement asks for that."""
    reach = Period("days", date((at - _A_DAY).year, 1, 1), (at + 2 * _A_DAY).date(), House(ZoneInfo("UTC")))
    source = sources.counts([reach], filters)
    here = func.timezone(
        select(Brand.zone).order_by(Brand.id).limit(1).scalar_subquery(), literal(at, DateTime(timezone=True))
    )
    began = cast(func.date_trunc("year", here), Date)
    return Share(
        *(number or 0 for number in db.session.execute(select(*_sums(source)).where(source.c.day >= began)).one())
    )


def total(days: dict[date, Share], period: Period) -> Share:
    """Of the days that lie in the period."""
    return sum((each for day, each in days.items() if period.since <= day < period.until), Share())


def by_day(spans: Spans, filters: Filters) -> dict[date, Share]:
    """Of each day of the spans on which something was decided."""
    source = sources.counts(spans, filters)
    asked = select(source.c.day, *_sums(source)).group_by(source.c.day).order_by(source.c.day)
    return {day: Share(*numbers) for day, *numbers in db.session.execute(asked)}


def by(dimension: str, period: Period, filters: Filters, *, after: str | None = None, limit: int = 50) -> Slice[Row]:
    """The values with the most broken promises first, then those with the most decided ones; ties by their text."""
    source = sources.totals(period, filters, dimension)
    grouped = select(source.c.key, *_sums(source)).group_by(source.c.key).subquery()
    counted = grouped.c.kept + grouped.c.broken
    asked = select(grouped.c.key, grouped.c.kept, grouped.c.broken, grouped.c.excused)
    if after:
        broken, many, key = decode(after, int, int, str)
        asked = asked.where(tuple_(-grouped.c.broken, -counted, grouped.c.key) > tuple_(-broken, -many, key))
    asked = asked.order_by(grouped.c.broken.desc(), counted.desc(), grouped.c.key).limit(limit + 1)
    rows = [Row(key, Share(*numbers)) for key, *numbers in db.session.execute(asked)]
    return cut(rows, limit, lambda row: (row.share.broken, row.share.counted, row.key))


def few(spans: Spans, filters: Filters) -> Few:
    """Of each span, by each dimension that never has many values; a day of several spans counts in the first."""
    source = sources.few(spans, filters)
    names = source.c.span, source.c.dimension, source.c.key
    asked = select(*names, *_sums(source)).group_by(*names)
    return {(span, name, key): Share(*numbers) for span, name, key, *numbers in db.session.execute(asked)}


def first_day() -> date | None:
    """The first day anything was decided on."""
    return db.session.scalar(select(func.min(PromiseOutcome.day)).where(PromiseOutcome.outcome != "void"))


def _sums(source: Subquery) -> list[ColumnElement[int]]:
    return [cast(func.sum(source.c[name]), BigInteger).label(name) for name in ("kept", "broken", "excused")]
