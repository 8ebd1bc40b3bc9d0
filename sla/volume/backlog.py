"""What is not done: how many tickets, how old, in whose hands; now, or at the end of any day there was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import ColumnElement, String, case, cast, func, null, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import db
from sla.reports.periods import Period
from sla.volume import bands, lists
from sla.volume.dimensions import TOPIC, Filters
from sla.volume.figures import asked_for
from sla.volume.models import VolumeStretch

_COLUMNS: Mapping[str, InstrumentedAttribute[str] | InstrumentedAttribute[int | None]] = {
    "customer": VolumeStretch.organization_id,
    "team": VolumeStretch.team_id,
    "agent": VolumeStretch.agent_id,
    "channel": VolumeStretch.channel_kind,
}


@dataclass(frozen=True, slots=True)
class Open:
    """How many tickets by the bands of `bands.AGE_WORDS`."""

    ages: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.ages)


def instant(period: Period, now: datetime) -> datetime | None:
    """The end of the last day, None where that is not over."""
    end = datetime.combine(period.until, time(), period.house.zone)
    return end if end <= now else None


def total(at: datetime | None, now: datetime, filters: Filters) -> Open:
    counted = select(*_ages(at or now, VolumeStretch.began_at)).where(*lists.stretches(at, filters))
    return Open(tuple(db.session.execute(counted).one()))


def by(dimension: str, at: datetime | None, now: datetime, filters: Filters) -> Mapping[str, Open]:
    """By the value of a dimension as text; a ticket of several topics is in each of them."""
    column = _topic() if dimension == TOPIC else _COLUMNS[dimension]
    mine = select(cast(column, String).label("key"), VolumeStretch.began_at).where(*lists.stretches(at, filters))
    one = mine.subquery()
    key = func.coalesce(one.c.key, "")
    counted = select(key, *_ages(at or now, one.c.began_at)).group_by(key)
    found = {row[0]: Open(tuple(row[1:])) for row in db.session.execute(counted)}
    return asked_for(found, filters) if dimension == TOPIC else found


def _topic() -> ColumnElement[int]:
    """A row for each of the topics, and one for none."""
    none = cast(array([null()]), VolumeStretch.topics.type)
    return func.unnest(case((func.cardinality(VolumeStretch.topics) == 0, none), else_=VolumeStretch.topics))


def _ages(at: datetime, began: ColumnElement[datetime] | InstrumentedAttribute[datetime]) -> list[ColumnElement[int]]:
    return [func.count().filter(*lists.aged(at, age, began)) for age in range(len(bands.AGE_WORDS))]
