"""Escalation policies in words: when they start, and their steps as a rail that other pages may show too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from helpdesk.db import among, db
from helpdesk.people.models import Agent, Organization, Team
from helpdesk.tickets.models import Priority
from sla.contracts.models import Contract, ContractVersion
from sla.escalations.models import CAUSES, ContactMethod, EscalationPolicy
from sla.escalations.plans import Plan, Step, Target
from sla.escalations.policies import RUNS, SOURCES, plan_of, said_of
from sla.oncall.models import OnCallSchedule
from sla.policies.models import METRICS, SLAPolicy
from sla.web.amounts import length

ICONS = {"email": "mail", "slack": "hash", "sms": "message-circle", "call": "phone", "push": "panel-top"}
"""Of each kind of contact method."""
_TIMES = ("never", "once", "twice", "three times", "four times", "five times")


@dataclass(frozen=True, slots=True)
class Rung:
    """One step as `sla/escalations/_steps.html` draws it."""

    when: str
    what: str
    detail: str
    icons: tuple[str, ...] = ()


def rail(policy: EscalationPolicy) -> list[Rung]:
    """Its steps, and how it goes on after them."""
    plan = plan_of(policy)
    rungs = [_rung(step, is_first=place == 0) for place, step in enumerate(plan.steps)]
    return [*rungs, *_after(plan)]


def starts(policy: EscalationPolicy) -> str:
    """When it starts, as one sentence."""
    said = said_of(policy)
    teams = db.session.scalars(select(Team.name).where(Team.id.in_(said.teams)).order_by(Team.name)).all()
    asked = [
        _either([METRICS[one] for one in said.metrics if one in METRICS]),
        _either([Priority(one).name.lower() + " priority" for one in said.priorities]),
        _either([f"covered by {SOURCES[one]}" for one in said.sources if one in SOURCES]),
        _either([f"of {name}" for name in teams]),
        _either([f"covered by {name}" for name in _named_cover(policy)]),
    ]
    limits = "; ".join(filter(None, asked))
    words = f"When {_either([CAUSES[one] for one in said.causes])}"
    return f"{words} ({limits}), {RUNS[said.runs]}." if limits else f"{words}, {RUNS[said.runs]}."


def named(target: Target) -> str:
    if target.kind == "agent":
        agent = db.session.get(Agent, target.id)
        return agent.first_name if agent is not None else "somebody who left"
    if target.kind == "team":
        team = db.session.get(Team, target.id)
        return f"everybody in {team.name}" if team is not None else "a team that is gone"
    if target.kind == "fallback":
        rota = db.session.get(OnCallSchedule, target.id)
        return (rota.fallback_name or "the duty phone") if rota is not None else "the duty phone"
    return {1: "whoever is first", 2: "the backup"}.get(target.lane, f"lane {target.lane}")


def _rung(step: Step, *, is_first: bool) -> Rung:
    what = f"Ring {' and '.join(dict.fromkeys(named(one) for one in step.targets))}{'' if is_first else ' as well'}"
    if step.tells_customer:
        what += ", and tell the customer we are late"
    details = [f"On call for {name}" for name in _rotas(step.targets)]
    if not is_first:
        details.append("Skipped if somebody has said “on it”")
    return Rung("at once" if not step.after else length(step.after), what, ". ".join(details), _icons(step.targets))


def _after(plan: Plan) -> list[Rung]:
    found = []
    if plan.repeats:
        found.append(
            Rung(
                length(plan.round),
                f"Start again from the top, {_TIMES[plan.repeats]}",
                "Unless somebody has said “on it”",
                ("repeat-2",),
            )
        )
    if plan.remind:
        asked = f"Then after {length(plan.lapse)} without an answer it goes on to the next"
        found.append(Rung("on it", f"Ask again after {length(plan.remind)} whether they still are", asked))
    return found


def _named_cover(policy: EscalationPolicy) -> list[str]:
    """The agreements and policies it is for, where it is only for some."""
    contracts, promised = (policy.starts.get(key, []) for key in ("contracts", "policies"))
    rows = (
        select(Contract.id, ContractVersion.name, Organization.name)
        .join(ContractVersion, ContractVersion.contract_id == Contract.id)
        .join(Organization, Organization.id == Contract.organization_id)
        .where(among(Contract.id, contracts))
        .order_by(Contract.id, ContractVersion.number)
    )
    newest = {contract_id: f"{name} of {customer}" for contract_id, name, customer in db.session.execute(rows)}
    named = select(SLAPolicy.name).where(among(SLAPolicy.id, promised)).order_by(SLAPolicy.rank, SLAPolicy.id)
    return [*newest.values(), *db.session.scalars(named)]


def _rotas(targets: Sequence[Target]) -> list[str]:
    ids = {one.id for one in targets if one.kind in {"rota", "fallback"}}
    return list(db.session.scalars(select(OnCallSchedule.name).where(OnCallSchedule.id.in_(ids)).order_by("name")))


def _icons(targets: Sequence[Target]) -> tuple[str, ...]:
    """How the people it names are reached."""
    people = [one.id for one in targets if one.kind == "agent"]
    kinds = select(ContactMethod.kind).where(
        ContactMethod.agent_id.in_(people), ContactMethod.verified_at.is_not(None), ContactMethod.removed_at.is_(None)
    )
    found = list(db.session.scalars(kinds.order_by(ContactMethod.delay_seconds, ContactMethod.id))) if people else []
    for one in targets:
        rota = db.session.get(OnCallSchedule, one.id) if one.kind == "fallback" else None
        found += [rota.fallback_kind] if rota is not None and rota.fallback_kind else []
    return tuple(dict.fromkeys(ICONS[kind] for kind in found))


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
