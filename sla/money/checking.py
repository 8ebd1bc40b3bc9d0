"""`flask reports verify` for money: what is written of each day and month beside what it adds up to, at one instant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import TextClause, text

from helpdesk.db import db, one_instant
from sla.money import adding, days, facts, rates, waiting
from sla.money.adding import ANSWERED, OF_ANSWERED, OF_FACTS, SUMS, Table

_THESE = "span = 'day' AND day = ANY(:days)"
_MOST = 7


def verify() -> Iterator[dict[str, Any]]:
    """Every row that differs, as what is stored beside what it should be; days with a mark are yet to be added up."""
    with one_instant():
        first, after = waiting.bounds()
        if first is None or after is None:
            return
        marked = set(waiting.between(first, after))
        every = [first + timedelta(days=one) for one in range((after - first).days)]
        due = [day for day in every if day not in marked]
        for place in range(0, len(due), _MOST):
            yield from _days(due[place : place + _MOST])
        for table in (SUMS, ANSWERED):
            asked = text("WITH " + adding.compared(table, adding.of_days(table), "span = 'month'"))
            yield from _told(table, asked, {"first": first, "after": after})


def _days(due: Sequence[date]) -> Iterator[dict[str, Any]]:
    scope = days.of(due)
    values = facts.values(scope, rates.known())
    of_facts = facts.relation(days.COUNTED, scope, f", {adding.compared(SUMS, OF_FACTS, _THESE)}")
    of_answers = facts.answered(scope, f", {adding.compared(ANSWERED, OF_ANSWERED, _THESE)}")
    yield from _told(SUMS, of_facts, values)
    yield from _told(ANSWERED, of_answers, values)


def _told(table: Table, asked: TextClause, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in db.session.execute(asked, dict(values)).mappings():
        told = {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
        yield {"table": table.name, **told}
