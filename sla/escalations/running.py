"""The run: what is due is found by index, done once, and says itself when the next thing is due.

1. Take what is due first, a batch at once; a run or a ticket somebody else holds is left for the next round.
2. End it where its reason is gone, hold it while its clock stands, hand it to the day when the hours begin.
3. Take the steps whose time has come; each looks who is on call at its own instant, and nobody means the next at once.
4. Write what came of the batch together: what is told, who is rung, whose calls are called off.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, DateTime, any_, bindparam, func, select, update
from sqlalchemy.orm import contains_eager

from helpdesk import events
from helpdesk.db import among, before_commit, db, reserve
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.escalations import ending, pacing, paging, plans
from sla.escalations.callees import Callees
from sla.escalations.daytime import Daytime
from sla.escalations.models import Escalation
from sla.escalations.paging import Call
from sla.escalations.plans import Plan, Step

log = logging.getLogger(__name__)

_BATCH = 100
_AFTER_A_FAULT = timedelta(minutes=1)
_ARRIVING = {"ticket.opened", "message.received", "entitlement.decided", "escalation.started"}


def tick() -> int:
    """Do everything that is due; how many runs."""
    done = 0
    while batch := _batch():
        done += batch
    return done


_LOOK = (
    update(Escalation)
    .where(Escalation.ticket_id == any_(bindparam("tickets", type_=ARRAY(BigInteger))), Escalation.ended_at.is_(None))
    .values(next_at=func.least(Escalation.next_at, bindparam("at", type_=DateTime(timezone=True))))
    .execution_options(synchronize_session=False)
)
"""Put together once, as most of what happens to a ticket asks it; who goes on with a run reads it anew."""


def look(event: Event) -> None:
    """Something happened that may end the runs of its ticket, or let them go on: look at them before the next step."""
    before_commit(_look, event.ticket_id)


def forget(event: Event) -> None:
    """The ticket was taken back before anybody could answer it: its runs go with it."""
    paging.forget(event.ticket_id)


def _look(ticket_ids: list[int]) -> None:
    opened = events.opened_now(ticket_ids)
    ids = [one for one in ticket_ids if one not in opened or not _only_arrived(opened[one])]
    if not ids:
        return
    db.session.execute(_LOOK, {"tickets": ids, "at": now()})


def _only_arrived(told: Sequence[Event]) -> bool:
    """What brings a ticket ends no run that it begins."""
    return {one.kind for one in told} <= _ARRIVING


def _batch() -> int:
    at = now()
    runs = _claim(Escalation.next_at <= at)
    if not runs:
        db.session.rollback()
        return 0
    ids = [run.id for run in runs]
    if not _go_on(runs, at):
        _one_by_one(ids, at)
    db.session.commit()
    return len(ids)


def _claim(which: ColumnElement[bool]) -> Sequence[Escalation]:
    due = (
        select(Escalation)
        .join(Escalation.ticket)
        .where(which)
        .order_by(Escalation.next_at, Escalation.id)
        .limit(_BATCH)
        .options(contains_eager(Escalation.ticket))
        .with_for_update(skip_locked=True, of=(Escalation, Ticket))
    )
    return db.session.scalars(due).all()


def _one_by_one(ids: Sequence[int], at: datetime) -> None:
    """One run that cannot go on must not stop the others, nor be forgotten."""
    for key in ids:
        if not _go_on(_claim(Escalation.id == key), at):
            log.error("escalation_stuck", extra={"escalation": key})
            db.session.execute(update(Escalation).where(Escalation.id == key).values(next_at=at + _AFTER_A_FAULT))


def _go_on(runs: Sequence[Escalation], at: datetime) -> bool:
    """False when that failed; nothing has changed then."""
    try:
        with db.session.begin_nested():
            _Turn(runs, at).take()
    except Exception:
        log.exception("escalations_failed", extra={"count": len(runs)})
        return False
    return True


class _Turn:
    """Runs that are due at one instant: what they go by is read once, and what comes of them is written once."""

    def __init__(self, runs: Sequence[Escalation], at: datetime) -> None:
        self._runs, self._at = runs, at
        promised = select(Commitment).where(among(Commitment.id, {run.commitment_id for run in runs} - {None}))
        self._commitments = {one.id: one for one in db.session.scalars(promised)}
        self._daytime = Daytime.of({run.calendar_id for run in runs}, at)
        self._callees = Callees(at)
        self._told: list[tuple[Ticket, str, dict[str, Any]]] = []
        self._calls: list[Call] = []
        self._asked: list[Escalation] = []
        self._over: dict[Escalation, str] = {}

    def take(self) -> None:
        ends = ending.ends(self._runs, self._commitments, self._at)
        for run in self._runs:
            end = ends.get(run.id)
            if end is None:
                self._go_on(run, plans.read(run.plan))
            elif end.final_at > self._at:
                run.next_at = end.final_at
            else:
                self._over[run] = end.reason
        self._write()

    def announce(self, run: Escalation, kind: str, **data: Any) -> None:
        """Have this told with the rest of the batch."""
        self._told.append((run.ticket, kind, {"escalation": run.id, **data}))

    def _write(self) -> None:
        """Calls before ends: a page that another run of this batch joins goes on."""
        if self._told:
            reserve(event=len(self._told))
        for ticket, kind, data in self._told:
            events.record(ticket, kind, **data)
        paging.ring([*self._calls, *paging.questions(self._asked)], self._at)
        ending.end(self._over, self._at)

    def _go_on(self, run: Escalation, plan: Plan) -> None:
        commitment = self._commitments.get(run.commitment_id or 0)
        is_open = self._daytime.is_open(run.calendar_id)
        if run.state == "acknowledged":
            self._ask_or_lapse(run, plan)
        elif commitment is not None and commitment.outcome == "paused":
            run.state, run.next_at = "holding", None
        elif plan.only_out_of_hours and is_open:
            self._over[run] = "hours"
        elif run.state == "holding" and plan.holds and run.calendar_id is not None and not is_open:
            run.next_at = self._daytime.opens_at(run.calendar_id)
        else:
            self._take_steps(run, plan)

    def _take_steps(self, run: Escalation, plan: Plan) -> None:
        """All whose time has come; then wait for the next, or for the hours to begin. What was held begins now."""
        at = self._at
        if run.state == "holding":
            run.state, run.round_started_at = "running", at
        while (due := pacing.due(run, plan)) is not None and due <= at:
            if run.step == len(plan.steps):
                run.round, run.step, run.round_started_at = run.round + 1, 0, due
                continue
            rings = self._take(run, plan.steps[run.step])
            run.step += 1
            if not rings:
                pacing.hurry(run, at)
        if due is None:
            run.reason = "exhausted"
        opening = self._daytime.opens_at(run.calendar_id) if plan.only_out_of_hours else None
        run.next_at = min((one for one in (due, opening) if one is not None), default=None)

    def _take(self, run: Escalation, step: Step) -> bool:
        """Ring whoever it means now; False when that is nobody."""
        found = self._callees.find(step.targets)
        names = [callee.name for callee in found.callees]
        self.announce(run, "escalation.paged", step=run.step, names=names, stands_in=found.stands_in)
        self._calls += [Call(run, run.round, run.step, callee) for callee in found.callees]
        if step.tells_customer:
            self.announce(run, "ticket.delayed")
        return bool(found.callees)

    def _ask_or_lapse(self, run: Escalation, plan: Plan) -> None:
        """Ask whether they still are on it when it is time; without an answer go on from where it was."""
        at = self._at
        due = _question_at(run, plan)
        if due is None or due > at:
            run.next_at = due
        elif run.asked_at is None:
            self._asked.append(run)
            run.asked_at, run.next_at = at, at + timedelta(seconds=plan.lapse)
        else:
            self.announce(run, "escalation.lapsed", agent=run.acknowledged_by_id)
            run.state, run.acknowledged_at, run.acknowledged_by_id, run.asked_at = "running", None, None, None
            run.next_at = at
            pacing.hurry(run, at)


def _question_at(run: Escalation, plan: Plan) -> datetime | None:
    """When they are asked, or have had time enough to answer; None when nobody asks."""
    if run.asked_at is not None:
        return run.asked_at + timedelta(seconds=plan.lapse)
    if not plan.remind or run.acknowledged_at is None:
        return None
    return run.acknowledged_at + timedelta(seconds=plan.remind)
