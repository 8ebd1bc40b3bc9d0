"""The promises of the story as values: what `promises.toml` says, checked and typed."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class Office:
    """Opening hours on some days of the week; holidays by day with their names, and stretches nobody works in."""

    name: str
    zone: str
    days: tuple[str, ...]
    opens: str
    closes: str
    holidays: dict[str, str]
    breaks: tuple[tuple[datetime, datetime, str], ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Said:
    """A clause; with `calendar` it counts in the hours of that name, `warn` is percent used, `credit` whole dollars."""

    words: str
    metric: str
    hours: float
    number: str = ""
    calendar: str = ""
    pauses: tuple[str, ...] = ()
    warn: int = 75
    credit: int = 0


@dataclass(frozen=True, config=_STRICT)
class Plan:
    name: str
    clauses: tuple[Said, ...]
    when: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Agreed:
    """A contract that covers everything of its customer; `value` is in whole dollars a year."""

    customer: str
    name: str
    number: str
    kind: str
    starts: date
    ends: date
    value: int
    renewal: str = "never"
    notice_months: int = 0
    outcome: dict[str, str] | None = None
    incidents: dict[str, int] | None = None
    clauses: tuple[Said, ...] = ()


@dataclass(frozen=True, config=_STRICT)
class Unit:
    customer: str
    site: str
    model: str
    kind: str
    serial: str
    place: str
    installed: date
    maker: str = ""
    parts_months: int | None = None
    labour_months: int | None = None
    service_months: int | None = None


@dataclass(frozen=True, config=_STRICT)
class Turns:
    """A rotation by the week that rests while the office is open; `only` is two times of the week."""

    name: str
    people: tuple[str, ...]
    unit: str = "weekly"
    hand_over: str = "08:00"
    weekday: int = 0
    lane: int = 1
    only: tuple[str, str] | None = None


@dataclass(frozen=True, config=_STRICT)
class Watch:
    """A rota; people are named by the first part of their mail address."""

    name: str
    team: str
    fallback: str
    fallback_address: str
    """A telephone that mail reaches: the story has no line of its own to call it by."""
    nights_running: int
    turns: tuple[Turns, ...]
    taker: str
    """Who has taken twelve hours of the coming Saturday, and left its night open."""


@dataclass(frozen=True, config=_STRICT)
class Rung:
    """A step, in minutes from the start of a round. `whom`: first, backup, duty phone, or a person as in a rota."""

    after: int
    whom: str
    tells_customer: bool = False


@dataclass(frozen=True, config=_STRICT)
class Alarm:
    """An escalation policy for some agreements, out of hours; times are minutes."""

    name: str
    rota: str
    causes: tuple[str, ...]
    contracts: tuple[str, ...]
    steps: tuple[Rung, ...]
    priorities: tuple[Literal["low", "normal", "high", "urgent"], ...] = ()
    metrics: tuple[str, ...] = ()
    repeats: int = 0
    round: int = 0
    remind: int = 0
    lapse: int = 0


@dataclass(frozen=True, config=_STRICT)
class Earlier:
    """What a customer asked in the weeks before the story, and a year before; without a name it is nobody's.

    `weekly` are requests a week, `broken` percent of the promise, `usual` minutes left when it was kept, `nights` the
    share that came at any hour.
    """

    promise: str
    weekly: int
    weekly_before: int
    broken: float
    broken_before: float
    usual: int
    team: str
    subjects: tuple[str, ...]
    customer: str = ""
    nights: float = 0.05
    channels: tuple[str, ...] = ("email", "email", "email", "phone", "chat")


@dataclass(frozen=True, config=_STRICT)
class Milestone:
    """What an agent said of the work on a ticket of the story, by its number; `who` as in a rota."""

    ticket: int
    at: datetime
    who: str
    says: Literal["dispatched", "restored", "planned", "unit"]
    serial: str = ""


@dataclass(frozen=True, config=_STRICT)
class Promises:
    since: date
    """From when everything is in force that says no day of its own."""
    calendars: tuple[Office, ...]
    policies: tuple[Plan, ...]
    contracts: tuple[Agreed, ...]
    units: tuple[Unit, ...]
    rotas: tuple[Watch, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    milestones: tuple[Milestone, ...] = ()


@cache
def promises() -> Promises:
    text = files("sla.demo").joinpath("promises.toml").read_bytes().decode()
    return TypeAdapter(Promises).validate_python(tomllib.loads(text))
