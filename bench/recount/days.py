"""Days: things that have one, found without looking at the others; and the same day of a later month."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Generic, Protocol, TypeVar


class Dated(Protocol):
    """Has the day it counts for."""

    @property
    def day(self) -> date: ...


T = TypeVar("T", bound=Dated)


class ByDay(Generic[T]):
    """All of them, in the order of their days."""

    def __init__(self, found: Iterable[T]) -> None:
        self._found = sorted(found, key=lambda one: one.day)
        self._days = [one.day for one in self._found]

    def between(self, since: date, until: date) -> Sequence[T]:
        return self._found[bisect_left(self._days, since) : bisect_left(self._days, until)]


def months_on(day: date, months: int) -> date:
    """The same day of a later month, or its last."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
