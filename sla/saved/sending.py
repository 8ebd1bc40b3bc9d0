"""Mails of reports, each exactly once for each due instant and person.

1. The tick writes a row for each person a due instant is for, and moves the schedule on, in one transaction.
2. The job of a row writes the file and puts the mail into the outbox, in one transaction with the row's outcome.

What dies between leaves either nothing or a row that waits, which the next tick brings back. What was due while nothing
ran is sent late, up to three days; what is older is written down as missed. Each person's mail is made with their own
eyes, at that moment: whoever has left, or may not see the table any more, gets nothing, and the page says so.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from helpdesk import jobs
from helpdesk.db import db
from helpdesk.errors import DomainError
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.plugins import installed
from helpdesk.sheets.values import Export
from sla.saved import due, mailing, scheduling
from sla.saved.models import ReportSchedule, ReportSending

STALLED = timedelta(minutes=2)
_AT_ONCE, _TRIES = 50, 5
_OWNER_GONE = "Whoever set it up is not here any more. Take it up again, and it is yours."


def tick() -> None:
    """Write down what is due, and have what waits too long tried again. Commits."""
    at = now()
    mine = select(ReportSchedule).where(ReportSchedule.next_at <= at).options(joinedload(ReportSchedule.owner))
    mine = mine.order_by(ReportSchedule.next_at, ReportSchedule.id).limit(_AT_ONCE)
    for schedule in db.session.scalars(mine.with_for_update(of=ReportSchedule, skip_locked=True)):
        _fall_due(schedule, at)
    stalled = select(ReportSending).where(ReportSending.state == "waiting", ReportSending.tried_at < at - STALLED)
    rows = stalled.order_by(ReportSending.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    for sending in db.session.scalars(rows):
        _try_again(sending, at)
    db.session.commit()


def work(sending_id: int) -> None:
    """The job of one row; it commits. Twice is harmless: a row leaves `waiting` once.

    A try is on record before the table is begun, so that one that ends its worker each time comes to an end too; a row
    whose turn is only long in coming is not tried.
    """
    sending = _waiting(sending_id)
    if sending is not None:
        _begin_try(sending)
    db.session.commit()
    sending = _waiting(sending_id)
    if sending is not None:
        try:
            with db.session.begin_nested():
                _send(sending)
        except DomainError as error:
            sending.state, sending.reason = "skipped", error.message
    db.session.commit()


def send_test(schedule: ReportSchedule, *, to: Agent) -> ReportSending:
    """The mail as it would be now, to one person who asks for it. It flushes only.

    Raises:
        NotAllowed: somebody else set it up.
    """
    scheduling.check_owned(schedule, to)
    return due.begin(schedule.id, now(), to.id, is_test=True)


def _fall_due(schedule: ReportSchedule, at: datetime) -> None:
    if not schedule.owner.is_active:
        scheduling.pause(schedule, by=None, reason=_OWNER_GONE)
        return
    due.write_down(schedule, at)


def _try_again(sending: ReportSending, at: datetime) -> None:
    """Its worker died, or it still stands in the queue: under its key it stands there once."""
    sending.tried_at = at
    jobs.defer(due.JOB, key=f"{due.JOB}:{sending.id}", sending_id=sending.id)


def _waiting(sending_id: int) -> ReportSending | None:
    """The row, locked, unless it is done with or somebody else has it."""
    rows = select(ReportSending).where(ReportSending.id == sending_id, ReportSending.state == "waiting")
    return db.session.scalars(rows.with_for_update(skip_locked=True)).one_or_none()


def _begin_try(sending: ReportSending) -> None:
    if sending.tries >= _TRIES:
        sending.state, sending.reason = "skipped", "Its table could not be written. The log of the worker says why."
        return
    sending.tries, sending.tried_at = sending.tries + 1, now()


def _send(sending: ReportSending) -> None:
    options = joinedload(ReportSchedule.report), joinedload(ReportSchedule.owner)
    schedule = db.session.get_one(ReportSchedule, sending.schedule_id, options=options, populate_existing=True)
    agent = db.session.get_one(Agent, sending.agent_id)
    export = installed().export(schedule.report.table_key, agent)
    reason = _refusal(schedule, agent, export, is_test=sending.is_test)
    if reason or export is None:
        sending.state, sending.reason = "skipped", reason
        return
    sending.delivery_id = mailing.write(schedule, sending, agent, export).id
    sending.state = "sent"


def _refusal(schedule: ReportSchedule, agent: Agent, export: Export | None, *, is_test: bool) -> str:
    """Why nothing is sent, looked at when it would be; empty where nothing speaks against it."""
    if not agent.is_active:
        return f"{agent.name} is not here any more."
    if export is None:
        return f"{agent.name} may not see this table."
    if not is_test and (schedule.removed_at is not None or schedule.report.removed_at is not None):
        return "It was removed before it was sent."
    return "It was paused before it was sent." if not is_test and schedule.paused_at is not None else ""
