"""What escalations tell a monitoring system: who is being woken, and how late pages leave."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.gauges import Gauge, seconds
from helpdesk.now import now
from sla.escalations.models import STATES, Escalation, PageAttempt


def gauges() -> Iterator[Gauge]:
    at = now()
    going = [state for state in STATES if state != "ended"]
    asked = select(Escalation.state, func.count()).where(Escalation.state.in_(going)).group_by(Escalation.state)
    found = {state: count for state, count in db.session.execute(asked)}  # noqa: C416 - rows are no pairs to the checker
    states = {(state,): found.get(state, 0) for state in going}
    yield Gauge("kept_escalations", "Escalations that go on, by state.", states, ("state",))
    due = select(func.min(PageAttempt.due_at)).where(PageAttempt.state == "waiting", PageAttempt.due_at < at)
    late = db.session.scalar(due)
    yield Gauge("kept_page_lag_seconds", "Since a page should have left.", {(): seconds(late, at)})
