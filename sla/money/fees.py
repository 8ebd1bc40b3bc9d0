"""What agreements bring by their fees: a period's fee is spread over its days to the cent, and each day earns its part.

1. A day belongs to the version that holds when it ends, in the zone of the agreement; a change of price counts from its
   day on, each day with the part it has of its own version's period.
2. Days earn where the agreement is in force: not as a draft, suspended, cancelled or renewed, and not out of its term.
3. A day ahead earns nothing yet. Without a price the days are counted, and what they bring is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import select

from helpdesk.db import db
from sla.assets import months
from sla.contracts import terms
from sla.contracts.credits import PERIODS
from sla.contracts.models import Contract, ContractVersion
from sla.contracts.terms import Term
from sla.money.kinds import spread

_DAY = timedelta(days=1)


class Version(NamedTuple):
    """What a version says of money, with its customer."""

    contract_id: int
    number: int
    organization_id: int
    since: date
    """The first day it counts for."""
    state: str
    starts_on: date
    ends_on: date
    renewal: str
    value_cents: int | None
    currency: str
    period: str


class Fee(NamedTuple):
    """What an agreement earned in a part of a month; None where its price is not known."""

    contract_id: int
    organization_id: int
    month: date
    """Its first day."""
    currency: str
    cents: int | None


def earned(since: date, until: date, *, customer: int | None = None, agreement: int | None = None) -> list[Fee]:
    """From `since` up to but without `until`, by agreement and month; one statement."""
    return [fee for one in versions(customer=customer, agreement=agreement) for fee in fees(one, since, until)]


def versions(*, customer: int | None = None, agreement: int | None = None) -> Iterator[list[Version]]:
    """Every version of each agreement in the order they hold, with the day it holds from."""
    found = db.session.execute(_rows(customer, agreement)).all()
    for _, rows in groupby(found, key=lambda row: row[0]):
        written, last = [], date.min
        for row in rows:
            last = max(last, terms.local(row[3], row[4]))
            written.append(Version(row[0], row[1], row[2], last, *row[5:]))
        yield written


def fees(written: list[Version], since: date, until: date) -> Iterator[Fee]:
    """Of one agreement, by version and month."""
    ends = [one.since for one in written[1:]]
    for one, end in zip(written, [*ends, date.max], strict=True):
        first, after = max(one.since, one.starts_on, since), min(end, _over(one), until)
        if one.state == "active" and first < after:
            yield from _by_month(one, first, after)


def _rows(customer: int | None, agreement: int | None) -> Any:
    said = ContractVersion
    rows = select(
        said.contract_id, said.number, Contract.organization_id, said.valid_from, said.zone, said.state, said.starts_on,
        said.ends_on, said.renewal, said.value_cents, said.currency, said.period,
    )  # fmt: skip
    rows = rows.join(Contract, Contract.id == said.contract_id)
    if customer is not None:
        rows = rows.where(Contract.organization_id == customer)
    if agreement is not None:
        rows = rows.where(said.contract_id == agreement)
    return rows.order_by(said.contract_id, said.valid_from, said.number)


def _over(one: Version) -> date:
    """The first day out of its term; one that renews itself goes on."""
    return date.max if one.renewal == "tacit" or one.ends_on == date.max else one.ends_on + _DAY


def _by_month(one: Version, first: date, after: date) -> Iterator[Fee]:
    paid: Term | None = None
    for begin, end in _months(first, after):
        cents: int | None = None
        if one.value_cents is not None:
            cents, at = 0, begin
            while at < end:
                if paid is None or at > paid.ends_on:
                    paid = _paid(one.starts_on, PERIODS[one.period], at)
                upto = min(end, paid.ends_on + _DAY)
                cents += _earned(one.value_cents, paid, at, upto)
                at = upto
        yield Fee(one.contract_id, one.organization_id, begin.replace(day=1), one.currency, cents)


@lru_cache(maxsize=8192)
def _paid(starts_on: date, length: int, on: date) -> Term:
    """The period of a fee a day lies in; the same days are asked for by every look at a page."""
    return terms.turn(starts_on, length, on)


def _months(first: date, after: date) -> Iterable[tuple[date, date]]:
    while first < after:
        end = min(after, months.after(first.replace(day=1), 1))
        yield first, end
        first = end


def _earned(cents: int, paid: Term, begin: date, end: date) -> int:
    """Of the fee of a period, on some of its days."""
    days = (paid.ends_on - paid.starts_on).days + 1
    return spread(cents, days, (begin - paid.starts_on).days, (end - paid.starts_on).days)
