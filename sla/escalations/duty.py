"""Duty: the telephone number of whoever is first in a rota now, for a customer's call that is passed on to them."""

from __future__ import annotations

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import now
from sla.escalations.callees import Callee, Callees
from sla.escalations.models import ContactMethod
from sla.escalations.plans import Target
from sla.oncall.models import OnCallSchedule
from sla.oncall.roster import FIRST

_BY_VOICE = ("call", "sms")
"""Kinds of methods that are telephone numbers, the better first."""


def telephone_of(rota: str) -> str:
    """In E.164; empty when there is no such rota, nobody is on call, or whoever is has proven no number."""
    named = select(OnCallSchedule.id).where(
        func.lower(OnCallSchedule.name) == rota.strip().lower(), OnCallSchedule.archived_at.is_(None)
    )
    schedule_id = db.session.scalars(named).one_or_none()
    if schedule_id is None:
        return ""
    found = Callees(now()).find([Target("rota", schedule_id, FIRST)])
    return next(filter(None, map(_number, found.callees)), "")


def _number(callee: Callee) -> str:
    if callee.agent_id is None:
        return callee.address if callee.kind in _BY_VOICE else ""
    proven = select(ContactMethod.kind, ContactMethod.address).where(
        ContactMethod.agent_id == callee.agent_id,
        ContactMethod.kind.in_(_BY_VOICE),
        ContactMethod.verified_at.is_not(None),
        ContactMethod.removed_at.is_(None),
    )
    known = {kind: address for kind, address in db.session.execute(proven.order_by(ContactMethod.id.desc()))}  # noqa: C416 - a Row is no pair for mypy
    return next((known[kind] for kind in _BY_VOICE if kind in known), "")
