"""The facts of money that are rows of tickets and ledgers, as one relation that figures, lists and tickets all read.

A fact has a kind, a day, the ticket it counts for (that a ticket was merged into, as long as it is), who worked, the
customer, agreement, currency and cents; cents are null where a rate or price is not known. The agreement of work is the
one that covers the ticket now; of credits and prepaid balances their own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DATE, TextClause, bindparam, text

from sla.money.branches import (
    ANSWERED,
    BRANCHES,
    CALLED_FOR,
    CHAIN,
    COLUMNS,
    DRAWN,
    HELD,
    OWN,
    PRICED,
    SOME,
    TIMED,
    WITHIN,
)
from sla.money.rates import Rates

_OF_AGREEMENTS = {"credit", "prepaid", "expired"}


@dataclass(frozen=True)
class Scope:
    """Which facts: of days from `since` up to but without `until`, and of what; `begin` and `end` are their instants.

    `customer` and `agreement` are ids, 0 for none of them, None for any. `within` are the tickets that count as one,
    the `ticket`, where only its facts are asked for.
    """

    since: date
    until: date
    begin: datetime
    end: datetime
    zone: str
    customer: int | None = None
    agreement: int | None = None
    ticket: int | None = None
    within: tuple[int, ...] = ()
    days: tuple[date, ...] = ()
    """Only some of them, in order."""
    low: int | None = None
    high: int | None = None
    """Of tickets from the one id up to but without the other, found by their ids: for where these are few."""
    among: tuple[int, ...] = ()
    """Of these tickets, found by their ids."""

    def on(self, days: Sequence[date]) -> Scope:
        """Of these days alone, which there is one of at least."""
        since, until = days[0], days[-1] + timedelta(days=1)
        begin, end = (midnight(day, self.zone) for day in (since, until))
        return replace(self, since=since, until=until, begin=begin, end=end, days=tuple(days))

    @property
    def is_of_some(self) -> bool:
        """Of tickets that are few."""
        return self.high is not None or bool(self.among)


def midnight(day: date, zone: str) -> datetime:
    """When a day begins there."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def relation(kinds: Collection[str], scope: Scope, then: str) -> TextClause:
    """A statement whose `fact` is the relation of these kinds, and which goes on with `then`."""
    branches = " UNION ALL ".join(_branch(kind, scope) for kind in BRANCHES if kind in kinds)
    if scope.days:
        branches = f"SELECT * FROM ({branches}) every ({COLUMNS}) WHERE day = ANY(:days)"  # noqa: S608 - of our own
    return _known(scope, f"fact ({COLUMNS}) AS ({branches})", then)


def answered(scope: Scope, then: str) -> TextClause:
    """The same whose `answered` are the tickets without time on the days of the scope that they were answered on."""
    mine = [
        _is(f"NULLIF({column}, 0)", name, value)
        for column, name, value in (
            ("organization_id", "customer", scope.customer),
            ("contract_id", "agreement", scope.agreement),
        )
    ]
    found = f"SELECT * FROM ({ANSWERED}) every WHERE true {' '.join(mine)}"  # noqa: S608 - of our own
    return _known(scope, f"answered AS ({found})", then)


def _known(scope: Scope, asked_for: str, then: str) -> TextClause:
    """What facts are counted by, before them."""
    known = [HELD, PRICED, DRAWN.replace("{touched}", _touched(scope)), TIMED]
    found = [WITHIN] if scope.ticket is not None else []
    found += [CHAIN.replace("{seed}", CALLED_FOR if scope.ticket is not None else "")]
    chosen = "id = ANY(:among)" if scope.among else "id >= :low AND id < :high"
    found += [SOME.replace("{chosen}", chosen)] if scope.is_of_some else []
    found += known
    joined = ", ".join(found).replace("{root}", _root(scope))
    asked = text(f"WITH RECURSIVE {joined}, {asked_for} {then}")
    dated = [bindparam(name, type_=ARRAY(DATE)) for name in ("h_since", "h_until")]
    return asked.bindparams(*dated, *([bindparam("days", type_=ARRAY(DATE))] if scope.days else []))


def values(scope: Scope, rates: Rates) -> dict[str, Any]:
    """What the statement is asked with."""
    found: dict[str, Any] = {
        "h_kind": [one.kind for one in rates.all],
        "h_agent": [one.agent_id for one in rates.all],
        "h_since": [one.since for one in rates.all],
        "h_until": [one.until for one in rates.all],
        "h_cents": [one.cents for one in rates.all],
        "h_currency": [one.currency for one in rates.all],
    }
    for name in ("since", "until", "begin", "end", "zone"):
        found[name] = getattr(scope, name)
    if scope.high is not None:
        found |= {"low": scope.low, "high": scope.high}
    if scope.among:
        found["among"] = list(scope.among)
    if scope.days:
        found["days"] = list(scope.days)
    if scope.ticket is not None:
        found |= {"ticket": scope.ticket, "within": list(scope.within)}
    if scope.customer:
        found["customer"] = scope.customer
    if scope.agreement:
        found["agreement"] = scope.agreement
    return found


def _branch(kind: str, scope: Scope) -> str:
    owner, contract = "placed.organization_id", OWN
    if kind in _OF_AGREEMENTS:
        owner, contract = "contract.organization_id", "contract.id"
    mine = [_is(owner, "customer", scope.customer), _is(contract, "agreement", scope.agreement)]
    pages = ""
    if scope.ticket is not None:
        mine.append("AND false" if kind == "expired" else "AND placed.id = :ticket")
        pages = "AND page.id IN (SELECT page_id FROM called)"
    if scope.is_of_some and kind == "expired":
        mine.append("AND false")
    said = BRANCHES[kind].replace("{mine}", " ".join(filter(None, mine))).replace("{pages}", pages)
    return said.replace("{root}", _root(scope))


def _root(scope: Scope) -> str:
    """How a ticket finds the one it counts for."""
    return "JOIN within root" if scope.ticket is not None or scope.is_of_some else "LEFT JOIN root"


def _touched(scope: Scope) -> str:
    """Only balances that were drawn from in these days, or for this ticket, are worked out."""
    if scope.ticket is not None:
        return "ticket_id = ANY(:within)"
    if scope.is_of_some:
        return "ticket_id IN (SELECT id FROM within)"
    only = " AND CAST(at AT TIME ZONE :zone AS date) = ANY(:days)" if scope.days else ""
    return f"at >= :begin AND at < :end{only}"


def _is(column: str, name: str, value: int | None) -> str:
    if value is None:
        return ""
    return f"AND {column} = :{name}" if value else f"AND {column} IS NULL"
