"""What promises tell a monitoring system: open, due within the hour, broken, paused; how far behind the clocks are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.gauges import Gauge, seconds
from helpdesk.now import now
from helpdesk.tickets.models import Status, Ticket
from sla.commitments.models import Commitment
from sla.policies.models import METRICS
from sla.reports import figures, periods

_AN_HOUR = timedelta(hours=1)
_KIND = ("kind",)
_TOLD = (
    ("kept_promises_open", "Promises that run, or are past and still owed."),
    ("kept_promises_paused", "Promises that stand still."),
    ("kept_promises_due_within_hour", "Promises that fall due within the hour."),
    ("kept_promises_broken_owed", "Promises that are broken and still owed."),
)


def gauges() -> Iterator[Gauge]:
    """Of tickets that are not done and not set aside, without what was excused."""
    at = now()
    yield from _promises(at)
    period = periods.named("today", at, periods.house())
    share = figures.share(period, {})
    outcomes = {("kept",): share.kept, ("broken",): share.broken - share.excused, ("excused",): share.excused}
    told = "Promises decided since the day began where reports' days begin."
    yield Gauge("kept_promises_decided_today", told, outcomes, ("outcome",))
    late = db.session.scalar(select(func.min(Commitment.fires_at)).where(Commitment.fires_at < at))
    told = "Since a warning or a break should have been recorded."
    yield Gauge("kept_clock_lag_seconds", told, {(): seconds(late, at)})


def _promises(at: datetime) -> Iterator[Gauge]:
    is_paused = Commitment.outcome == "paused"
    asked = (
        select(
            Commitment.metric,
            func.count().filter(~is_paused),
            func.count().filter(is_paused),
            func.count().filter(Commitment.due_at >= at, Commitment.due_at < at + _AN_HOUR),
            func.count().filter(Commitment.outcome == "broken"),
            func.min(Commitment.due_at),
        )
        .join(Ticket, Ticket.id == Commitment.ticket_id)
        .where(Commitment.ended_at.is_(None), Commitment.excused_at.is_(None))
        .where(Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None))
        .group_by(Commitment.metric)
    )
    counts: list[dict[tuple[str], float]] = [{(metric,): 0 for metric in METRICS} for _ in _TOLD]
    oldest = at
    for metric, *numbers, due in db.session.execute(asked):
        for each, number in zip(counts, numbers, strict=True):
            each[metric,] = number
        oldest = min(oldest, due or at)
    for (name, told), each in zip(_TOLD, counts, strict=True):
        yield Gauge(name, told, each, _KIND)
    longest = "How far past its time the open promise is that is so longest."
    yield Gauge("kept_longest_past_due_seconds", longest, {(): seconds(oldest, at)})
