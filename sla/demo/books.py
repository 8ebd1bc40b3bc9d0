"""The story's money: what its people cost, the time noted on most of what they answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.people.models import Agent
from sla.money.models import MoneyRate

_HALF_A_YEAR = timedelta(days=190)
_RATES = (("work", 4600), ("standby", 600), ("night", 3500), ("billed", 11_500))
_DEARER = ("work", 5450)
_TIME = text("""
    INSERT INTO time_entry (ticket_id, key, agent_id, noted_by_id, day, minutes, what, is_billable, drawn, at)
    SELECT id, 'time-' || id || '-before', assignee_id, assignee_id,
        CAST(resolved_at AT TIME ZONE :zone AS date), 5 + 5 * CAST(floor(random() * 14) AS bigint),
        'Looked at it, answered', organization_id IS NULL AND random() < 0.5, 0, resolved_at
    FROM ticket WHERE id > :last AND resolved_at > :since AND assignee_id IS NOT NULL AND random() < 0.85
""")


def plant(last: int, *, zone: str, at: datetime) -> None:
    """Of tickets above `last`, those of the story's past; `at` is its now."""
    since = (at - _HALF_A_YEAR).date()
    db.session.execute(text("SELECT setseed(0.17)"))
    db.session.execute(_TIME, {"last": last, "zone": zone, "since": at - timedelta(days=91)})
    db.session.add_all(
        MoneyRate(kind=kind, valid_from=since, cents=cents, currency="USD", created_at=at) for kind, cents in _RATES
    )
    first = db.session.scalars(select(Agent).order_by(Agent.id).limit(1)).one()
    kind, cents = _DEARER
    later = (at - timedelta(days=45)).date()
    db.session.add(
        MoneyRate(kind=kind, agent_id=first.id, valid_from=later, cents=cents, currency="USD", created_at=at)
    )
