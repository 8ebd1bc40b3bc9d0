"""Write the story's rotas, from weeks before its now on."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import Json, db
from helpdesk.people.models import Agent, Team
from sla.calendars.walls import resolve
from sla.demo.told import Turns, Watch
from sla.oncall import loading
from sla.oncall.models import OnCallOverride, OnCallSchedule, ScheduleVersion

_BEFORE = timedelta(weeks=6)


def plant(watch: Watch, *, calendar_id: int | None, zone: str, at: datetime) -> None:
    """The rota, with a swap on the Saturday after `at` that leaves its night open."""
    people = {agent.email.partition("@")[0]: agent.id for agent in db.session.scalars(select(Agent))}
    monday = _monday(at, zone)
    made = OnCallSchedule(
        name=watch.name,
        team_id=db.session.scalar(select(Team.id).where(Team.name == watch.team)),
        calendar_id=calendar_id,
        fallback_name=watch.fallback,
        fallback_kind="email",
        fallback_address=watch.fallback_address,
        feed_token=secrets.token_urlsafe(24),
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    layers = [_layer(one, people, monday) for one in watch.turns]
    spec = {"zone": zone, "layers": layers, "rest": {"nights_running": watch.nights_running}}
    db.session.add(
        ScheduleVersion(schedule_id=made.id, number=1, valid_from=at - _BEFORE, spec=spec, created_at=at - _BEFORE)
    )
    db.session.flush()
    _swap(made, people[watch.taker], _saturday(at, zone), ZoneInfo(zone), at)


def _layer(turns: Turns, people: dict[str, int], monday: date) -> Json:
    only = [] if turns.only is None else [{"from": turns.only[0], "to": turns.only[1]}]
    return {
        "name": turns.name,
        "participants": [people[one] for one in turns.people],
        "unit": turns.unit,
        "anchor": (monday + timedelta(days=turns.weekday)).isoformat(),
        "hand_over": turns.hand_over,
        "lane": turns.lane,
        "only": only,
        "outside_office": True,
    }


def _swap(schedule: OnCallSchedule, taker: int, saturday: date, zone: ZoneInfo, at: datetime) -> None:
    starts, taken, ends = (_instant(saturday, hour, zone) for hour in (0, 8, 20))
    rota = loading.load(schedule.id, since=at)
    giver = rota.on_call(int(starts.timestamp())) if rota is not None else []
    if not giver:
        return
    swap = OnCallOverride(
        schedule_id=schedule.id,
        kind="swap",
        agent_id=taker,
        replaced_id=giver[0],
        starts_at=starts,
        ends_at=ends,
        taken_starts_at=taken,
        taken_ends_at=ends,
        created_at=at,
    )
    db.session.add(swap)
    db.session.flush()


def _monday(at: datetime, zone: str) -> date:
    today = at.astimezone(ZoneInfo(zone)).date()
    return today - timedelta(days=today.weekday())


def _saturday(at: datetime, zone: str) -> date:
    """The first after today."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return today + timedelta(days=(5 - today.weekday()) % 7 or 7)


def _instant(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(resolve(day, hour * 3600, zone, "start"), UTC)
