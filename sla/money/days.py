"""What each day and month of money adds up to, written from the facts by the scheduler: exact, never a second truth.

1. A trigger marks what changed, in the transaction that changes it.
2. `tick` takes marks, finds the days they are about, adds each of these up whole with its month, and writes the rows
   that differ.
3. Readers take these rows for days without a mark, and the facts themselves for the others (`sla.money.reading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import ARRAY, DATE, bindparam, delete, insert, select, text

from helpdesk.db import db
from sla.assets import months
from sla.money import adding, facts, rates, waiting
from sla.money.adding import ANSWERED, OF_ANSWERED, OF_FACTS, SUMS
from sla.money.facts import Scope
from sla.money.models import MoneyMark
from sla.reports import periods

COUNTED = ("work", "night", "credit", "prepaid", "expired", "billed")
"""The kinds of facts that are rows and are added up by their day; fees and hours on call are worked out."""
_MARKS, _DAYS, _BATCHES = 5_000, 7, 10
_LOCK = text("SELECT pg_advisory_xact_lock(7210025)")
_PATIENCE = text("SET LOCAL statement_timeout = 0")
_THESE = "span = 'day' AND day = ANY(:days)"
_MARK = text(
    "INSERT INTO money_mark (since, until) SELECT day, day + 1 FROM unnest(:days) AS day ORDER BY day DESC"
).bindparams(bindparam("days", type_=ARRAY(DATE)))
_MONTHS = [
    text("WITH " + adding.written(table, adding.of_days(table), "span = 'month' AND day >= :first AND day < :after"))
    for table in (SUMS, ANSWERED)
]


def tick() -> int:
    """Add up the days of what was marked; how many. What is left after some batches waits for the next. Commits."""
    counted = 0
    for _ in range(_BATCHES):
        days = _take()
        if not days:
            break
        add_up(days)
        db.session.commit()
        counted += len(days)
    db.session.commit()
    return counted


def catch_up() -> None:
    """Until nothing is marked. Commits."""
    while tick():
        pass


def again() -> None:
    """Add every day up anew, in one transaction. It flushes only."""
    db.session.execute(_LOCK)
    db.session.execute(_PATIENCE)
    db.session.execute(delete(MoneyMark))
    db.session.execute(insert(MoneyMark).values(since=date.min, until=date.max))
    while days := _take():
        add_up(days)


def add_up(days: Sequence[date]) -> None:
    """Write what some days, in order, and their months add up to, where it is not what is written. It flushes only."""
    scope = of(days)
    values = facts.values(scope, rates.known())
    db.session.execute(facts.relation(COUNTED, scope, f", {adding.written(SUMS, OF_FACTS, _THESE)}"), values)
    db.session.execute(facts.answered(scope, f", {adding.written(ANSWERED, OF_ANSWERED, _THESE)}"), values)
    for first in sorted({day.replace(day=1) for day in days}):
        for asked in _MONTHS:
            db.session.execute(asked, {"first": first, "after": months.after(first, 1)})


def of(days: Sequence[date]) -> Scope:
    """Everything of some days, which are in order."""
    never = datetime.min.replace(tzinfo=UTC)
    return Scope(days[0], days[-1], never, never, periods.zone().key).on(days)


def _take() -> list[date]:
    """The latest days of the oldest marks; those it has no room for are marked by themselves."""
    db.session.execute(_LOCK)
    ids = list(db.session.scalars(select(MoneyMark.id).order_by(MoneyMark.id).limit(_MARKS)))
    found = waiting.of(ids) if ids else []
    left = found[:-_DAYS]
    if ids:
        db.session.execute(delete(MoneyMark).where(MoneyMark.id.in_(ids)))
    if left:
        db.session.execute(_MARK, {"days": left})
    return found[-_DAYS:]
