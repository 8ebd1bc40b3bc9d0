"""Write who is woken in the story: the escalation policies, and a mailbox by which each of its people is reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Priority
from sla.contracts.models import Contract
from sla.demo.told import Alarm, Rung
from sla.escalations import policies
from sla.escalations.models import ContactMethod
from sla.escalations.plans import Step, Target
from sla.escalations.policies import Said
from sla.oncall.models import OnCallSchedule


def plant(alarms: Sequence[Alarm], at: datetime) -> None:
    """Everybody is reached by mail, which goes no further than the story's outbox."""
    people = list(db.session.scalars(select(Agent).order_by(Agent.id)))
    db.session.add_all(
        ContactMethod(agent_id=agent.id, kind="email", address=agent.email, verified_at=at, created_at=at)
        for agent in people
    )
    ids = {agent.email.partition("@")[0]: agent.id for agent in people}
    rotas = {rota.name: rota.id for rota in db.session.scalars(select(OnCallSchedule))}
    contracts = {one.number: one.id for one in db.session.scalars(select(Contract))}
    with travel(to=at):
        for alarm in alarms:
            policies.make(_said(alarm, rotas[alarm.rota], ids, contracts))


def _said(alarm: Alarm, rota_id: int, ids: dict[str, int], contracts: dict[str, int]) -> Said:
    return Said(
        name=alarm.name,
        causes=alarm.causes,
        metrics=alarm.metrics,
        priorities=tuple(Priority[name.upper()] for name in alarm.priorities),
        contracts=tuple(contracts[number] for number in alarm.contracts),
        steps=tuple(Step(one.after * 60, _target(one, rota_id, ids), one.tells_customer) for one in alarm.steps),
        repeats=alarm.repeats,
        round=alarm.round * 60,
        remind=alarm.remind * 60,
        lapse=alarm.lapse * 60,
    )


def _target(rung: Rung, rota_id: int, ids: dict[str, int]) -> tuple[Target, ...]:
    known = {
        "first": Target("rota", rota_id, 1),
        "backup": Target("rota", rota_id, 2),
        "duty phone": Target("fallback", rota_id),
    }
    return (known[rung.whom] if rung.whom in known else Target("agent", ids[rung.whom]),)
