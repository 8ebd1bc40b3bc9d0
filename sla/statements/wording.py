"""What a statement says, in words, the same on the page and on paper. From its JSON."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.db import Json
from helpdesk.text.timeleft import span

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_STATES = {"posted": "given", "proposed": "proposed", "excused": "excused"}


def days(month: str) -> str:
    """October 2026."""
    return f"{date.fromisoformat(month + '-01'):%B %Y}"


def share(figures: Json) -> str:
    """41 of 42 promises kept, 97.62 %."""
    if not figures["counted"]:
        return "No promise was decided in this month."
    return f"{figures['kept']} of {figures['counted']} promises kept, {figures['percent']} %"


def became(one: Json) -> str:
    """What became of a promise: "Missed by 38 min", "Kept, 12 min in hand"."""
    left = one.get("left_seconds")
    if one["outcome"] == "kept":
        return f"Kept, {span(timedelta(seconds=left))} in hand" if left else "Kept"
    if left is None or left >= 0:
        words = "Missed"
    else:
        words = f"Missed by {span(timedelta(seconds=-left))}" + ("" if one["ended"] else " so far")
    return f"{words}. Excused: {one['excused']}" if one["excused"] is not None else words


def money(cents: int, currency: str) -> str:
    """With its cents: $450.00, 450.00 SEK."""
    whole, rest = divmod(cents, 100)
    number = f"{whole:,}.{rest:02}"
    return f"{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{number} {currency}"


def sum_words(one: Json) -> str:
    """3 credits given, $1,350.00."""
    amount, many = money(one["amount_cents"], one["currency"]), "s" if one["count"] != 1 else ""
    return f"{one['count']} credit{many} {state(one['state'])}, {amount}"


def state(name: str) -> str:
    return _STATES[name]


def unit_words(unit: str) -> str:
    return "Callouts" if unit == "incidents" else "Minutes of work"


def when(text: str, zone: ZoneInfo) -> str:
    """4 Jul 2026 13:05."""
    at = datetime.fromisoformat(text).astimezone(zone)
    return f"{at.day} {at:%b} {at.year} {at:%H:%M}"
