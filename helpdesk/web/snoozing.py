"""When a snoozed ticket wakes: the choices in words, in the agent's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid
from helpdesk.tickets.lifecycle import UNTIL_REPLY

MORNING = time(8, 0)


@dataclass(frozen=True)
class Choice:
    """One line of the snooze menu."""

    key: str
    label: str
    words: str
    until: datetime


def choices(now: datetime, zone: ZoneInfo) -> list[Choice]:
    tomorrow = _morning(now, zone, 1)
    week = _morning(now, zone, 7 - now.astimezone(zone).weekday())
    return [
        Choice("t", "Tomorrow", f"{tomorrow.astimezone(zone):%a %H:%M}", tomorrow),
        Choice("w", "Next week", f"{week.astimezone(zone):%a %-d %b %H:%M}", week),
        Choice("r", "Until they reply", "", UNTIL_REPLY),
    ]


def read(value: str, now: datetime, zone: ZoneInfo) -> datetime:
    """What the form says: the key of a choice, or a local date and time.

    Raises:
        Invalid: it is neither.
    """
    for choice in choices(now, zone):
        if value == choice.key:
            return choice.until
    try:
        return datetime.fromisoformat(value).replace(tzinfo=zone)
    except ValueError as error:
        raise Invalid("Choose a day and a time.", {"until": "Write it like 2026-10-16T08:00."}) from error


def _morning(now: datetime, zone: ZoneInfo, days: int) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, MORNING, zone)
