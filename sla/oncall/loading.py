"""Schedules from the database as rosters: what was said, agreed and known of absences, by the version in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import db
from sla.calendars import reading as calendars
from sla.calendars.models import CalendarVersion
from sla.calendars.rules import Rules
from sla.oncall import reading
from sla.oncall.models import OnCallAbsence, OnCallOverride, OnCallSchedule, ScheduleVersion
from sla.oncall.resolving import Roster
from sla.oncall.roster import FIRST, Absence, Override, Plan, Planned, Schedule, Shift, Swap
from sla.oncall.succeeding import in_course


@dataclass(frozen=True)
class Rota:
    """One schedule in the course of its versions."""

    schedule: OnCallSchedule
    versions: tuple[tuple[int, Schedule], ...]
    """What it says from an instant on, until the next; oldest first, at least one."""
    roster: Roster
    """All of them as one; its zone and rest are the newest's."""

    def said(self, at: int) -> Schedule:
        """What it says at an instant; before the first version what that says."""
        return next((said for since, said in reversed(self.versions) if since <= at), self.versions[0][1])

    def on_call(self, at: int, lane: int = FIRST) -> list[int]:
        """The agents who ring."""
        return [int(person) for person in self.roster.on_call(at, lane)]

    def shifts(self, start: int, end: int) -> tuple[Shift, ...]:
        """Who rings between two instants, cut at both."""
        return self.roster.shifts(start, end)

    def turns(self, start: int, end: int) -> tuple[Shift, ...]:
        """Who would ring between them if nothing were agreed otherwise; the absent are away all the same."""
        said = replace(self.roster.schedule, overrides=(), swaps=(), plans=())
        return Roster(said).shifts(start, end)

    def takeover(self, at: int, end: int) -> Shift | None:
        """The next shift after `at` in which somebody is first who was not until then."""
        first = [one for one in self.shifts(at, end) if one.lane == FIRST]
        before = {(one.person, one.end) for one in first}
        return next((one for one in first if one.start > at and (one.person, one.start) not in before), None)


def on_call(schedule_id: int, lane: int, at: datetime) -> list[int]:
    """The agents who ring in a lane at `at`; nobody for a schedule that is set aside."""
    rota = load(schedule_id, since=at)
    return [] if rota is None or rota.schedule.archived_at is not None else rota.on_call(int(at.timestamp()), lane)


def load(schedule_id: int, *, since: datetime) -> Rota | None:
    """A schedule with what was agreed of the time after `since`; None when there is none, or it says nothing yet."""
    schedule = db.session.get(OnCallSchedule, schedule_id)
    written = _versions(schedule_id, since)
    if schedule is None or not written:
        return None
    hours = offices(schedule)
    newest = hours[-1][1] if hours else None
    versions = [
        (int(one.valid_from.timestamp()), replace(reading.schedule(one.spec), office=newest, offices=hours))
        for one in written
    ]
    roster = Roster(_agreed(schedule_id, since).onto(in_course(versions)))
    return Rota(schedule, tuple(versions), roster)


def calendar(schedule: OnCallSchedule, at: float) -> CalendarVersion | None:
    """What its calendar said at an instant, or first; None for a rota around the clock."""
    known = _calendars(schedule)
    return next((one for one in reversed(known) if one.valid_from.timestamp() <= at), next(iter(known), None))


def office(schedule: OnCallSchedule) -> Rules | None:
    """The hours in which nobody is missing, as they are said last."""
    known = offices(schedule)
    return known[-1][1] if known else None


def offices(schedule: OnCallSchedule) -> tuple[tuple[int, Rules], ...]:
    """The same with what was said before, each from its instant until the next; nothing for one around the clock."""
    return tuple((int(one.valid_from.timestamp()), calendars.rules(one.rules)) for one in _calendars(schedule))


@dataclass(frozen=True)
class _Agreed:
    overrides: tuple[Override, ...]
    swaps: tuple[Swap, ...]
    plans: tuple[Plan, ...]
    absences: tuple[Absence, ...]

    def onto(self, schedule: Schedule) -> Schedule:
        return replace(schedule, overrides=self.overrides, swaps=self.swaps, plans=self.plans, absences=self.absences)


def _calendars(schedule: OnCallSchedule) -> list[CalendarVersion]:
    if schedule.calendar_id is None:
        return []
    rows = select(CalendarVersion).where(CalendarVersion.calendar_id == schedule.calendar_id)
    return list(db.session.scalars(rows.order_by(CalendarVersion.valid_from, CalendarVersion.id)))


def _versions(schedule_id: int, since: datetime) -> list[ScheduleVersion]:
    """The version in force at `since` and every later one."""
    rows = select(ScheduleVersion).where(ScheduleVersion.schedule_id == schedule_id)
    known = db.session.scalars(rows.order_by(ScheduleVersion.valid_from, ScheduleVersion.number)).all()
    begun = sum(one.valid_from <= since for one in known)
    return list(known[max(begun - 1, 0) :])


def _agreed(schedule_id: int, since: datetime) -> _Agreed:
    rows = list(
        db.session.scalars(
            select(OnCallOverride)
            .where(OnCallOverride.schedule_id == schedule_id, OnCallOverride.ends_at > since)
            .where(OnCallOverride.withdrawn_at.is_(None))
            .order_by(OnCallOverride.id)
        )
    )
    away = db.session.scalars(
        select(OnCallAbsence)
        .where(OnCallAbsence.ends_at > since, OnCallAbsence.withdrawn_at.is_(None))
        .order_by(OnCallAbsence.id)
    )
    changes = [row for row in rows if row.kind in {"add", "remove", "replace"}]
    return _Agreed(
        tuple(Override(*_span(row), row.agent_id, row.replaced_id, row.lane) for row in changes),
        tuple(_swap(row) for row in rows if row.kind == "swap"),
        tuple(_plan(row) for row in rows if row.kind == "plan"),
        tuple(Absence(int(row.starts_at.timestamp()), int(row.ends_at.timestamp()), row.agent_id) for row in away),
    )


def _span(row: OnCallOverride) -> tuple[int, int]:
    return int(row.starts_at.timestamp()), int(row.ends_at.timestamp())


def _swap(row: OnCallOverride) -> Swap:
    if row.agent_id is None or row.replaced_id is None:
        raise ValueError("a swap is between two")
    taken = None
    if row.taken_starts_at is not None and row.taken_ends_at is not None:
        taken = int(row.taken_starts_at.timestamp()), int(row.taken_ends_at.timestamp())
    return Swap(*_span(row), leaves=row.replaced_id, joins=row.agent_id, lane=row.lane, taken=taken)


def _plan(row: OnCallOverride) -> Plan:
    return Plan(*_span(row), tuple(_planned(one) for one in row.plan["shifts"]))


def _planned(said: dict[str, int]) -> Planned:
    return Planned(said["start"], said["end"], said["agent"], said.get("lane", FIRST))
