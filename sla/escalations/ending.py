"""The end of a run: what makes it come, from when it cannot be taken back, and what is written down then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from helpdesk import events
from helpdesk.db import among, db, reserve
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import undoing
from helpdesk.tickets.models import Message, Status
from sla.commitments.models import Commitment
from sla.escalations import paging
from sla.escalations.models import Escalation


@dataclass(frozen=True, slots=True)
class End:
    """Why nobody needs to be woken any more."""

    reason: str
    final_at: datetime
    """Until then it may be taken back: nobody is rung, and nothing is given up."""


def ends(runs: Sequence[Escalation], commitments: Mapping[int, Commitment], at: datetime) -> dict[int, End]:
    """By run, those that nobody needs to be woken for."""
    answered = _answered(runs)
    why = {run.id: _why(run, commitments, answered) for run in runs}
    leaves = _leaves({run.ticket_id for run in runs if why[run.id] == "answered"})
    found = {}
    for run in runs:
        final_at = leaves.get(run.ticket_id)
        if why[run.id] == "solved":
            done_at = run.ticket.spam_at or run.ticket.resolved_at
            final_at = done_at + undoing.WINDOW if done_at is not None else None
        if why[run.id]:
            found[run.id] = End(why[run.id], final_at or at)
    return found


def end(runs: Mapping[Escalation, str], at: datetime) -> None:
    """Nobody more is rung for these, each for its reason."""
    if not runs:
        return
    reserve(event=len(runs))
    for run, reason in runs.items():
        run.state, run.reason, run.ended_at, run.next_at = "ended", reason, at, None
        events.record(run.ticket, "escalation.ended", escalation=run.id, reason=reason)
    paging.call_off(runs, "called_off", at)


def overtake(commitment_ids: Sequence[int], at: datetime) -> None:
    """These promises are broken now: the runs that warned of it are over, a run for the break takes their place."""
    warning = (
        select(Escalation)
        .where(Escalation.commitment_id.in_(commitment_ids), Escalation.cause == "warning")
        .where(Escalation.ended_at.is_(None))
        .order_by(Escalation.id)
        .options(joinedload(Escalation.ticket, innerjoin=True))
        .with_for_update(of=Escalation)
    )
    end(dict.fromkeys(db.session.scalars(warning), "overtaken"), at)


def _why(run: Escalation, commitments: Mapping[int, Commitment], answered: Collection[int]) -> str:
    """Empty while somebody needs to be woken."""
    if run.ticket.status >= Status.RESOLVED or run.ticket.spam_at is not None:
        return "solved"
    if run.commitment_id is not None:
        return "answered" if commitments[run.commitment_id].ended_at is not None else ""
    return "answered" if run.id in answered else ""


def _answered(runs: Sequence[Escalation]) -> set[int]:
    """Of the runs that an arrival or an alarm began, those whose ticket we wrote in since."""
    arrived = [run.id for run in runs if run.cause in {"arrival", "device"}]
    if not arrived:
        return set()
    ours = (
        select(Message.id)
        .where(Message.ticket_id == Escalation.ticket_id, Message.direction == "out", Message.kind == "message")
        .where(Message.created_at >= Escalation.started_at)
    )
    return set(db.session.scalars(select(Escalation.id).where(among(Escalation.id, arrived), ours.exists())))


def _leaves(ticket_ids: Collection[int]) -> dict[int, datetime]:
    """By ticket, when the last of its answers leaves that can still be taken back."""
    if not ticket_ids:
        return {}
    waiting = (
        select(Delivery.ticket_id, func.max(Delivery.not_before))
        .where(among(Delivery.ticket_id, ticket_ids), Delivery.purpose == "reply")
        .where(Delivery.state == State.QUEUED, Delivery.attempts == 0)
        .group_by(Delivery.ticket_id)
    )
    return {ticket_id: at for ticket_id, at in db.session.execute(waiting) if ticket_id is not None}
