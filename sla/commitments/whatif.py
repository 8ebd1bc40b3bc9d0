"""What would have been, had a draft been in force: past tickets replayed with it.

1. `start` writes down the draft and how many tickets there are, and has the job begin: those the policy was promised
   on, or every decided one when the draft is for others than the policy is now.
2. The job replays batch after batch, each with its progress in one commit; stopping it stops it at the next batch.
3. Where whom it is for differs, each ticket is decided twice, with the policy as it is and with the draft in its place.
4. A ticket is late when a promise of the policy is broken on it, and kept when some are kept and none is broken. One
   that the draft would win or lose is judged by all it is promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, distinct, func, select

from helpdesk import jobs
from helpdesk.db import Json, db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.commitments.models import WhatIf
from sla.commitments.trying import Compared, Judge, is_for_others
from sla.entitlements.models import Entitlement
from sla.policies import drafting, standing
from sla.policies.drafting import Draft
from sla.policies.models import PolicyVersion, SLAPolicy

JOB = "what_if"
PAST = timedelta(days=90)
BATCH = 200
CHANGED = ("later", "sooner", "joined", "left")
"""Late only with the draft, late only without it; promised the policy's only with the draft, and only without it."""
MOST_NAMED = 1000
"""Tickets of each kind that are named; they are counted beyond that."""
_STALLED = timedelta(minutes=1)


def start(policy: SLAPolicy, draft: Draft, *, by: Agent | None) -> WhatIf:
    """Replay this draft over the last 90 days; what ran for the policy before is stopped."""
    at = now()
    for one in db.session.scalars(select(WhatIf).where(WhatIf.policy_id == policy.id, WhatIf.state == "running")):
        one.state = "stopped"
    counting = standing.in_force_in(standing.versions(policy))
    asked = drafting.as_json(drafting.read(counting))["conditions"] if counting is not None else None
    run = WhatIf(
        policy_id=policy.id,
        draft=drafting.as_json(draft) | {"asked": asked},
        fingerprint=drafting.fingerprint(draft),
        since=at - PAST,
        at=at,
        result=_nothing(),
        created_by_id=by.id if by is not None else None,
        moved_at=at,
    )
    db.session.add(run)
    db.session.flush()
    run.total = db.session.scalar(select(func.count(distinct(Entitlement.ticket_id))).where(*_judged(run))) or 0
    jobs.defer(JOB, key=f"{JOB}:{run.id}", run_id=run.id)
    return run


def latest(policy_id: int) -> WhatIf | None:
    return db.session.scalar(select(WhatIf).where(WhatIf.policy_id == policy_id).order_by(WhatIf.id.desc()).limit(1))


def stop(run: WhatIf) -> None:
    """It ends at its next batch and has no result."""
    if run.state == "running":
        run.state = "stopped"


def work(run_id: int) -> None:
    """The job: batch after batch until it is done or stopped; commits each."""
    while _batch(run_id):
        pass


def revive() -> None:
    """Have runs go on whose worker went away; commits."""
    stalled = select(WhatIf).where(WhatIf.state == "running", WhatIf.moved_at < now() - _STALLED)
    for run in db.session.scalars(stalled):
        jobs.defer(JOB, key=f"{JOB}:{run.id}", run_id=run.id)
    db.session.commit()


def share(counted: dict[str, int]) -> float | None:
    """Percent of the decided tickets that were kept; None when none is decided."""
    decided = counted["kept"] + counted["late"]
    return 100 * counted["kept"] / decided if decided else None


def _batch(run_id: int) -> bool:
    run = db.session.scalar(select(WhatIf).where(WhatIf.id == run_id, WhatIf.state == "running").with_for_update())
    tickets = _next(run) if run is not None else []
    if run is not None:
        run.moved_at = now()
        if tickets:
            run.result = _added(run.result, Judge(run).compared(tickets))
            run.done, run.after = run.done + len(tickets), tickets[-1].id
        else:
            run.state = "done"
    db.session.commit()
    return bool(tickets)


def _next(run: WhatIf) -> list[Ticket]:
    ids = (
        select(Entitlement.ticket_id)
        .distinct()
        .where(*_judged(run), Entitlement.ticket_id > run.after)
        .order_by(Entitlement.ticket_id)
        .limit(BATCH)
    )
    rows = select(Ticket).where(Ticket.id.in_(db.session.scalars(ids).all())).order_by(Ticket.id)
    return list(db.session.scalars(rows))


def _judged(run: WhatIf) -> tuple[ColumnElement[bool], ...]:
    """The decisions that count still: those that promised what the policy said; all where the draft is for others."""
    recent = Entitlement.judged_at >= run.since, Entitlement.replaced_at.is_(None)
    if is_for_others(run):
        return recent
    versions = select(PolicyVersion.id).where(PolicyVersion.policy_id == run.policy_id)
    return Entitlement.policy_version_id.in_(versions), *recent


def _added(result: Json, compared: Mapping[int, Compared]) -> Json:
    """A new value, since a change inside the old one would not be written."""
    counted = {side: dict(result[side]) for side in ("now", "then")}
    named = {kind: list(result[kind]) for kind in CHANGED}
    changed = {kind: result["changed"][kind] for kind in CHANGED}
    for ticket_id, one in compared.items():
        for side, standing_, counts in (("now", one.was, one.had), ("then", one.would, one.has)):
            if standing_ and counts:
                counted[side][standing_] += 1
        for kind in _kinds(one):
            changed[kind] += 1
            named[kind] = [*named[kind], ticket_id][:MOST_NAMED]
    return {**counted, **named, "changed": changed}


def _kinds(one: Compared) -> Iterator[str]:
    """In which ways a ticket changes."""
    if "late" in {one.was, one.would} and one.was != one.would:
        yield "later" if one.would == "late" else "sooner"
    if one.had is not one.has:
        yield "joined" if one.has else "left"


def _nothing() -> Json:
    return {
        "now": {"kept": 0, "late": 0},
        "then": {"kept": 0, "late": 0},
        "changed": dict.fromkeys(CHANGED, 0),
        **{kind: [] for kind in CHANGED},
    }
