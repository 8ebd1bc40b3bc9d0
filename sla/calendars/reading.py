"""A calendar as people write it in JSON, read into Rules with an error that says which field and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.text.zones import zones
from sla.calendars.rules import DAY, Rules, Window, Windows

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?")
_YEARLY = re.compile(r"(\d\d)-(\d\d)")


class Unreadable(ValueError):
    """What is wrong and where, in a sentence."""


def rules(given: Any) -> Rules:
    """Rules of `{"zone", "hours", "holidays", "overrides", "breaks"}`; overlapping windows are one.

    Raises:
        Unreadable: a field does not fit.
    """
    if not isinstance(given, Mapping):
        raise Unreadable("calendar: give an object with a zone and hours.")
    unknown = set(given) - {"zone", "hours", "holidays", "overrides", "breaks"}
    if unknown:
        raise Unreadable(f"calendar: there is no field {min(map(str, unknown))}.")
    fixed, yearly = _holidays(given.get("holidays", []))
    return Rules(
        zone=zone(given.get("zone")),
        weekly=_week(given.get("hours", {})),
        holidays=fixed,
        yearly=yearly,
        overrides=_by_date(given.get("overrides", {}), "overrides"),
        breaks=_by_date(given.get("breaks", {}), "breaks"),
    )


def zone(name: Any) -> ZoneInfo:
    if not isinstance(name, str) or name not in zones():
        raise Unreadable(f"zone: {name!r} is not a time zone. Write one like Europe/Berlin.")
    return ZoneInfo(name)


def day(text: Any, field: str) -> date:
    try:
        return date.fromisoformat(text if isinstance(text, str) and len(text) == 10 else "")
    except ValueError as error:
        raise Unreadable(f"{field}: {text!r} is not a date. Write it like 2026-10-15.") from error


def seconds(clock: Any, field: str) -> int:
    """Seconds after midnight of "HH:MM", "HH:MM:SS" or "24:00"."""
    found = _CLOCK.fullmatch(clock) if isinstance(clock, str) else None
    value = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else -1
    )
    if not 0 <= value <= DAY:
        raise Unreadable(f"{field}: {clock!r} is not a time of day. Write it like 09:00, or 24:00 for the day's end.")
    return value


def overlap(windows: Windows) -> bool:
    """Whether two windows of one day share time."""
    ordered = sorted(windows)
    return any(later.start < earlier.end for earlier, later in pairwise(ordered))


def _week(given: Any) -> tuple[Windows, ...]:
    if not isinstance(given, Mapping):
        raise Unreadable("hours: give an object with days, like mon.")
    unknown = set(given) - set(DAYS)
    if unknown:
        raise Unreadable(f"hours: {min(map(str, unknown))!r} is not a day. Days are {', '.join(DAYS)}.")
    return tuple(_windows(given.get(name, []), f"hours.{name}") for name in DAYS)


def _windows(given: Any, field: str) -> Windows:
    if not isinstance(given, list):
        raise Unreadable(f"{field}: give a list of pairs of times.")
    return tuple(_window(pair, field) for pair in given)


def _window(pair: Any, field: str) -> Window:
    if not isinstance(pair, list) or len(pair) != 2:
        raise Unreadable(f"{field}: give pairs of times, from and to.")
    start, end = (seconds(clock, field) for clock in pair)
    if start in {end, DAY}:
        raise Unreadable(f"{field}: {pair[0]} to {pair[1]} is no time at all. The whole day is 00:00 to 24:00.")
    return Window(start, end if end > start else end + DAY)


def _holidays(given: Any) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    if not isinstance(given, list):
        raise Unreadable("holidays: give a list of dates.")
    fixed, yearly = set(), set()
    for text in given:
        found = _YEARLY.fullmatch(text) if isinstance(text, str) else None
        if found:
            day(f"2024-{text}", "holidays")  # a leap year has every day there is
            yearly.add((int(found[1]), int(found[2])))
        else:
            fixed.add(day(text, "holidays"))
    return frozenset(fixed), frozenset(yearly)


def _by_date(given: Any, field: str) -> dict[date, Windows]:
    if not isinstance(given, Mapping):
        raise Unreadable(f"{field}: give an object of dates with their windows.")
    return {day(text, field): _windows(windows, f"{field}.{text}") for text, windows in given.items()}
