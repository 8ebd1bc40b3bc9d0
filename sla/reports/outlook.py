"""The next day and the next five working days: what falls due, the room there is, what will slip, what one could do.

The scheduler makes one each hour and keeps it as it was told; the first of a day is judged later by what came of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select

from helpdesk.db import db
from helpdesk.now import now
from sla.commitments.models import Commitment
from sla.reports import figures, periods, room
from sla.reports.forecasting import Chance, Due, brier, chances, expected
from sla.reports.hours import House
from sla.reports.models import Forecast, ForecastItem, PromiseOutcome
from sla.reports.periods import Period
from sla.reports.room import There
from sla.reports.suggesting import Suggestion, suggest

DAY = timedelta(hours=24)
_WORKING_DAYS = 5
_LOOK_AHEAD = timedelta(days=10)
_KEPT_FOR = timedelta(days=36)
_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Hour:
    """Promises that fall due in an hour of the clock, and the room in it; POSIX seconds."""

    start: int
    end: int
    due: int
    room: float


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """The same of a day in which anybody works, with how many are expected to slip."""

    day: date
    due: int
    room: float
    slips: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected, as of `made_at`."""

    made_at: datetime
    hours: tuple[Hour, ...]
    days: tuple[WorkingDay, ...]
    mean: float
    low: int
    high: int
    likely: tuple[int, ...]
    """Commitments of the next day that slip more likely than not, the soonest first."""
    suggestion: Suggestion | None


@dataclass(frozen=True, slots=True)
class Record:
    """How the forecasts of a week did. Brier scores: 0 is perfect; None where nothing was decided yet."""

    forecasts: int
    promises: int
    score: float | None
    score_of_none: float | None
    """Of whoever says that nothing slips."""
    score_of_usual: float | None
    """Of whoever says that each slips as often as in the four weeks before."""
    within: int
    """Forecasts whose bounds held what came."""


def tick() -> None:
    """Make the outlook of this hour. Commits."""
    make(now())
    db.session.commit()


def latest() -> Outlook | None:
    """The newest, or None before the first was made."""
    row = db.session.scalars(select(Forecast).order_by(Forecast.made_at.desc(), Forecast.id.desc()).limit(1)).first()
    return _read(row) if row is not None else None


def items() -> list[Chance]:
    """Of the newest: each promise of its day with how likely it is to slip."""
    newest = select(Forecast.id).order_by(Forecast.made_at.desc(), Forecast.id.desc()).limit(1).scalar_subquery()
    rows = select(ForecastItem.commitment_id, ForecastItem.slips).where(ForecastItem.forecast_id == newest)
    return [Chance(key, slips) for key, slips in db.session.execute(rows)]


def make(at: datetime) -> Outlook:
    """Work it out and keep it. It flushes only."""
    zone = periods.zone()
    hours, _habits = room.ahead(at, at + _LOOK_AHEAD, zone)
    due, last = _due(at + _LOOK_AHEAD)
    told = chances(last, [one.room for one in hours], at.timestamp())
    within = {one.key for one in due if one.at < (at + DAY).timestamp()}
    today = [one for one in told if one.key in within]
    counted = expected([one.slips for one in today])
    picture = Outlook(
        made_at=at,
        hours=_by_hour(due, hours, (at + DAY).timestamp()),
        days=_by_day(due, told, hours, zone),
        mean=counted.mean,
        low=counted.low,
        high=counted.high,
        likely=tuple(one.key for one in today if one.slips > _LIKELY),
        suggestion=suggest(due, hours, at.timestamp(), (at + DAY).timestamp()),
    )
    _keep(picture, today, zone)
    return picture


def record(at: datetime) -> Record:
    """Of the forecasts judged in the seven days before, whose day is over."""
    rows = db.session.execute(
        select(Forecast.id, Forecast.low, Forecast.high, Forecast.usual, ForecastItem.slips, PromiseOutcome.outcome)
        .outerjoin(ForecastItem, ForecastItem.forecast_id == Forecast.id)
        .outerjoin(PromiseOutcome, PromiseOutcome.commitment_id == ForecastItem.commitment_id)
        .where(Forecast.is_judged, Forecast.until <= at, Forecast.until > at - timedelta(days=7))
    ).all()
    decided = [row for row in rows if row.outcome in ("kept", "broken")]
    slipped: dict[int, int] = {row.id: 0 for row in rows}
    for row in decided:
        slipped[row.id] += row.outcome == "broken"
    bounds = {row.id: (row.low, row.high) for row in rows}
    return Record(
        forecasts=len(bounds),
        promises=len(decided),
        score=brier([(row.slips, row.outcome == "broken") for row in decided]),
        score_of_none=brier([(0.0, row.outcome == "broken") for row in decided]),
        score_of_usual=brier([(row.usual, row.outcome == "broken") for row in decided]),
        within=sum(low <= slipped[key] <= high for key, (low, high) in bounds.items()),
    )


def _due(until: datetime) -> tuple[list[Due], list[Due]]:
    """What falls due, the soonest first; and the same by when it is late: due as the doors close, when they open."""
    running = select(Commitment.id, Commitment.due_at, Commitment.breaks_at).where(
        Commitment.outcome == "running", Commitment.due_at < until
    )
    rows = db.session.execute(running.order_by(Commitment.due_at, Commitment.id)).all()
    due = [Due(key, at.timestamp()) for key, at, _ in rows if at]
    return due, [Due(key, (breaks or at).timestamp()) for key, at, breaks in rows if at]


def _by_hour(due: Sequence[Due], hours: Sequence[There], until: float) -> tuple[Hour, ...]:
    instants = [one.at for one in due]
    return tuple(
        Hour(one.start, one.end, bisect_right(instants, one.end - 1e-6) - bisect_right(instants, one.start - 1e-6),
             sum(one.rates.values()) * (one.end - one.start) / 3600)
        for one in hours if one.start < until
    )  # fmt: skip


def _by_day(
    due: Sequence[Due], told: Sequence[Chance], hours: Sequence[There], zone: ZoneInfo
) -> tuple[WorkingDay, ...]:
    slips = {one.key: one.slips for one in told}
    rooms: dict[date, float] = {}
    for one in hours:
        worth = sum(one.rates.values()) * (one.end - one.start) / 3600
        rooms[_day(one.start, zone)] = rooms.get(_day(one.start, zone), 0.0) + worth
    working = [day for day, worth in rooms.items() if worth > 0][:_WORKING_DAYS]
    fall: Mapping[date, list[Due]] = {day: [] for day in working}
    for promise in due:
        if (day := _day(int(promise.at), zone)) in fall:
            fall[day].append(promise)
    return tuple(
        WorkingDay(day, len(those), rooms[day], sum(slips[one.key] for one in those)) for day, those in fall.items()
    )


def _day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _keep(told: Outlook, items: Sequence[Chance], zone: ZoneInfo) -> None:
    db.session.execute(delete(Forecast).where(~Forecast.is_judged | (Forecast.made_at < told.made_at - _KEPT_FOR)))
    midnight = datetime.combine(told.made_at.astimezone(zone).date(), datetime.min.time(), zone)
    today = select(Forecast.id).where(Forecast.is_judged, Forecast.made_at >= midnight).limit(1)
    before = figures.share(_four_weeks(told.made_at, zone), {})
    row = Forecast(
        made_at=told.made_at,
        until=told.made_at + DAY,
        is_judged=db.session.scalars(today).first() is None,
        mean=told.mean,
        low=told.low,
        high=told.high,
        usual=before.broken / before.counted if before.counted else 0.0,
        picture=_written(told),
    )
    db.session.add(row)
    db.session.flush()
    if items:
        values = [{"forecast_id": row.id, "commitment_id": one.key, "slips": one.slips} for one in items]
        db.session.execute(insert(ForecastItem), values)


def _four_weeks(at: datetime, zone: ZoneInfo) -> Period:
    today = at.astimezone(zone).date()
    return Period("days", today - timedelta(days=28), today, House(zone))


def _written(told: Outlook) -> dict[str, Any]:
    return {
        "hours": [[one.start, one.end, one.due, one.room] for one in told.hours],
        "days": [[one.day.isoformat(), one.due, one.room, one.slips] for one in told.days],
        "likely": list(told.likely),
        "suggestion": asdict(told.suggestion) if told.suggestion is not None else None,
    }


def _read(row: Forecast) -> Outlook:
    said = row.picture
    return Outlook(
        made_at=row.made_at,
        hours=tuple(Hour(*one) for one in said["hours"]),
        days=tuple(WorkingDay(date.fromisoformat(day), *rest) for day, *rest in said["days"]),
        mean=row.mean,
        low=row.low,
        high=row.high,
        likely=tuple(said["likely"]),
        suggestion=Suggestion(**said["suggestion"]) if said["suggestion"] else None,
    )
