"""Amounts by currency that know what they do not know; two currencies are never added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from sla.money.kinds import COST, INCOME, UNTIMED

SUMMED = "sum(cents), count(*), count(*) FILTER (WHERE cents IS NULL), sum(amount)"
"""Of facts in SQL; with their currency before it, what `summed` takes."""
_NONE: Mapping[str, int] = MappingProxyType({})


class Amount(NamedTuple):
    """Cents by currency, and how many parts are in none of them because a rate or a price is not known."""

    cents: Mapping[str, int] = _NONE
    unknown: int = 0
    many: int = 0
    """How many facts, known or not."""
    quantity: int = 0
    """Minutes, pages or seconds, as the kind counts."""

    def plus(self, other: Amount) -> Amount:
        cents = dict(self.cents)
        for currency, more in other.cents.items():
            cents[currency] = cents.get(currency, 0) + more
        return Amount(cents, self.unknown + other.unknown, self.many + other.many, self.quantity + other.quantity)

    @property
    def is_known(self) -> bool:
        return not self.unknown


_NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Margin:
    """Income without cost, by currency. `bound` is "", "at least", "at most", or "unknown" where both lack a part."""

    cents: Mapping[str, int]
    bound: str


@dataclass(frozen=True)
class Line:
    """What a customer, an agreement, a month, a ticket, or all of them, cost and brought, by kind."""

    parts: Mapping[str, Amount] = field(default_factory=dict)

    def of(self, kind: str) -> Amount:
        return self.parts.get(kind, _NOTHING)

    def plus(self, kind: str, amount: Amount) -> Line:
        return Line({**self.parts, kind: self.of(kind).plus(amount)})

    @cached_property
    def cost(self) -> Amount:
        """A ticket that was answered without time is a part nobody knows."""
        return total(self.of(kind) for kind in (*COST, UNTIMED))

    @cached_property
    def income(self) -> Amount:
        return total(self.of(kind) for kind in INCOME)

    @property
    def margin(self) -> Margin:
        income, cost = self.income, self.cost
        currencies = sorted({*income.cents, *cost.cents})
        cents = {one: income.cents.get(one, 0) - cost.cents.get(one, 0) for one in currencies}
        return Margin(cents, _BOUNDS[income.is_known, cost.is_known])

    @property
    def currencies(self) -> list[str]:
        return sorted({one for amount in self.parts.values() for one in amount.cents})

    @property
    def is_empty(self) -> bool:
        return not any(one.many for one in self.parts.values())


_BOUNDS = {(True, True): "", (False, True): "at least", (True, False): "at most", (False, False): "unknown"}


class Growing:
    """An amount as it grows, for who adds up thousands."""

    __slots__ = ("_cents", "_many", "_quantity", "_unknown")

    def __init__(self) -> None:
        self._cents: dict[str, int] = {}
        self._unknown = self._many = self._quantity = 0

    def add(self, more: Amount) -> None:
        for currency, cents in more.cents.items():
            self._cents[currency] = self._cents.get(currency, 0) + cents
        self._unknown += more.unknown
        self._many += more.many
        self._quantity += more.quantity

    def amount(self) -> Amount:
        return Amount(self._cents, self._unknown, self._many, self._quantity)


def total(amounts: Iterable[Amount]) -> Amount:
    found = Growing()
    for one in amounts:
        found.add(one)
    return found.amount()


def summed(currency: str | None, cents: Any, many: Any, unknown: Any, quantity: Any) -> Amount:
    """Of a row that adds up facts of a currency; sums come as decimals."""
    known = {} if cents is None or currency is None else {currency: int(cents)}
    return Amount(known, int(unknown), int(many), int(quantity or 0))


def one(currency: str, cents: int | None, quantity: int = 0) -> Amount:
    """Of a single fact; a fact without cents is not known."""
    return Amount({} if cents is None else {currency: cents}, int(cents is None), 1, quantity)
