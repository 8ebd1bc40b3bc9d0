"""Money, days and lengths of time in words, as the pages of customers say them."""

from __future__ import annotations

from datetime import date

from sla.assets import months
from sla.assets.warranties import FOREVER

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def money(cents: int, currency: str) -> str:
    """$58,200; cents are said only when there are some."""
    whole, rest = divmod(abs(cents), 100)
    number = f"{whole:,}.{rest:02}" if rest else f"{whole:,}"
    minus = "−" if cents < 0 else ""
    return f"{minus}{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{minus}{number} {currency}"


def day(on: date) -> str:
    """31 Jan 2027."""
    return f"{on.day} {on:%b} {on.year}" if on != FOREVER else "for life"


def length(seconds: int) -> str:
    """As it is typed: "30 min", "4 h", "1 h 30 min"."""
    hours, rest = divmod(seconds, 3600)
    parts = [f"{hours} h" if hours else "", f"{rest / 60:g} min" if rest else ""]
    return " ".join(filter(None, parts)) or "0 min"


def until(last: date, today: date) -> str:
    """How long it is to a last day: "12 days left", "5 months left", "3 years left"."""
    if last == FOREVER:
        return "for life"
    count = months.between(today, last)
    if count < 2:
        days = (last - today).days
        return "the last day" if days == 0 else f"{days} {'day' if days == 1 else 'days'} left"
    return f"{count} months left" if count < 24 else f"{count // 12} years left"
