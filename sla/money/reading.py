"""Sums of facts, by key and by month: of days that are added up, and of the facts of days with something new.

A month that begins in the days asked for is read from its own rows, less those of its days that are not wanted, so that
a year is little more to read than a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, DATE, bindparam, text

from helpdesk.db import db
from sla.assets import months
from sla.money import days, facts, sums
from sla.money.adding import ANSWERED, SUMS, Table
from sla.money.facts import Scope
from sla.money.kinds import UNTIMED
from sla.money.rates import Rates
from sla.money.sums import Amount

_DATED = "(SELECT *, CAST(date_trunc('month', day) AS date) AS month FROM {rows}) dated"
_STORED = """
    (SELECT {columns}, {sums} FROM {table} WHERE span = 'month' AND day = ANY(:months) {mine}
    UNION ALL SELECT {columns}, {less} FROM {table} WHERE span = 'day' AND day = ANY(:without) AND {in_month} {mine}
    UNION ALL SELECT {columns}, {sums} FROM {table} WHERE span = 'day' AND day = ANY(:days) {mine}) stored
"""


class Row(NamedTuple):
    """How much of a kind: of a key, of a month, or of neither, which is of all."""

    kind: str
    is_of_key: bool
    is_of_month: bool
    key: Any
    month: date | None
    amount: Amount


def read(key: str, scope: Scope, fresh: Sequence[date], known: Rates) -> Iterable[Row]:
    """All that is counted by days; `key` is a column or empty, `fresh` are days, in order, with something new."""
    yield from _stored(key, scope, fresh)
    yield from _answered(key, scope, fresh)
    if fresh:
        yield from _summed(key, scope.on(fresh), known)
        yield from _answered_lately(key, scope, fresh, known)


def _stored(key: str, scope: Scope, fresh: Sequence[date]) -> Iterable[Row]:
    asked = f"""
        SELECT kind, NULLIF(currency, ''), {_grouped(key)},
            CASE WHEN currency <> '' THEN CAST(sum(cents) AS bigint) END,
            CAST(sum(many) AS bigint), CASE WHEN currency = '' THEN CAST(sum(many) AS bigint) ELSE 0 END,
            CAST(sum(amount) AS bigint)
        FROM {_rows(SUMS, scope)} GROUP BY {_sets("kind, currency", key)} HAVING sum(many) <> 0
    """  # noqa: S608 - of our own
    return _counted(_asked(asked, scope, fresh))


def _summed(key: str, scope: Scope, known: Rates) -> Iterable[Row]:
    then = f"""
        SELECT kind, currency, {_grouped(key)}, {sums.SUMMED} FROM {_DATED.format(rows="fact")}
        GROUP BY {_sets("kind, currency", key)}
    """  # noqa: S608 - of our own
    return _counted(db.session.execute(facts.relation(days.COUNTED, scope, then), facts.values(scope, known)).all())


def _counted(rows: Iterable[Any]) -> Iterable[Row]:
    for kind, currency, no_key, no_month, key, month, *counted in rows:
        yield Row(kind, not no_key, not no_month, key, month, sums.summed(currency, *counted))


def _answered(key: str, scope: Scope, fresh: Sequence[date]) -> Iterable[Row]:
    asked = _different(key, _rows(ANSWERED, scope), "many")
    return _untimed(_asked(asked, scope, fresh))


def _answered_lately(key: str, scope: Scope, fresh: Sequence[date], known: Rates) -> Iterable[Row]:
    then = _different(key, _DATED.format(rows="answered"), "1")
    values = {**facts.values(scope.on(fresh), known), "first": scope.since}
    return _untimed(db.session.execute(facts.answered(scope.on(fresh), then), values).all())


def _different(key: str, rows: str, many: str) -> str:
    """A ticket counts once: where it was not answered before in all the days, and where not in those of the month."""
    return f"""
        SELECT {_grouped(key)}, CAST(sum({many}) FILTER (WHERE before < :first) AS bigint),
            CAST(sum({many}) FILTER (WHERE before < GREATEST(month, :first)) AS bigint)
        FROM {rows} GROUP BY {_sets("", key)}
    """  # noqa: S608 - of our own


def _untimed(rows: Iterable[Any]) -> Iterable[Row]:
    for no_key, no_month, key, month, in_all, in_month in rows:
        many = int((in_all if no_month else in_month) or 0)
        if many:
            yield Row(UNTIMED, not no_key, not no_month, key, month, Amount(unknown=many, many=many))


def _asked(asked: str, scope: Scope, fresh: Sequence[date]) -> Iterable[Any]:
    whole, without, single = _split(scope, set(fresh))
    values: dict[str, Any] = {"months": whole, "without": without, "days": single}
    values |= {"first": scope.since} if ":first" in asked else {}
    values |= {"customer": scope.customer} if scope.customer is not None else {}
    values |= {"agreement": scope.agreement} if scope.agreement is not None else {}
    dated = [bindparam(name, type_=ARRAY(DATE)) for name in ("months", "without", "days")]
    return db.session.execute(text(asked).bindparams(*dated), values).all()


def _rows(table: Table, scope: Scope) -> str:
    mine = "AND organization_id = :customer" if scope.customer is not None else ""
    mine += " AND contract_id = :agreement" if scope.agreement is not None else ""
    stored = _STORED.format(
        table=table.name,
        columns=", ".join(table.key),
        sums=", ".join(table.sums),
        less=", ".join(f"-{one}" for one in table.sums),
        in_month=table.in_month,
        mine=mine,
    )
    return _DATED.format(rows=stored)


def _split(scope: Scope, fresh: set[date]) -> tuple[list[date], list[date], list[date]]:
    """Months, the days of these that are not wanted, and the other days that are."""
    whole: list[date] = []
    without: list[date] = []
    single: list[date] = []
    first = scope.since
    while first < scope.until:
        after = months.after(first.replace(day=1), 1)
        mine = [first + timedelta(days=one) for one in range((after - first).days)]
        if first.day == 1:
            whole.append(first)
            without += [day for day in mine if day in fresh or day >= scope.until]
        else:
            single += [day for day in mine if day not in fresh and day < scope.until]
        first = after
    return whole, without, single


def _grouped(key: str) -> str:
    """Whether a row is not of a key, and not of a month; then the two."""
    return f"GROUPING({key}), GROUPING(month), {key}, month" if key else "1, GROUPING(month), NULL, month"


def _sets(always: str, key: str) -> str:
    first = f"{always}, " if always else ""
    return f"GROUPING SETS (({always}), ({first}month){f', ({first}{key})' if key else ''})"
