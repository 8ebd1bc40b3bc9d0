"""How soon somebody says "on it", from the pages they really answered; test pages count for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import select

from helpdesk.db import db
from sla.escalations.models import Escalation, Page, PageReason

_BACK = timedelta(days=366)
_MOST = 200
_FEW = 3
"""Below this a median says nothing."""
_MONTH = timedelta(weeks=4)
_NEAR = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Promptness:
    """The page that is most like one at the moment asked for: the same night four weeks before, else the latest."""

    rung_at: datetime
    took: timedelta
    is_same_night: bool
    median: timedelta | None
    """Of a year, where there are enough."""


def of(agent_id: int, at: datetime) -> Promptness | None:
    """What was answered in the year before `at`; None when nothing was."""
    answered = (
        select(Page.id, Page.begun_at, Page.ended_at)
        .join(PageReason, PageReason.page_id == Page.id)
        .join(Escalation, Escalation.id == PageReason.escalation_id)
        .where(Page.agent_id == agent_id, Page.is_test.is_(False), Page.end == "acknowledged")
        .where(Page.begun_at > at - _BACK, Page.begun_at < at, Escalation.acknowledged_by_id == agent_id)
        .distinct()
        .order_by(Page.id.desc())
        .limit(_MOST)
    )
    rows = db.session.execute(answered).all()
    found = [(begun, ended - begun) for _, begun, ended in rows if begun is not None and ended is not None]
    if not found:
        return None
    same = [one for one in found if abs(one[0] + _MONTH - at) <= _NEAR]
    rung_at, took = (same or found)[0]
    middle = timedelta(seconds=median(one.total_seconds() for _, one in found)) if len(found) >= _FEW else None
    return Promptness(rung_at, took, bool(same), middle)
