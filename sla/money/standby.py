"""Hours on call as facts: who stood by for how long on which day, in every rota as it was, once where they overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sla.calendars.spans import Span
from sla.calendars.walls import resolve
from sla.money.kinds import hourly
from sla.money.rates import Rates
from sla.oncall.load import stretches
from sla.volume import waking


@dataclass(frozen=True, slots=True)
class Stood:
    """A person's seconds of a day of the zone of reports, and what they cost; None where nobody said."""

    agent_id: int
    day: date
    seconds: int
    currency: str
    cents: int | None


def stood(begin: datetime, end: datetime, zone: ZoneInfo, rates: Rates) -> list[Stood]:
    """Between two instants, by person and day. Seconds are real ones, so a night may have seven hours or nine."""
    return [
        _costed(agent_id, day, seconds, rates)
        for agent_id, spans in spans_of(begin, end).items()
        for day, seconds in _days(spans, zone)
    ]


def spans_of(begin: datetime, end: datetime) -> dict[int, list[Span]]:
    """By person, in order, none touching another."""
    if begin >= end:
        return {}
    found = stretches(waking.shifts(begin, end))
    return {int(person): spans for person, spans in sorted(found.items(), key=lambda each: int(each[0]))}


def _costed(agent_id: int, day: date, seconds: int, rates: Rates) -> Stood:
    rate = rates.on("standby", agent_id, day)
    if rate is None:
        return Stood(agent_id, day, seconds, "", None)
    return Stood(agent_id, day, seconds, rate.currency, hourly(seconds, rate.cents, 3600))


def _days(spans: list[Span], zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    found: dict[date, int] = {}
    for start, end in spans:
        at = start
        while at < end:
            day = datetime.fromtimestamp(at, zone).date()
            until = min(end, resolve(day + timedelta(days=1), 0, zone, "start"))
            found[day] = found.get(day, 0) + until - at
            at = until
    yield from found.items()
