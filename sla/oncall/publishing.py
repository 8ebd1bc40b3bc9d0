"""Calendar feeds by their secret addresses: one of each person, one of each rota; a new address closes the old."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.settings import settings
from sla.oncall import feeding, loading
from sla.oncall.feeding import Feed, Rota
from sla.oncall.models import OnCallAbsence, OnCallFeed, OnCallOverride, OnCallSchedule, ScheduleVersion
from sla.oncall.roster import Person

_BACK, _AHEAD = timedelta(days=60), timedelta(days=366)


def address(token: str) -> str:
    return settings().address(f"/calendars/on-call/{token}.ics")


def own(agent: Agent) -> OnCallFeed | None:
    """The person's feed; None until they have made its address."""
    return db.session.get(OnCallFeed, agent.id)


def renew(agent: Agent) -> OnCallFeed:
    """Make their address, or a new one in place of it."""
    found = own(agent) or OnCallFeed(agent_id=agent.id)
    found.token, found.made_at = secrets.token_urlsafe(24), now()
    db.session.add(found)
    db.session.flush()
    return found


def renew_rota(schedule: OnCallSchedule) -> None:
    schedule.feed_token = secrets.token_urlsafe(24)
    db.session.flush()


def feed(token: str) -> bytes | None:
    """What the address says now; None when there is no such address, or its person has left."""
    schedule = db.session.scalars(select(OnCallSchedule).where(OnCallSchedule.feed_token == token)).one_or_none()
    if schedule is not None:
        return _of_rota(schedule)
    agent = db.session.scalars(
        select(Agent).join(OnCallFeed, OnCallFeed.agent_id == Agent.id).where(OnCallFeed.token == token)
    ).one_or_none()
    return _of_person(agent) if agent is not None and agent.is_active else None


def _of_rota(schedule: OnCallSchedule) -> bytes:
    names = {one.id: one.name for one in db.session.scalars(select(Agent))}
    rota = loading.load(schedule.id, since=now() - _BACK)
    zone = rota.roster.schedule.zone if rota is not None else ZoneInfo("UTC")

    def named(person: Person) -> str:
        return names.get(int(person), "Somebody")

    return feeding.of_team(_rota(schedule, rota), _feed(f"On call, {schedule.name}", zone), named)


def _of_person(agent: Agent) -> bytes:
    rows = select(OnCallSchedule).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.id)
    since = now() - _BACK
    rotas = [_rota(each, loading.load(each.id, since=since)) for each in db.session.scalars(rows).all()]
    return feeding.of_person(agent.id, rotas, _feed(f"On call, {agent.name}", ZoneInfo(agent.zone)))


def _rota(schedule: OnCallSchedule, rota: loading.Rota | None) -> Rota:
    """Shifts with their true starts, so that events stay the same from day to day; none once it is set aside."""
    at = now()
    start, end = int((at - _BACK).timestamp()), int((at + _AHEAD).timestamp())
    shifts = () if rota is None or schedule.archived_at is not None else rota.roster.uncut(start, end)
    return Rota(f"rota-{schedule.id}", schedule.name, shifts)


def _feed(title: str, zone: ZoneInfo) -> Feed:
    host = urlsplit(settings().base_url).hostname or "localhost"
    return Feed(title, zone, host, int(_changed().timestamp()))


def _changed() -> datetime:
    """When anything that moves a shift was last written, of any rota."""
    columns = (
        func.max(ScheduleVersion.created_at),
        func.max(OnCallOverride.created_at),
        func.max(OnCallOverride.withdrawn_at),
        func.max(OnCallAbsence.created_at),
        func.max(OnCallAbsence.withdrawn_at),
    )
    found = [db.session.scalar(select(column)) for column in columns]
    return max((one for one in found if one is not None), default=datetime(2020, 1, 1, tzinfo=UTC))
