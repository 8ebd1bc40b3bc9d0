"""How much the people who will be there usually get done: their habits of the last eight weeks, hour by hour.

- A person's *usual rate* in an hour of the week is how many promises they decided in it, on average of those weeks.
- Whoever is on call in an hour they have no habit in is taken at their own pace: the mean of the hours they do work in.
- Who is away counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.people.models import Agent
from sla.oncall import loading
from sla.oncall.models import OnCallAbsence, OnCallSchedule
from sla.oncall.roster import FIRST
from sla.reports.forecasting import Room
from sla.reports.models import PromiseOutcome

WEEKS = 8


@dataclass(frozen=True, slots=True)
class Habit:
    """What a person usually decides: promises by hour of the week, Monday 00:00 being 0."""

    agent_id: int
    rates: Mapping[int, float] = field(default_factory=dict)

    @property
    def pace(self) -> float:
        """Promises an hour while they work."""
        return sum(self.rates.values()) / len(self.rates) if self.rates else 0.0


@dataclass(frozen=True, slots=True)
class There:
    """Who is there in an hour, with the rate each is good for."""

    start: int
    end: int
    rates: Mapping[int, float]

    @property
    def room(self) -> Room:
        return Room(self.start, self.end, sum(self.rates.values()))


Stretch = tuple[int, int, int]
"""An agent, from and until; POSIX seconds."""


def ahead(now: datetime, until: datetime, zone: ZoneInfo) -> tuple[list[There], list[Habit]]:
    """Every hour from the one that runs, and the habits it is worked out from."""
    habits = habits_of(now)
    on_call = list(_on_call(now, until))
    away = _away(now, until)
    return list(there(_hours(now, until), habits, on_call, away, zone)), habits


def there(
    hours: Iterable[tuple[int, int]], habits: Sequence[Habit], on_call: Sequence[Stretch], away: Sequence[Stretch],
    zone: ZoneInfo,
) -> Iterator[There]:  # fmt: skip
    """Of each hour, who is there; whoever is there for a part of it counts for that part."""
    for start, end in hours:
        slot = hour_of_week(start, zone)
        rates = {}
        for habit in habits:
            usual = habit.rates.get(slot)
            rate = usual if usual is not None else habit.pace * _share(on_call, habit.agent_id, start, end)
            rate *= 1 - _share(away, habit.agent_id, start, end)
            if rate > 0:
                rates[habit.agent_id] = rate
        yield There(start, end, rates)


def habits_of(now: datetime) -> list[Habit]:
    """Of everybody who still works here and decided something in the weeks before."""
    asked = (
        select(PromiseOutcome.agent_id, PromiseOutcome.hour, func.count())
        .join(Agent, Agent.id == PromiseOutcome.agent_id)
        .where(PromiseOutcome.settled_at >= now - timedelta(weeks=WEEKS), PromiseOutcome.settled_at < now)
        .where(PromiseOutcome.day >= (now - timedelta(weeks=WEEKS, days=1)).date())
        .where(PromiseOutcome.outcome != "void", Agent.deactivated_at.is_(None))
        .group_by(PromiseOutcome.agent_id, PromiseOutcome.hour)
    )
    found: dict[int, dict[int, float]] = {}
    for agent_id, hour, count in db.session.execute(asked):
        if agent_id is not None:
            found.setdefault(agent_id, {})[hour] = count / WEEKS
    return [Habit(agent_id, rates) for agent_id, rates in sorted(found.items())]


def hour_of_week(at: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(at, zone)
    return local.weekday() * 24 + local.hour


def _hours(now: datetime, until: datetime) -> Iterator[tuple[int, int]]:
    """Whole hours of the clock, the first one from now."""
    start, end = int(now.timestamp()), int(until.timestamp())
    while start < end:
        following = min((start // 3600 + 1) * 3600, end)
        yield start, following
        start = following


def _on_call(now: datetime, until: datetime) -> Iterator[Stretch]:
    schedules = db.session.scalars(select(OnCallSchedule.id).where(OnCallSchedule.archived_at.is_(None))).all()
    for schedule_id in schedules:
        rota = loading.load(schedule_id, since=now)
        shifts = rota.shifts(int(now.timestamp()), int(until.timestamp())) if rota is not None else ()
        yield from ((int(one.person), one.start, one.end) for one in shifts if one.lane == FIRST)  # backups are asleep


def _away(now: datetime, until: datetime) -> list[Stretch]:
    stands = OnCallAbsence.withdrawn_at.is_(None)
    rows = select(OnCallAbsence).where(stands, OnCallAbsence.ends_at > now, OnCallAbsence.starts_at < until)
    return [
        (one.agent_id, int(one.starts_at.timestamp()), int(one.ends_at.timestamp())) for one in db.session.scalars(rows)
    ]


def _share(stretches: Sequence[Stretch], agent_id: int, start: int, end: int) -> float:
    """Which part of an hour they cover; stretches of one person that overlap count as one whole hour at most."""
    covered = sum(max(0, min(until, end) - max(since, start)) for who, since, until in stretches if who == agent_id)
    return min(1.0, covered / (end - start))
