"""Who a step rings at this instant: people by rota, name or team, or the telephone that rings when nobody is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Agent, Membership
from helpdesk.text import telephone
from sla.escalations.plans import Target
from sla.oncall import loading
from sla.oncall.models import OnCallSchedule


@dataclass(frozen=True, slots=True)
class Callee:
    """A person to ring by their own contact methods, or a fallback with its one."""

    name: str
    agent_id: int | None = None
    kind: str = ""
    """Of the fallback's method."""
    address: str = ""

    @property
    def key(self) -> str:
        """What names them in pages."""
        return f"agent:{self.agent_id}" if self.agent_id is not None else f"fallback:{self.kind}:{self.address}"


@dataclass(frozen=True, slots=True)
class Found:
    """Whom to ring. `stands_in`: nobody was on call in a rota, so its fallback rings instead."""

    callees: tuple[Callee, ...]
    stands_in: bool = False


class Callees:
    """Who rings at one instant, looked up once for each target."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._known: dict[Target, Found] = {}

    def find(self, targets: Sequence[Target]) -> Found:
        """Everyone these targets mean, each once; nobody when nobody is on call and no fallback stands in."""
        found = [self._of(target) for target in targets]
        callees = {callee.key: callee for one in found for callee in one.callees}
        return Found(tuple(callees.values()), any(one.stands_in for one in found))

    def _of(self, target: Target) -> Found:
        if target not in self._known:
            self._known[target] = self._look_up(target)
        return self._known[target]

    def _look_up(self, target: Target) -> Found:
        if target.kind == "fallback":
            return Found(_fallback(target.id))
        people = _people(target, self._at)
        if people or target.kind != "rota":
            return Found(people)
        fallback = _fallback(target.id)
        return Found(fallback, stands_in=bool(fallback))


def _people(target: Target, at: datetime) -> tuple[Callee, ...]:
    chosen = select(Agent.name, Agent.id).where(Agent.deactivated_at.is_(None)).order_by(Agent.id)
    if target.kind == "team":
        chosen = chosen.join(Membership, Membership.agent_id == Agent.id).where(Membership.team_id == target.id)
    elif target.kind == "agent":
        chosen = chosen.where(Agent.id == target.id)
    else:
        chosen = chosen.where(Agent.id.in_(loading.on_call(target.id, target.lane, at)))
    return tuple(Callee(name, agent_id) for name, agent_id in db.session.execute(chosen))


def _fallback(schedule_id: int) -> tuple[Callee, ...]:
    rota = db.session.get(OnCallSchedule, schedule_id)
    if rota is None or not rota.fallback_kind:
        return ()
    address = telephone.e164(rota.fallback_address) or rota.fallback_address
    return (Callee(rota.fallback_name or rota.fallback_address, None, rota.fallback_kind, address),)
