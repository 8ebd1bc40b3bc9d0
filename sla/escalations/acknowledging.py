"""What people say to a page, "on it", "pass on" and "start again"; who is not on call is heard as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from helpdesk import events
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets import triage
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.escalations import choosing, pacing, paging, plans
from sla.escalations.models import Escalation, EscalationPolicy, Page, PageReason
from sla.escalations.policies import plan_of
from sla.policies.models import Clause


def acknowledge(runs: Sequence[Escalation], *, by: Agent | None, how: str, name: str = "") -> int:
    """They are on these; how many that was news for. A ticket nobody owns becomes theirs.

    `by` is None for whoever holds the fallback's telephone: `name` is what it is called.
    """
    at = now()
    open_ones = [run for run in runs if run.ended_at is None]
    fresh = [run for run in open_ones if not _is_theirs(run, by)]
    for run in open_ones:
        run.state, run.acknowledged_by_id, run.acknowledged_how = "acknowledged", by.id if by else None, how
        run.acknowledged_at, run.asked_at = at, None
        remind = plans.read(run.plan).remind
        run.next_at = at + timedelta(seconds=remind) if remind else None
    paging.call_off(open_ones, "acknowledged", at)
    for run in fresh:
        events.record(run.ticket, "escalation.acknowledged", by=by, escalation=run.id, how=how, name=name)
        if by is not None and run.ticket.assignee_id is None:
            triage.assign(run.ticket, to=by, by=by)
    return len(fresh)


def pass_on(runs: Sequence[Escalation], *, by: Agent | None, name: str = "") -> int:
    """They cannot: the next step is taken at once; how many runs had one."""
    at, passed = now(), 0
    for run in runs:
        if run.ended_at is not None:
            continue
        if run.state == "acknowledged":
            _let_go(run, at)
        pacing.hurry(run, at)
        passed += run.next_at == at
        events.record(run.ticket, "escalation.passed", by=by, escalation=run.id, name=name)
    return passed


def reapply(run: Escalation, *, by: Agent) -> None:
    """Take the policy, and the hours of the promise, as they are now: from the first step, at once.

    Raises:
        Invalid: the run is over.
    """
    if run.ended_at is not None:
        raise Invalid("This has ended already.")
    policy = db.session.get_one(EscalationPolicy, run.policy_id)
    plan = plan_of(policy)
    run.plan, run.calendar_id = plans.as_json(plan), choosing.hours_of(plan, _promised(run))
    paging.begin_anew(run)
    run.round, run.step, run.reason = 0, 0, ""
    run.round_started_at = now()
    _let_go(run, run.round_started_at)
    events.record(run.ticket, "escalation.reapplied", by=by, escalation=run.id)


def open_of_ticket(ticket_id: int) -> list[Escalation]:
    """The runs of a ticket that are not over, held until the commit."""
    return _locked(select(Escalation.id).where(Escalation.ticket_id == ticket_id, Escalation.ended_at.is_(None)))


def of_page(page: Page) -> list[Escalation]:
    """Every run a page is for, held until the commit."""
    return _locked(select(PageReason.escalation_id).where(PageReason.page_id == page.id))


def _locked(ids: Select[int]) -> list[Escalation]:
    """Tickets before their runs, as everybody takes them."""
    tickets = select(Escalation.ticket_id).where(Escalation.id.in_(ids))
    db.session.scalars(select(Ticket.id).where(Ticket.id.in_(tickets)).order_by(Ticket.id).with_for_update()).all()
    held = (
        select(Escalation)
        .where(Escalation.id.in_(ids))
        .order_by(Escalation.id)
        .options(joinedload(Escalation.ticket, innerjoin=True))
        .with_for_update(of=Escalation)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(held))


def _promised(run: Escalation) -> int | None:
    """The calendar its promise counts in; None around the clock, and for a run without a promise."""
    clause = select(Clause.calendar_id).join(Commitment, Commitment.clause_id == Clause.id)
    return db.session.scalar(clause.where(Commitment.id == run.commitment_id))


def _is_theirs(run: Escalation, by: Agent | None) -> bool:
    return run.state == "acknowledged" and run.acknowledged_by_id == (by.id if by else None)


def _let_go(run: Escalation, at: datetime) -> None:
    run.state, run.acknowledged_at, run.acknowledged_by_id, run.asked_at = "running", None, None, None
    run.next_at = at
