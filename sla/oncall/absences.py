"""When somebody is away: they are rung by no rota then, and what they leave open is a gap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.db import db, locked
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import from_now, whole
from sla.oncall.models import OnCallAbsence

_LONGEST = timedelta(days=2 * 366)


def away(agent: Agent, starts_at: datetime, ends_at: datetime, reason: str = "") -> OnCallAbsence:
    """From now or later on.

    Raises:
        Invalid: by field; nothing is written.
    """
    at = now()
    starts_at = from_now(starts_at, at)
    if starts_at < at:
        raise Invalid(NOTHING_SAVED, {"start": "The past stays as it was. Begin now or later."})
    if ends_at <= starts_at:
        raise Invalid(NOTHING_SAVED, {"end": "It ends before it starts."})
    if ends_at - at > _LONGEST:
        raise Invalid(NOTHING_SAVED, {"end": "Choose an end within two years."})
    made = OnCallAbsence(
        agent_id=agent.id,
        starts_at=whole(starts_at),
        ends_at=whole(ends_at),
        reason=reason[:500],
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made


def back(absence: OnCallAbsence) -> None:
    """Here again from now on; one that has not begun never was.

    Raises:
        Conflict: it is over.
    """
    locked(select(OnCallAbsence).where(OnCallAbsence.id == absence.id), what="absence")
    db.session.refresh(absence)
    at = now()
    if absence.withdrawn_at is not None or absence.ends_at <= at:
        raise Conflict("This absence is over already.")
    if whole(at) <= absence.starts_at:
        absence.withdrawn_at = at
    else:
        absence.ends_at = whole(at)
    db.session.flush()


def coming(agent_id: int | None = None) -> Sequence[OnCallAbsence]:
    """Those that are not over, of one person or of everybody, in order of time."""
    rows = select(OnCallAbsence).where(OnCallAbsence.ends_at > now(), OnCallAbsence.withdrawn_at.is_(None))
    if agent_id is not None:
        rows = rows.where(OnCallAbsence.agent_id == agent_id)
    return db.session.scalars(rows.order_by(OnCallAbsence.starts_at, OnCallAbsence.id)).all()
