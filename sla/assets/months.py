"""Months counted from a day: clipped to the month's end, and anchored, so that no clipping is handed on."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

_SHORTEST = 28
"""A day every month has."""


def after(start: date, months: int) -> date:
    """The same day `months` later or earlier, or the last day of that month: 31 Jan + 1 = 28 Feb, + 2 = 31 Mar.

    A day past the year 9999 is `date.max`.
    """
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    if year > date.max.year:
        return date.max
    if year < date.min.year:
        return date.min
    if start.day <= _SHORTEST:
        return date(year, month + 1, start.day)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def between(start: date, end: date) -> int:
    """Whole months from `start` to `end`; negative when it lies before, rounded towards the past."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (after(start, months) > end)
