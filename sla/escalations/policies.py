"""Escalation policies made, changed, ordered and set aside; runs keep the copy they began with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import Json, db, locked
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.tickets.models import Priority
from sla.contracts.models import Contract
from sla.escalations import plans
from sla.escalations.models import CAUSES, EscalationPolicy
from sla.escalations.plans import MOST_REPEATS, MOST_STEPS, Plan, Step, Target
from sla.oncall.models import OnCallSchedule
from sla.policies.models import METRICS, SLAPolicy

SOURCES = {"contract": "an agreement", "warranty": "a warranty", "policy": "a policy", "none": "nothing"}
"""Kinds of entitlement with their words."""
RUNS = {
    "out_of_hours": "only out of hours",
    "always": "at any hour",
    "hold": "at any hour, but it waits for the hours to begin",
}
_NOTHING_SAVED = "Nothing was saved. Look at what is marked."
_LONGEST_NAME = 100
_LONGEST = 7 * 86_400


@dataclass(frozen=True)
class Said:
    """A policy as somebody writes it down. Times are seconds; an empty list of conditions asks nothing."""

    name: str
    causes: tuple[str, ...]
    runs: str = "out_of_hours"
    """A key of RUNS."""
    steps: tuple[Step, ...] = ()
    metrics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    policies: tuple[int, ...] = ()
    """Of promises."""
    contracts: tuple[int, ...] = ()
    repeats: int = 0
    round: int = 0
    remind: int = 0
    lapse: int = 0
    urgent: bool = True


_STANDING = (
    select(EscalationPolicy)
    .where(EscalationPolicy.archived_at.is_(None))
    .order_by(EscalationPolicy.rank, EscalationPolicy.id)
)


_STARTS = select(EscalationPolicy.__table__.c.starts).where(EscalationPolicy.archived_at.is_(None))


def plan_of(policy: EscalationPolicy) -> Plan:
    """What a run that begins now goes by."""
    return replace(plans.read(policy.plan), only_out_of_hours=policy.runs == "out_of_hours", holds=policy.holds)


def said_of(policy: EscalationPolicy) -> Said:
    plan, starts = plan_of(policy), policy.starts
    return Said(
        name=policy.name,
        causes=tuple(starts.get("causes", ())),
        runs="hold" if policy.holds else policy.runs,
        steps=plan.steps,
        metrics=tuple(starts.get("metrics", ())),
        sources=tuple(starts.get("sources", ())),
        priorities=tuple(starts.get("priorities", ())),
        teams=tuple(starts.get("teams", ())),
        policies=tuple(starts.get("policies", ())),
        contracts=tuple(starts.get("contracts", ())),
        repeats=plan.repeats,
        round=plan.round,
        remind=plan.remind,
        lapse=plan.lapse,
        urgent=plan.urgent,
    )


def fingerprint(policy: EscalationPolicy) -> str:
    """What its editor had read, short enough for a form."""
    written = json.dumps(asdict(said_of(policy)), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def begin_with(cause: str) -> bool:
    """Whether any that counts begins runs for it. It asks without a flush: a mail waits for the answer."""
    starts = db.session.connection().scalars(_STARTS)
    return any(cause in one.get("causes", ()) for one in starts)


def standing() -> list[EscalationPolicy]:
    """Those that count, in the order they are tried."""
    return list(db.session.scalars(_STANDING))


def held(policy_id: int) -> EscalationPolicy:
    """The policy, locked.

    Raises:
        NotFound: there is none.
    """
    return locked(select(EscalationPolicy).where(EscalationPolicy.id == policy_id), what="policy")


def make(said: Said) -> EscalationPolicy:
    """It counts at once, and is tried after all others.

    Raises:
        Invalid: by field, what does not fit; nothing is saved.
    """
    _check(said)
    last = db.session.scalar(select(func.max(EscalationPolicy.rank))) or 0
    policy = EscalationPolicy(rank=last + 1, created_at=now())
    _write(policy, said)
    return policy


def edit(policy: EscalationPolicy, said: Said, *, seen: str = "") -> None:
    """Runs that begin from now on go by this. `seen` is what its editor had read.

    Raises:
        Invalid: by field, what does not fit. Conflict: it said something else meanwhile. Nothing is saved.
    """
    if seen and seen != fingerprint(policy):
        raise Conflict("Somebody else changed this meanwhile. Load the page again and repeat your change.")
    _check(said, besides=policy.id)
    _write(policy, said)


def move(policy: EscalationPolicy, *, up: bool) -> None:
    """One place earlier or later; at the end of the list nothing moves."""
    order = standing()
    if policy not in order:
        raise Conflict("It is set aside. Take it back first.")
    place = order.index(policy)
    other = place + (-1 if up else 1)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for rank, one in enumerate(order, 1):
        one.rank = rank
    db.session.flush()


def archive(policy: EscalationPolicy) -> None:
    """It starts nothing more; runs that began go on."""
    policy.archived_at = policy.archived_at or now()


def unarchive(policy: EscalationPolicy) -> None:
    policy.archived_at = None


def _write(policy: EscalationPolicy, said: Said) -> None:
    starts: Json = {"causes": list(said.causes)}
    for key in ("metrics", "sources", "priorities", "teams", "policies", "contracts"):
        starts[key] = list(getattr(said, key))
    runs = "out_of_hours" if said.runs == "out_of_hours" else "always"
    plan = Plan(
        said.steps,
        repeats=said.repeats,
        round=said.round,
        remind=said.remind,
        lapse=said.lapse,
        urgent=said.urgent,
        only_out_of_hours=runs == "out_of_hours",
        holds=said.runs == "hold",
    )
    name = " ".join(said.name.split())
    try:
        with db.session.begin_nested():
            policy.name, policy.starts, policy.runs, policy.holds = name, starts, runs, said.runs == "hold"
            policy.plan = plans.as_json(plan)
            db.session.add(policy)
    except IntegrityError as error:  # somebody took the name since it was looked up
        raise _taken(name) from error


def _check(said: Said, *, besides: int = 0) -> None:
    wrong = _wrong_name(said.name, besides) | _wrong_start(said) | _wrong_steps(said.steps) | _wrong_rounds(said)
    if wrong:
        raise Invalid(_NOTHING_SAVED, wrong)


def _wrong_name(name: str, besides: int) -> dict[str, str]:
    named = " ".join(name.split())
    if not named or len(named) > _LONGEST_NAME or not named.isprintable():
        return {"name": f"Enter a name of at most {_LONGEST_NAME} characters."}
    same = select(EscalationPolicy.id).where(
        func.lower(EscalationPolicy.name) == named.lower(), EscalationPolicy.id != besides
    )
    return _taken(named).fields if db.session.scalar(same) is not None else {}


def _taken(name: str) -> Invalid:
    return Invalid(_NOTHING_SAVED, {"name": f"There is one called {name} already. Choose another name."})


def _wrong_start(said: Said) -> dict[str, str]:
    wrong = {}
    if not said.causes or not set(said.causes) <= set(CAUSES):
        wrong["causes"] = "Choose at least one thing that starts it."
    if said.runs not in RUNS:
        wrong["runs"] = "Choose when it rings."
    listed: Sequence[tuple[str, Collection[object], Collection[object]]] = (
        ("metrics", said.metrics, METRICS),
        ("sources", said.sources, SOURCES),
        ("priorities", said.priorities, [int(one) for one in Priority]),
        ("teams", said.teams, _known(Team.id, said.teams)),
        ("policies", said.policies, _known(SLAPolicy.id, said.policies)),
        ("contracts", said.contracts, _known(Contract.id, said.contracts)),
    )
    return wrong | {name: "Choose from the list." for name, given, known in listed if not set(given) <= set(known)}


def _known(column: InstrumentedAttribute[int], ids: Collection[int]) -> set[int]:
    return set(db.session.scalars(select(column).where(column.in_(ids)))) if ids else set()


def _wrong_steps(steps: Sequence[Step]) -> dict[str, str]:
    if not steps:
        return {"steps": "Say whom it rings first."}
    if len(steps) > MOST_STEPS:
        return {"steps": f"At most {MOST_STEPS} steps."}
    wrong, before = {}, 0
    for place, step in enumerate(steps):
        if step.after < before:
            wrong[f"step-{place}-after"] = "Each step comes after the one before it."
        if not 0 <= step.after <= _LONGEST:
            wrong[f"step-{place}-after"] = "Between nothing and 7 days."
        before = max(before, step.after)
        if not step.targets:
            wrong[f"step-{place}-whom"] = "Choose who rings."
        elif (words := next((words for one in step.targets if (words := _wrong_target(one))), "")) != "":
            wrong[f"step-{place}-whom"] = words
    return wrong


def _wrong_target(target: Target) -> str:
    """Why it can ring nobody; empty when it can."""
    if target.kind == "agent":
        agent = db.session.get(Agent, target.id)
        return "" if agent is not None and agent.is_active else "This person is not here any more. Choose another."
    if target.kind == "team":
        return "" if db.session.get(Team, target.id) is not None else "There is no such team. Choose another."
    rota = db.session.get(OnCallSchedule, target.id)
    if rota is None or rota.archived_at is not None:
        return "This rota is set aside. Choose another."
    if target.kind == "fallback" and not rota.fallback_kind:
        return f"{rota.name} has no duty phone. Give it one, or choose somebody else."
    return ""


def _wrong_rounds(said: Said) -> dict[str, str]:
    wrong = {}
    if not 0 <= said.repeats <= MOST_REPEATS:
        wrong["repeats"] = f"It begins again at most {MOST_REPEATS} times."
    last = said.steps[-1].after if said.steps else 0
    if said.repeats and not max(last, 1) <= said.round <= _LONGEST:
        wrong["round"] = "It begins again after its last step."
    if not 0 <= said.remind <= _LONGEST:
        wrong["remind"] = "Between nothing and 7 days."
    if said.remind and not 0 < said.lapse <= _LONGEST:
        wrong["lapse"] = "Say how long they have to answer."
    return wrong
