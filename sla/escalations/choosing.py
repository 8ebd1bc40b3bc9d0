"""Which policy takes a cause at an instant, and when its run would begin: asked for runs and for trying alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import db
from sla.escalations import policies
from sla.escalations.daytime import Daytime
from sla.escalations.fitting import Facts, fits
from sla.escalations.models import EscalationPolicy
from sla.escalations.plans import Plan, Target
from sla.oncall.models import OnCallSchedule


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that may start a run."""

    key: str
    facts: Facts
    calendar_id: int | None
    """Of the promise; None when it runs around the clock."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The policy as it is now, and when its run begins."""

    policy: EscalationPolicy
    plan: Plan
    calendar_id: int | None
    """The hours in which the day's team answers anyway."""
    begins: datetime | None
    held: bool


def choose(asked: Sequence[Asked], at: datetime) -> dict[str, Chosen]:
    """By key: the first policy in the list that fits and runs at this hour; what none takes is left out."""
    listed = policies.standing()
    fitting = [(one, policy) for one in asked for policy in listed if fits(policy.starts, one.facts)]
    read = {policy.id: policies.plan_of(policy) for _, policy in fitting}
    offices = _offices(read.values())
    hours = [one.calendar_id or _office(read[policy.id], offices) for one, policy in fitting]
    daytime = Daytime.of(set(hours), at)
    chosen: dict[str, Chosen] = {}
    for (one, policy), calendar_id in zip(fitting, hours, strict=True):
        plan = read[policy.id]
        if not (plan.only_out_of_hours and daytime.is_open(calendar_id)):
            held = plan.holds and calendar_id is not None and not daytime.is_open(calendar_id)
            begins = daytime.opens_at(calendar_id) if held else at
            chosen.setdefault(one.key, Chosen(policy, plan, calendar_id, begins, held=held))
    return chosen


def hours_of(plan: Plan, promised: int | None) -> int | None:
    """The calendar a run goes by; `promised` is the promise's own, where it has one."""
    return promised or _office(plan, _offices([plan]))


def _offices(read: Iterable[Plan]) -> dict[int, int | None]:
    """The hours of every rota these plans ring, by rota."""
    asked = {target.id for plan in read for target in _rotas(plan)}
    if not asked:
        return {}
    rotas = db.session.scalars(select(OnCallSchedule).where(OnCallSchedule.id.in_(asked)))
    return {one.id: one.calendar_id for one in rotas}


def _office(plan: Plan, offices: dict[int, int | None]) -> int | None:
    """A promise around the clock has no hours of its own: those of the first rota that is rung count."""
    return next((offices.get(target.id) for target in _rotas(plan)), None)


def _rotas(plan: Plan) -> list[Target]:
    return [target for step in plan.steps for target in step.targets if target.kind == "rota"]
