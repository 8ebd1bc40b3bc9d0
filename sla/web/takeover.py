"""Who takes over next, for the sidebar of every page; asked again after half a minute, since hand-overs are rare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.oncall import loading
from sla.oncall.instants import utc
from sla.oncall.models import OnCallSchedule
from sla.oncall.roster import Shift

_KEEPS = timedelta(seconds=30)
_AHEAD = 12 * 3600


@dataclass(frozen=True, slots=True)
class Takeover:
    schedule_id: int
    name: str
    at: datetime


def next_one(app: Flask) -> Takeover | None:
    """The next of all rotas whose first begins within twelve hours."""
    asked_at, found = app.extensions.get("takeover", (None, None))
    at = now()
    if asked_at is None or not asked_at <= at < asked_at + _KEEPS or (found is not None and found.at <= at):
        found = _next(at)
        app.extensions["takeover"] = (at, found)
    known: Takeover | None = found
    return known


def _next(at: datetime) -> Takeover | None:
    start = int(at.timestamp())
    coming: list[tuple[int, int, Shift]] = []
    for schedule_id in db.session.scalars(
        select(OnCallSchedule.id).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.id)
    ):
        rota = loading.load(schedule_id, since=at)
        shift = rota.takeover(start, start + _AHEAD) if rota is not None else None
        coming += [(shift.start, schedule_id, shift)] if shift is not None else []
    if not coming:
        return None
    begins, schedule_id, shift = min(coming, key=lambda one: one[:2])
    agent = db.session.get_one(Agent, int(shift.person))
    return Takeover(schedule_id, agent.first_name, utc(begins))
