"""The next fourteen days are watched for gaps; the team and the managers hear of each new one once, by mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from helpdesk.db import db, locked
from helpdesk.now import now
from helpdesk.people import letters
from helpdesk.people.models import Agent, Membership
from helpdesk.settings import settings
from sla.oncall import gaps, loading, missing
from sla.oncall.feeding import lane_in_words
from sla.oncall.gaps import Gap
from sla.oncall.instants import utc
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallGap, OnCallSchedule
from sla.oncall.wording import Walls

_MOST_NAMED = 10


def tick() -> None:
    """Every rota in a transaction of its own."""
    rows = select(OnCallSchedule.id).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.id)
    for schedule_id in db.session.scalars(rows).all():
        look(schedule_id)
        db.session.commit()


def look(schedule_id: int) -> list[Gap]:
    """Tell of the gaps that nobody was told of yet; gives them."""
    schedule = locked(select(OnCallSchedule).where(OnCallSchedule.id == schedule_id), what="rota")
    at = now()
    rota = loading.load(schedule_id, since=at)
    found = missing.ahead(rota, int(at.timestamp())) if rota is not None else []
    known = list(
        db.session.scalars(select(OnCallGap).where(OnCallGap.schedule_id == schedule_id, OnCallGap.closed_at.is_(None)))
    )
    for told in known:
        if not any(_same(told, gap) for gap in found):
            told.closed_at = at
    db.session.flush()
    new = [gap for gap in found if not any(_same(told, gap) for told in known)]
    db.session.add_all(_row(schedule, gap, at) for gap in new)
    db.session.flush()
    if rota is not None and new:
        for agent in _told(schedule):
            _write(agent, schedule, rota, new)
    return new


def _same(told: OnCallGap, gap: Gap) -> bool:
    """Whether they overlap: a gap that grew, or has begun, is the one that was told."""
    start, end = int(told.starts_at.timestamp()), int(told.ends_at.timestamp())
    return told.lane == gap.lane and start < gap.end and gap.start < end


def _row(schedule: OnCallSchedule, gap: Gap, at: datetime) -> OnCallGap:
    starts_at, ends_at = (utc(one) for one in (gap.start, gap.end))
    return OnCallGap(schedule_id=schedule.id, lane=gap.lane, starts_at=starts_at, ends_at=ends_at, told_at=at)


def _told(schedule: OnCallSchedule) -> list[Agent]:
    """The team's people and all who manage."""
    team = select(Membership.agent_id).where(Membership.team_id == schedule.team_id)
    rows = (
        select(Agent)
        .where(Agent.deactivated_at.is_(None), or_(Agent.role != "agent", Agent.id.in_(team)))
        .order_by(Agent.id)
    )
    return list(db.session.scalars(rows))


def _write(agent: Agent, schedule: OnCallSchedule, rota: Rota, new: Sequence[Gap]) -> None:
    walls = Walls(ZoneInfo(agent.zone), rota.roster.schedule.zone)
    lines = [
        f"Nobody is {lane_in_words(gap.lane)} on {walls.span(gap.start, gap.end)}. "
        + gaps.in_words(gap, _name(gap)).strip()
        for gap in new[:_MOST_NAMED]
    ]
    if len(new) > _MOST_NAMED:
        lines.append(f"And {len(new) - _MOST_NAMED} more in the next fourteen days.")
    fallback = schedule.fallback_name
    lines.append(f"Until then {fallback} rings instead." if fallback else "Until somebody takes it, nobody rings.")
    lines.append("See it, and ask somebody, here:")
    subject = f"On call, {schedule.name}: nobody rings {walls.span(new[0].start, new[0].end)}"
    letters.write(agent, subject, lines, settings().address(f"/on-call/{schedule.id}"))


def _name(gap: Gap) -> str:
    agent = db.session.get(Agent, gap.person) if gap.person is not None else None
    return agent.first_name if agent is not None else "Somebody"
