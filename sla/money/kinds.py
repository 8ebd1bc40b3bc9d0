"""What money is made of: the kinds of facts, what each is called, and how a fact is rounded.

Cents are hundredths of a currency, whole numbers. A fact is rounded once, half a cent up; sums are of rounded facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COST: Mapping[str, str] = MappingProxyType(
    {"work": "Time worked", "night": "Pages at night", "standby": "Hours on call", "credit": "Credits"}
)
INCOME: Mapping[str, str] = MappingProxyType(
    {
        "fee": "Fees of agreements",
        "prepaid": "Drawn of what was bought ahead",
        "expired": "Bought ahead and never used",
        "billed": "Work to be paid for",
    }
)
UNTIMED = "untimed"
"""Tickets that were answered and have no time: what they cost is not known."""
WORDS: Mapping[str, str] = MappingProxyType({**COST, **INCOME, UNTIMED: "Answered, and no time noted"})


def hourly(amount: int, per_hour: int, units: int) -> int:
    """Cents of an amount of which `units` are an hour (60 minutes, 3600 seconds); half a cent is one."""
    return (2 * amount * per_hour + units) // (2 * units)


def spread(cents: int, days: int, first: int, after: int) -> int:
    """What falls on the days `first` up to but without `after` where cents are spread over days, by largest remainder.

    Every day has the same remainder, so the cents that are left over go to the earliest days, one each.
    """
    each, over = divmod(cents, days)
    return each * (after - first) + min(after, over) - min(first, over)
