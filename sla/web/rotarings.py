"""Whom a rota's page says promises in danger ring: the policies with a step for it, and who is waited for right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import Json, among, db
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.escalations.models import Escalation, EscalationPolicy, Page, PageReason
from sla.oncall.models import OnCallSchedule
from sla.web import escalationwords
from sla.web.escalationwords import Rung

MOST = 20


@dataclass(frozen=True, slots=True)
class Ringing:
    """A policy with a step for whoever is on call, in words."""

    policy: EscalationPolicy
    when: str
    rail: list[Rung]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket somebody was rung for, and nobody is on it yet."""

    ticket: Ticket
    rung: tuple[tuple[str, datetime], ...]
    """Who and when, in order of time."""


def policies(schedule: OnCallSchedule) -> list[Ringing]:
    """Those that count, in the order they are tried."""
    rows = (
        select(EscalationPolicy)
        .where(EscalationPolicy.archived_at.is_(None), _rings(EscalationPolicy.plan, schedule))
        .order_by(EscalationPolicy.rank, EscalationPolicy.id)
    )
    return [Ringing(one, escalationwords.starts(one), escalationwords.rail(one)) for one in db.session.scalars(rows)]


def waiting(schedule: OnCallSchedule, agent: Agent) -> list[Waiting]:
    """The tickets `agent` may see for which it rang and nobody has said "on it", the longest waiting first."""
    rows = (
        select(Escalation)
        .join(Escalation.ticket)
        .where(Escalation.ended_at.is_(None), Escalation.state == "running", _rings(Escalation.plan, schedule))
        .where(Ticket.id.in_(visible_tickets(agent).with_only_columns(Ticket.id)))
        .order_by(Escalation.started_at, Escalation.id)
        .options(contains_eager(Escalation.ticket))
    )
    runs = {one.id: one.ticket for one in db.session.scalars(rows)}
    found: dict[Ticket, dict[str, datetime]] = {}
    for run_id, name, begun_at in db.session.execute(
        select(PageReason.escalation_id, Page.name, Page.begun_at)
        .join(PageReason.page)
        .where(among(PageReason.escalation_id, runs), PageReason.round >= 0, Page.begun_at.is_not(None))
        .order_by(Page.begun_at, Page.id)
    ):
        if begun_at is not None:
            found.setdefault(runs[run_id], {}).setdefault(name, begun_at)
    return [Waiting(ticket, tuple(rung.items())) for ticket, rung in found.items()][:MOST]


def _rings(plan: InstrumentedAttribute[Json], schedule: OnCallSchedule) -> ColumnElement[bool]:
    """Whether a step of the plan is for somebody of the rota, or for its fallback."""
    targets = ({"kind": kind, "id": schedule.id} for kind in ("rota", "fallback"))
    return or_(*(plan.contains({"steps": [{"targets": [one]}]}) for one in targets))
