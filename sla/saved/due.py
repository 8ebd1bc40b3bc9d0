"""What falls due: a row for each person an instant of a plan is for, with the job that writes its mail. They flush."""

from __future__ import annotations

from datetime import datetime, timedelta

from helpdesk import jobs
from helpdesk.db import db
from helpdesk.now import now
from sla.saved import plans
from sla.saved.models import ReportSchedule, ReportSending

JOB = "report"
STILL_SENT = timedelta(days=3)


def write_down(schedule: ReportSchedule, at: datetime) -> None:
    """Every due instant up to `at`, and move the schedule on behind it."""
    plan = plans.read(schedule.plan)
    while schedule.next_at is not None and schedule.next_at <= at:
        for agent_id in plan.agent_ids:
            if at - schedule.next_at > STILL_SENT:
                _missed(schedule, schedule.next_at, agent_id)
            else:
                begin(schedule.id, schedule.next_at, agent_id)
        schedule.next_at = plans.following(plan, schedule.next_at)


def begin(schedule_id: int, due_at: datetime, agent_id: int, *, is_test: bool = False) -> ReportSending:
    sending = ReportSending(schedule_id=schedule_id, due_at=due_at, agent_id=agent_id, is_test=is_test, tried_at=now())
    db.session.add(sending)
    db.session.flush()
    jobs.defer(JOB, sending_id=sending.id)
    return sending


def _missed(schedule: ReportSchedule, due_at: datetime, agent_id: int) -> None:
    known = {"schedule_id": schedule.id, "due_at": due_at, "agent_id": agent_id, "tried_at": now()}
    db.session.add(ReportSending(**known, state="missed", reason="Nothing ran for more than three days."))
