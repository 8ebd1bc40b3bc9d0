"""A rota of three people in Chicago, and instants on its wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sla.calendars.rules import Rules, Window
from sla.oncall.resolving import Roster
from sla.oncall.roster import Layer, Schedule

ZONE = ZoneInfo("America/Chicago")
HOUR, DAY = 3600, 86_400
FIRST = Layer("First", (("June",), ("Dev",), ("Ingrid",)), "weekly", date(2026, 10, 12), 17 * HOUR)
DAILY = replace(FIRST, unit="daily")
OFFICE = Rules(ZONE, ((Window(8 * HOUR, 17 * HOUR),),) * 5 + ((),) * 2, frozenset({date(2026, 10, 12)}))


def at(text: str) -> int:
    """Of "10-17 08:00" in 2026, or with a year before it."""
    text = text if len(text) > 11 else f"2026-{text}"
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def roster(*layers: Layer, **agreed) -> Roster:
    return Roster(Schedule(ZONE, layers or (FIRST,), **agreed))
