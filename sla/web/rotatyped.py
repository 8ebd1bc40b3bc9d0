"""What people type into the forms of rotas: times on their own wall, people, lanes, times of the week."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid
from sla.calendars.reading import DAYS
from sla.calendars.walls import resolve
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import local, utc

_CLOCK = r"(\d\d:\d\d)"
_TO = r"\s*(?:-|–|to)\s*"
_DAY = rf"(?:{'|'.join(DAYS)})"
_OVER = re.compile(rf"({_DAY}) {_CLOCK}{_TO}({_DAY}) {_CLOCK}")
_DAILY = re.compile(rf"({_DAY}(?:{_TO}{_DAY})?(?:,\s*{_DAY}(?:{_TO}{_DAY})?)*)\s+{_CLOCK}{_TO}{_CLOCK}")
_RANGE = re.compile(rf"({_DAY})(?:{_TO}({_DAY}))?")


def instant(text: str, zone: ZoneInfo, field: str) -> datetime:
    """UTC of "2026-10-17T08:00" on the wall of `zone`, or of POSIX seconds, as a script sends them.

    A time that comes twice is the first; one that does not exist is the first instant after it.

    Raises:
        Invalid: at `field`.
    """
    try:
        if text.isascii() and text.isdecimal() and len(text) < 12:
            return utc(int(text))
        wall = datetime.fromisoformat(text)
        if wall.tzinfo is None:
            seconds = wall.hour * 3600 + wall.minute * 60 + wall.second
            return utc(resolve(wall.date(), seconds, zone, "start"))
        return wall.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(NOTHING_SAVED, {field: "Give a day and a time."}) from error


def wall(at: float, zone: ZoneInfo) -> str:
    """An instant as a field of day and time shows it."""
    return f"{local(at, zone):%Y-%m-%dT%H:%M}"


def number(text: str) -> int | None:
    """An id or a count; None of anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def only(text: str, field: str) -> list[dict[str, Any]]:
    """Restrictions as a spec has them, of lines like "mon-fri 18:00-08:00" and "fri 17:00 to mon 08:00".

    Raises:
        Invalid: at `field`, naming the line.
    """
    return [_restriction(line, field) for line in text.lower().splitlines() if line.strip()]


def only_text(stored: list[Mapping[str, Any]]) -> str:
    """The lines that `only` reads."""
    return "\n".join(
        f"{', '.join(one['days'])} {one['from']}-{one['to']}" if "days" in one else f"{one['from']} to {one['to']}"
        for one in stored
    )


def day(text: str, field: str) -> str:
    """An ISO day, as it was typed.

    Raises:
        Invalid: at `field`.
    """
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Invalid(NOTHING_SAVED, {field: "Choose a day."}) from error


def _restriction(line: str, field: str) -> dict[str, Any]:
    said = " ".join(line.split())
    over = _OVER.fullmatch(said)
    if over is not None:
        return {"from": f"{over[1]} {over[2]}", "to": f"{over[3]} {over[4]}"}
    daily = _DAILY.fullmatch(said)
    if daily is None:
        raise Invalid(
            NOTHING_SAVED, {field: f"“{line.strip()[:60]}” is not like mon-fri 18:00-08:00, or fri 17:00 to mon 08:00."}
        )
    return {"days": _days(daily[1]), "from": daily[2], "to": daily[3]}


def _days(text: str) -> list[str]:
    found: dict[str, None] = {}
    for first, last in _RANGE.findall(text):
        place = DAYS.index(first)
        count = (DAYS.index(last) - place) % 7 + 1 if last else 1
        found |= dict.fromkeys(DAYS[(place + step) % 7] for step in range(count))
    return list(found)
