"""Money in words: amounts that know what they lack, what the picture of months shows, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sla.money.kinds import COST, INCOME, UNTIMED
from sla.money.sums import Amount, Line, Margin
from sla.web.amounts import length, money

_MISSING = {
    "work": ("piece of work by somebody without a rate", "pieces of work by people without a rate"),
    "night": ("page at night without a rate", "pages at night without a rate"),
    "standby": ("day on call without a rate", "days on call without a rate"),
    UNTIMED: ("ticket was answered and has no time", "tickets were answered and have no time"),
    "fee": ("month of an agreement without a price", "months of agreements without a price"),
    "prepaid": ("drawing on a balance without a price", "drawings on balances without a price"),
    "expired": ("balance without a price ran out", "balances without a price ran out"),
    "billed": ("piece of work without a price by the hour", "pieces of work without a price by the hour"),
}
_UNITS = {"work": "minutes", "billed": "minutes", "prepaid": "minutes", "expired": "minutes", "standby": "seconds"}


def said(amount: Amount) -> list[str]:
    """A line for each currency: "$120", "at least $120"; or one that nothing, or not how much, is known."""
    if not amount.cents:
        return ["not known"] if amount.unknown else ["nothing"]
    least = "at least " if amount.unknown else ""
    return [f"{least}{money(cents, currency)}" for currency, cents in sorted(amount.cents.items())]


def of(amount: Amount, currency: str) -> str:
    """The line of one currency."""
    return said(Amount({key: cents for key, cents in amount.cents.items() if key == currency}, amount.unknown))[0]


def left(margin: Margin) -> list[str]:
    """The same of what is left over."""
    if margin.bound == "unknown" or (margin.bound and not margin.cents):
        return ["not known"]
    before = f"{margin.bound} " if margin.bound else ""
    return [f"{before}{money(cents, currency)}" for currency, cents in margin.cents.items()] or ["nothing"]


def headline(line: Line) -> str:
    """Such as "Earned $4,850, spent at least $1,200: at most $3,650 is left."."""
    if line.is_empty:
        return "Nothing was earned or spent in these days, as far as is written down."
    earned, spent, over = (_listed(each) for each in (said(line.income), said(line.cost), left(line.margin)))
    rest = "How much is left is not known" if line.margin.bound == "unknown" else f"Left: {over}"
    return f"Earned: {earned}. Spent: {spent}. {rest}."


def missing(line: Line) -> list[tuple[str, str]]:
    """What is not known, as a kind and a sentence."""
    return [
        (kind, f"{line.of(kind).unknown:,} {_MISSING[kind][line.of(kind).unknown != 1]}")
        for kind in (*COST, UNTIMED, *INCOME)
        if line.of(kind).unknown
    ]


def quantity(kind: str, amount: Amount) -> str:
    """How long, or how often: "2 h 30 min", "3"; empty where there is nothing to count."""
    unit = _UNITS.get(kind)
    if unit is None:
        return f"{amount.many:,}" if kind in {"night", "credit"} and amount.many else ""
    if not amount.quantity:
        return ""
    return length(amount.quantity * 60) if unit == "minutes" else f"{amount.quantity / 3600:,.1f} h"


def months(found: Mapping[date, Line], currency: str) -> str:
    """What the picture shows, for who does not see it."""
    parts = [
        f"{named(month)}: earned {money(line.income.cents.get(currency, 0), currency)},"
        f" spent {money(line.cost.cents.get(currency, 0), currency)}"
        for month, line in found.items()
    ]
    return f"Earned and spent by month. {'; '.join(parts)}." if parts else "Nothing was earned or spent."


def named(month: date) -> str:
    return f"{month:%B %Y}"


def _listed(parts: list[str]) -> str:
    return " and ".join(parts)
