"""A night played through: what a ticket that arrives then is promised, and whom the policies ring. Rings nobody.

It asks what the real run asks, at the instants at which that would ask, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Priority
from sla.calendars.loading import always, versions_of
from sla.calendars.timeline import Timeline
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle, Fact, Terms
from sla.commitments.stored import instant
from sla.entitlements import resolving
from sla.entitlements.deciding import Decision, Request
from sla.escalations.callees import Callee, Callees
from sla.escalations.choosing import Asked, Chosen, choose
from sla.escalations.daytime import Daytime
from sla.escalations.fitting import Facts
from sla.escalations.models import METHODS, ContactMethod
from sla.escalations.plans import Step
from sla.policies.models import Clause

_MOST = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the night. `kind`: arrives, starts, waits, rings, nobody, told, due, hours or over."""

    at: datetime
    kind: str
    words: str
    lead: str = ""
    """What is said first and stands out."""
    agent_id: int | None = None
    """Who rings, where it is somebody here."""


def play(request: Request) -> list[Moment]:
    """Everything until everybody was rung, the day begins or the list is long enough, in order of time."""
    decision = resolving.would_cover(request)
    clauses = {clause.id: clause for clause in decision.clauses}
    timelines = _timelines(decision.clauses)
    cycles = _cycles(request, decision.clauses, timelines)
    moments = [_arrival(request, decision, cycles)]
    moments += _run("", choose([Asked("", _facts("arrival", request, decision), None)], request.at), None)
    for cycle in cycles:
        moments += _of_promise(request, decision, cycle, clauses[cycle.clause])
    return sorted(moments, key=lambda one: one.at)[:_MOST]


def _of_promise(request: Request, decision: Decision, cycle: Cycle, clause: Clause) -> Iterator[Moment]:
    """Its warning with the run it starts, its due time, and its break with another, which overtakes the first."""
    facts = {cause: _facts(cause, request, decision, clause.metric) for cause in ("warning", "break")}
    broken = _taken(facts["break"], cycle.breaks, clause)
    if cycle.warns is not None:
        ends = instant(cycle.breaks) if broken and cycle.breaks is not None else None
        yield from _run(clause.words, _taken(facts["warning"], cycle.warns, clause), ends)
    if cycle.due is not None:
        yield Moment(instant(cycle.due), "due", f"“{clause.words.rstrip('.')}” falls due")
    yield from _run(clause.words, broken, None)


def _taken(facts: Facts, at: float | None, clause: Clause) -> Mapping[str, Chosen]:
    return choose([Asked(facts.cause, facts, clause.calendar_id)], instant(at)) if at is not None else {}


def _run(words: str, taken: Mapping[str, Chosen], ends: datetime | None) -> Iterator[Moment]:
    for chosen in taken.values():
        if chosen.begins is not None:
            yield from _Run(chosen, chosen.begins, ends).moments(words)


class _Run:
    """One run that nobody answers."""

    def __init__(self, chosen: Chosen, begins: datetime, ends: datetime | None) -> None:
        self._plan, self._calendar_id, self._begins = chosen.plan, chosen.calendar_id, begins
        self._name = chosen.policy.name
        self._ends = [one for one in (ends, self._day()) if one is not None]

    def moments(self, words: str) -> Iterator[Moment]:
        about = f": “{words.rstrip('.')}” is in danger" if words else ""
        yield Moment(self._begins, "starts", f"{self._name} starts{about}")
        at, since = self._begins, self._begins
        for _ in range(self._plan.repeats + 1):
            for place, step in enumerate(self._plan.steps):
                at = since + timedelta(seconds=step.after)
                if self._ends and at >= min(self._ends):
                    yield from self._over()
                    return
                found = list(self._step(step, at))
                yield from found
                if all(one.kind == "nobody" for one in found) and place + 1 < len(self._plan.steps):
                    since = at - timedelta(seconds=self._plan.steps[place + 1].after)
            since += timedelta(seconds=self._plan.round)
        yield Moment(at, "over", "Everybody has been rung. It stays open until somebody is on it")

    def _day(self) -> datetime | None:
        if not self._plan.only_out_of_hours or self._calendar_id is None:
            return None
        return Daytime.of([self._calendar_id], self._begins).opens_at(self._calendar_id)

    def _over(self) -> Iterator[Moment]:
        day = self._day()
        if day is not None and day == min(self._ends):
            yield Moment(day, "hours", "The hours begin. The day’s team has it, nobody else is rung")

    def _step(self, step: Step, at: datetime) -> Iterator[Moment]:
        found = Callees(at).find(step.targets)
        if not found.callees:
            yield Moment(at, "nobody", "The next step is taken at once", "Nobody is on call.")
        for callee in found.callees:
            ways = _ways(callee)
            lead = "Nobody is on call." if found.stands_in and callee.agent_id is None else ""
            if ways:
                yield Moment(at, "rings", f"{callee.name} rings, by {ways}", lead, callee.agent_id)
            else:
                yield Moment(at, "nobody", "The next step is taken at once", f"{callee.name} has no proven way.")
        if step.tells_customer:
            yield Moment(at, "told", "The customer hears that we are late")


def _ways(callee: Callee) -> str:
    """How they are tried, in words; empty when they cannot be."""
    if callee.agent_id is None:
        return f"{METHODS[callee.kind]}, {callee.address}"
    usable = select(ContactMethod.kind).where(
        ContactMethod.agent_id == callee.agent_id,
        ContactMethod.verified_at.is_not(None),
        ContactMethod.removed_at.is_(None),
    )
    kinds = db.session.scalars(usable.order_by(ContactMethod.delay_seconds, ContactMethod.id))
    return ", then ".join(dict.fromkeys(METHODS[kind] for kind in kinds))


def _facts(cause: str, request: Request, decision: Decision, metric: str = "") -> Facts:
    return Facts(
        cause,
        int(Priority[request.priority.upper()]),
        metric,
        decision.source,
        decision.policy.policy_id if decision.policy is not None else None,
        decision.contract.contract_id if decision.contract is not None else None,
        request.team_id,
    )


def _arrival(request: Request, decision: Decision, cycles: Sequence[Cycle]) -> Moment:
    if not cycles:
        return Moment(request.at, "arrives", f"Arrives. {decision.reason}")
    asleep = all(cycle.timeline.next_open(cycle.started) > cycle.started for cycle in cycles)
    clock = "the clock sleeps until the hours begin" if asleep else "the clock starts"
    return Moment(request.at, "arrives", f"Arrives. {decision.reason.rstrip('.')}, so {clock}")


def _cycles(request: Request, clauses: Sequence[Clause], timelines: Mapping[str, Timeline]) -> list[Cycle]:
    at = request.at.timestamp()
    terms = tuple(
        Terms(
            clause.id,
            clause.metric,
            clause.target_seconds,
            str(clause.calendar_id or ""),
            clause.targets,
            frozenset(clause.pauses),
            clause.warn_percent,
        )
        for clause in clauses
    )
    facts = (
        Fact(at, "promised", terms=terms),
        Fact(at, "opened", since=at, priority=request.priority, team=request.team_id or 0),
        Fact(at, "heard", since=at),
    )
    return [one for one in fold(facts, timelines, at=at) if one.outcome == "running"]


def _timelines(clauses: Sequence[Clause]) -> dict[str, Timeline]:
    found = versions_of({clause.calendar_id for clause in clauses if clause.calendar_id is not None})
    return {"": always()} | {str(key): one.timeline(now().timestamp()) for key, one in found.items()}
