"""When a run takes its next step: at its own time of the round, or at once when nobody could be reached."""

from __future__ import annotations

from datetime import datetime, timedelta

from sla.escalations import plans
from sla.escalations.models import Escalation


def due(run: Escalation, plan: plans.Plan) -> datetime | None:
    """When the next step, or the next round, is taken; None when everyone has been rung."""
    after = plan.due(run.round, run.step)
    return None if after is None else run.round_started_at + timedelta(seconds=after)


def hurry(run: Escalation, at: datetime) -> None:
    """The next step of this round is due now, and those after it as long after it as they were."""
    steps = plans.read(run.plan).steps
    if run.state == "running" and run.step < len(steps):
        run.round_started_at, run.next_at = at - timedelta(seconds=steps[run.step].after), at
