"""What a schedule says: layers of people in turn, and what was agreed to differ from them.

Instants are POSIX seconds; a stretch holds its start and not its end. A person is whatever the caller names
people by: the id of an agent in the product, a name on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from sla.calendars.rules import DAY, Rules, Window, Windows

Person: TypeAlias = int | str
Entry: TypeAlias = tuple[Person, ...]
"""One place in a rotation: a person, or a group that rings together."""
Unit = Literal["hourly", "daily", "weekly", "monthly"]
Why = Literal["turn", "added", "replaced", "swapped", "planned"]

FIRST, BACKUP = 1, 2
"""Lanes: who rings first, and who rings when they do not answer; further ones count on."""
LONGEST: Mapping[Unit, int] = {"hourly": 24 * 366, "daily": 366, "weekly": 52, "monthly": 12}
"""A turn lasts at most about a year."""


@dataclass(frozen=True)
class Layer:
    """One rotation. Of layers of one lane the later hides the earlier wherever it has somebody."""

    name: str
    """Shared by its versions: a shift that runs over an edit and stays the same person's is one."""
    participants: tuple[Entry, ...]
    """In order; the first holds the turn that begins on `anchor`."""
    unit: Unit
    anchor: date
    """The day of a hand-over; weekly ones fall on its weekday, monthly on its day or the month's last."""
    hand_over: int = 0
    """Seconds after midnight on the wall of the schedule's zone; hourly turns are counted from it on `anchor`."""
    length: int = 1
    """How many hours, days, weeks or months a turn lasts."""
    lane: int = FIRST
    start: int | None = None
    """In force from this instant; None for ever."""
    until: int | None = None
    hours: tuple[Windows, ...] = ()
    """Seven days' windows, Monday first, to which it is restricted; empty for no restriction."""
    outside_office: bool = False
    """Whether it rests while the schedule's office is open."""
    zone: ZoneInfo | None = None
    """The wall it goes by, where that is not the schedule's: a schedule may have moved since."""

    def __post_init__(self) -> None:
        if not 1 <= self.length <= LONGEST[self.unit]:
            raise ValueError("a turn lasts at least one unit and at most a year")
        if not 0 <= self.hand_over < DAY:
            raise ValueError("a hand-over lies within its day")
        if len(self.hours) not in {0, 7}:
            raise ValueError("a restriction has seven days")
        if self.lane < FIRST:
            raise ValueError("lanes count from 1")


@dataclass(frozen=True, slots=True)
class Override:
    """`joins` alone is added, `leaves` alone removed, both: wherever `leaves` would ring, `joins` does."""

    start: int
    end: int
    joins: Person | None = None
    leaves: Person | None = None
    lane: int = FIRST

    def __post_init__(self) -> None:
        _forward(self.start, self.end)
        if self.joins is None and self.leaves is None:
            raise ValueError("an override names somebody")

    @property
    def kind(self) -> Literal["add", "remove", "replace"]:
        if self.leaves is None:
            return "add"
        return "remove" if self.joins is None else "replace"


@dataclass(frozen=True, slots=True)
class Swap:
    """`leaves` gives a stretch away and `joins` takes it. An exchange is two of them.

    What is given away and not taken has nobody: the swap has split the shift.
    """

    start: int
    end: int
    leaves: Person
    joins: Person
    lane: int = FIRST
    taken: tuple[int, int] | None = None
    """The part that is taken; None for all of it."""

    def __post_init__(self) -> None:
        _forward(self.start, self.end)
        if self.taken is not None:
            _forward(*self.taken)
            if not self.start <= self.taken[0] < self.taken[1] <= self.end:
                raise ValueError("what is taken lies within what is given")


@dataclass(frozen=True, slots=True)
class Planned:
    """One shift of a temporary plan."""

    start: int
    end: int
    person: Person
    lane: int = FIRST

    def __post_init__(self) -> None:
        _forward(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Plan:
    """A temporary plan: while it lasts nothing else counts, in any lane, and what it leaves open is open."""

    start: int
    end: int
    shifts: tuple[Planned, ...] = ()

    def __post_init__(self) -> None:
        _forward(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away. They never ring then, whoever put them there."""

    start: int
    end: int
    person: Person

    def __post_init__(self) -> None:
        _forward(self.start, self.end)


NIGHT = Window(22 * 3600, 30 * 3600)
"""22:00 to 06:00; a night belongs to the day it begins on."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a team has agreed on for its people; None for no rule."""

    nights_running: int | None = None
    hours_between: float | None = None
    """Least hours between two stretches on call; shifts that touch are one stretch."""
    night: Window = NIGHT


@dataclass(frozen=True)
class Schedule:
    """A rota. Of two overrides, or two plans, the later in order was agreed later and counts over the earlier."""

    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    plans: tuple[Plan, ...] = ()
    absences: tuple[Absence, ...] = ()
    office: Rules | None = None
    offices: tuple[tuple[int, Rules], ...] = ()
    """What the office said in the course of time, each from its instant on and the first before it too; empty where
    `office` always counted."""
    """When the day's team is there, so that nobody is missing; None for cover around the clock."""
    rest: Rest = field(default_factory=Rest)


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch in which one person rings."""

    start: int
    end: int
    lane: int
    person: Person
    layer: str = ""
    """Whose turn it is or would be; empty where nobody's was."""
    why: Why = "turn"
    instead_of: Person | None = None


def _forward(start: int, end: int) -> None:
    if end <= start:
        raise ValueError("it ends before it starts")
