"""When a report is mailed: each day, week or month at a time of the wall; the next instant, and the days it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.db import Json
from sla.calendars.walls import resolve

CADENCES = ("daily", "weekly", "monthly")
DAYS = {"before": "The whole day, week or month before", "saved": "The days the report was saved with"}
FORMATS = {"xlsx": "Excel", "csv": "CSV"}
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """`at` is seconds after midnight on the wall of `zone`; `weekday` 0 for Monday; `day` of the month, 31 the last."""

    cadence: str
    at: int
    zone: str
    language: str
    agent_ids: tuple[int, ...]
    weekday: int = 0
    day: int = 1
    days: str = "before"
    format: str = "xlsx"


def as_json(plan: Plan) -> Json:
    return {**asdict(plan), "agent_ids": list(plan.agent_ids)}


def read(told: Json) -> Plan:
    return Plan(**{**told, "agent_ids": tuple(told["agent_ids"])})


def following(plan: Plan, after: datetime) -> datetime:
    """The first due instant later than `after`.

    A wall time that a change of clocks skips means the first instant after it; one that comes twice, the first.
    """
    zone = ZoneInfo(plan.zone)
    day = after.astimezone(zone).date() - _A_DAY
    while True:
        if _falls_on(plan, day):
            instant = datetime.fromtimestamp(resolve(day, plan.at, zone, "start"), UTC)
            if instant > after:
                return instant
        day += _A_DAY


def span(plan: Plan, today: date) -> tuple[date, date]:
    """The whole day, week or month before a day: the first, and the first after it."""
    if plan.cadence == "daily":
        return today - _A_DAY, today
    if plan.cadence == "weekly":
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday
    first = today.replace(day=1)
    return (first - _A_DAY).replace(day=1), first


def _falls_on(plan: Plan, day: date) -> bool:
    falls: dict[str, Callable[[], bool]] = {
        "daily": lambda: True,
        "weekly": lambda: day.weekday() == plan.weekday,
        "monthly": lambda: day.day == plan.day or (day.day < plan.day and (day + _A_DAY).day == 1),
    }
    return falls[plan.cadence]()
