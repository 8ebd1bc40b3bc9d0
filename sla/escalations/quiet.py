"""Quiet hours: what is not urgent waits for their end, in the zone of the person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import among, db
from helpdesk.people.models import Agent
from sla.escalations.models import QuietHours


def ends(instants: Mapping[int, datetime]) -> dict[int, datetime]:
    """By agent, their instant itself outside their quiet hours, else the one these end at."""
    if not instants:
        return {}
    kept = select(QuietHours, Agent.zone).join(Agent, Agent.id == QuietHours.agent_id)
    found = dict(instants)
    for hours, zone in db.session.execute(kept.where(among(QuietHours.agent_id, instants))):
        at = instants[hours.agent_id].astimezone(ZoneInfo(zone))
        found[hours.agent_id] = _ends(time.fromisoformat(hours.begins), time.fromisoformat(hours.ends), at)
    return found


def _ends(begins: time, until: time, at: datetime) -> datetime:
    """On the wall: from 22:00 until 07:00 is two pieces of a day, from 13:00 until 15:00 one."""
    wall = at.time()
    over_midnight = until <= begins
    is_quiet = (wall >= begins or wall < until) if over_midnight else begins <= wall < until
    if not is_quiet:
        return at
    day = at.date() + timedelta(days=1) if over_midnight and wall >= begins else at.date()
    return datetime.combine(day, until, at.tzinfo).astimezone(at.tzinfo)
