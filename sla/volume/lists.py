"""What is behind a figure of service: the same conditions that are counted by, for facts and for what is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, TextClause, bindparam, func, text
from sqlalchemy.orm import InstrumentedAttribute

from sla.reports.periods import Period
from sla.volume import bands, figures
from sla.volume.dimensions import Filters
from sla.volume.models import VolumeFact, VolumeStretch

Condition = ColumnElement[bool] | TextClause
Began = ColumnElement[datetime] | InstrumentedAttribute[datetime]

WHAT = {
    "arrived": "Requests",
    "machine": "Mail that only machines wrote",
    "first": "First replies",
    "replied": "Replies",
    "done": "Done",
    "reopened": "Opened again",
}
CLOCKS = ("clock", "working")


def facts(what: str, period: Period, filters: Filters, band: tuple[str, int] | None = None) -> list[Condition]:
    """Of `WHAT`; `band` is one of `CLOCKS` and a place in `bands.REPLY_WORDS`."""
    kind = "replied" if what == "first" else what
    found: list[Condition] = [VolumeFact.kind == kind, VolumeFact.day >= period.since, VolumeFact.day < period.until]
    found += _chosen(filters, VolumeFact.__tablename__)
    if what == "first":
        found.append(VolumeFact.is_first.is_(True))
    return found + (_within(*band) if band is not None else [])


def stretches(at: datetime | None, filters: Filters) -> list[Condition]:
    """Those open at an instant; None for now. What is open is open at all hours."""
    during = func.tstzrange(VolumeStretch.since, VolumeStretch.until).op("@>")(at)
    kept = {name: value for name, value in filters.items() if name not in {"hour", "when"}}
    return [VolumeStretch.until.is_(None) if at is None else during, *_chosen(kept, VolumeStretch.__tablename__)]


def aged(at: datetime, age: int, began: Began = VolumeStretch.began_at) -> list[ColumnElement[bool]]:
    """Tickets that are so old at an instant, by the clock; a place in `bands.AGE_WORDS`."""
    at = at.astimezone(UTC)  # where clocks change, a day before on the wall is not 24 hours before
    youngest, oldest = (None, *bands.AGE)[age], (*bands.AGE, None)[age]
    found = [began <= at - timedelta(seconds=youngest)] if youngest is not None else []
    return found + ([began > at - timedelta(seconds=oldest)] if oldest is not None else [])


def _chosen(filters: Filters, table: str) -> list[Condition]:
    return [
        text(said).bindparams(*(bindparam(name, value, unique=True) for name, value in values.items()))
        for said, values in figures.conditions(filters, table)
    ]


def _within(clock: str, place: int) -> list[Condition]:
    column = VolumeFact.clock_seconds if clock == "clock" else VolumeFact.working_seconds
    low, high = (-1, *bands.REPLY)[place], (*bands.REPLY, None)[place]
    return [column > low, *([column <= high] if high is not None else [])]
