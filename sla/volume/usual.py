"""How long first replies usually take: the medians of the last five hundred, by the clock and in working hours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all

from helpdesk.db import db
from sla.reports.periods import Period
from sla.volume import lists
from sla.volume.dimensions import Filters
from sla.volume.models import VolumeFact

LAST = 500


@dataclass(frozen=True, slots=True)
class Usual:
    """Seconds."""

    clock: int
    working: int


def first_reply(period: Period, filters: Filters) -> Usual | None:
    """Of the days and filters; None where nobody was answered."""
    return by(ALONE, [""], period, filters).get("")


ALONE = "all"


def by(dimension: str, keys: Collection[str], period: Period, filters: Filters) -> dict[str, Usual]:
    """Of each value; one statement, which reads the newest of each by an index."""
    if not keys:
        return {}
    asked = [_of(dimension, key, period, filters) for key in keys]
    found = db.session.execute(union_all(*asked) if len(asked) > 1 else asked[0])
    return {key: Usual(int(clock), int(working)) for key, clock, working in found if clock is not None}


def _of(dimension: str, key: str, period: Period, filters: Filters) -> Select[Any]:
    mine = filters if dimension == ALONE else {**filters, dimension: key}
    newest = select(VolumeFact.clock_seconds, VolumeFact.working_seconds).where(*lists.facts("first", period, mine))
    last = newest.order_by(VolumeFact.at.desc(), VolumeFact.ticket_id.desc()).limit(LAST).subquery()
    middles = [func.percentile_disc(0.5).within_group(one) for one in (last.c.clock_seconds, last.c.working_seconds)]
    return select(literal(key).label("key"), *middles)
