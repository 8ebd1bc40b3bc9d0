"""What a calendar says: weekly windows, holidays, overrides and breaks, in the wall time of one zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

DAY = 86_400


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """From one wall time to another, in seconds after midnight of the day it belongs to.

    `end` may be 86,400 (24:00) or, overnight, up to 172,800: such a window belongs to the day it starts on.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < DAY and self.start < self.end <= 2 * DAY and self.end - self.start <= DAY):
            raise ValueError("a window starts within its day, ends after it starts and lasts at most 24 hours")


Windows = tuple[Window, ...]
CLOSED: Windows = ()


def break_key(day: date, begins: int) -> str:
    """What a break is named under: "2026-12-23 12:00", its day and the wall time it begins at."""
    hours, rest = divmod(begins, 3600)
    seconds = f":{rest % 60:02}" if rest % 60 else ""
    return f"{day} {hours:02}:{rest // 60:02}{seconds}"


@dataclass(frozen=True)
class Rules:
    """One version of a calendar. `weekly` has seven entries, Monday first."""

    zone: ZoneInfo
    weekly: tuple[Windows, ...]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    """(month, day) of holidays of every year; 29 February only in leap years."""
    overrides: Mapping[date, Windows] = field(default_factory=dict)
    """Days with hours of their own instead of the week's."""
    breaks: Mapping[date, Windows] = field(default_factory=dict)
    """Stretches of a day that are closed whatever opened them."""

    def on(self, day: date) -> Windows:
        """The windows that begin on `day`: a holiday beats an override, an override the week."""
        if day in self.holidays or (day.month, day.day) in self.yearly:
            return CLOSED
        return self.overrides.get(day, self.weekly[day.weekday()])

    @property
    def break_keys(self) -> frozenset[str]:
        return frozenset(break_key(day, one.start) for day, windows in self.breaks.items() for one in windows)

    @property
    def never_opens(self) -> bool:
        return not any(self.weekly) and not any(self.overrides.values())
