"""How much each person is on call: hours, and nights by the wall of the schedule's zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sla.calendars.rules import Window
from sla.calendars.spans import Span, merged
from sla.calendars.walls import resolve
from sla.oncall.instants import local
from sla.oncall.roster import NIGHT, Person, Shift


@dataclass(frozen=True, slots=True)
class Load:
    """What one person carries. Time in two lanes at once, or in two schedules, counts once."""

    person: Person
    seconds: int
    nights: tuple[date, ...]
    """Nights of which any part is theirs."""
    stretches: int
    """How often they go on call, shifts that touch being one."""

    @property
    def hours(self) -> float:
        return self.seconds / 3600


def load(shifts: Iterable[Shift], zone: ZoneInfo, night: Window = NIGHT) -> tuple[Load, ...]:
    """Everybody's load by these shifts, the heaviest first."""
    found = [
        Load(person, sum(end - start for start, end in spans), nights(spans, zone, night), len(spans))
        for person, spans in stretches(shifts).items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.seconds, str(one.person))))


def stretches(shifts: Iterable[Shift]) -> dict[Person, list[Span]]:
    """By person the time on call without a break, in order."""
    found: dict[Person, list[Span]] = {}
    for shift in shifts:
        found.setdefault(shift.person, []).append((shift.start, shift.end))
    return {person: merged(spans) for person, spans in found.items()}


def nights(spans: Iterable[Span], zone: ZoneInfo, night: Window = NIGHT) -> tuple[date, ...]:
    """The nights that these stretches touch, in order."""
    found: set[date] = set()
    for start, end in spans:
        day = local(start, zone).date() - timedelta(days=1)
        while resolve(day, night.start, zone, "start") < end:
            if resolve(day, night.end, zone, "end") > start:
                found.add(day)
            day += timedelta(days=1)
    return tuple(sorted(found))
