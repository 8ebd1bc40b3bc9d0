"""Who was woken, and who was on call for how long: at night, at weekends and else, by each person's own clock.

- A page that began is one wake, for however many tickets; test pages count for nothing.
- Night is from 22:00 to 06:00; a weekend is Saturday and Sunday without their nights; the two are out of hours.
- Hours on call are those of every rota as it was, first or backup, once where they overlap; what is ahead is not in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from helpdesk.db import among, db
from helpdesk.people.models import Agent
from sla.calendars.spans import Span
from sla.calendars.walls import resolve
from sla.escalations.models import Page
from sla.oncall import loading
from sla.oncall.load import stretches
from sla.oncall.models import OnCallSchedule
from sla.oncall.roster import NIGHT, Shift
from sla.reports.periods import Period

KINDS = ("night", "weekend", "day")
OUT = ("night", "weekend")
_SATURDAY = 5
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Carried:
    """What one person carried, by `KINDS`."""

    agent_id: int
    wakes: tuple[int, ...]
    seconds: tuple[int, ...]

    @property
    def wakes_out(self) -> int:
        return sum(self.wakes[: len(OUT)])

    @property
    def seconds_out(self) -> int:
        return sum(self.seconds[: len(OUT)])


def carried(period: Period, now: datetime) -> list[Carried]:
    """Everybody who was woken or on call, who was woken out of hours most first."""
    begin, end = instants(period, now)
    if begin >= end:
        return []
    woken: dict[int, list[datetime]] = defaultdict(list)
    for agent_id, at in db.session.execute(select(Page.agent_id, Page.begun_at).where(*pages(begin, end))):
        if agent_id is not None and at is not None:
            woken[agent_id].append(at)
    stood = {int(person): spans for person, spans in stretches(shifts(begin, end)).items()}
    zones = _zones({*woken, *stood})
    found = [_carried(one, woken.get(one, []), stood.get(one, []), zone) for one, zone in zones.items()]
    return sorted(found, key=lambda one: (-one.wakes_out, -sum(one.wakes), -sum(one.seconds), one.agent_id))


def pages(begin: datetime, end: datetime) -> list[ColumnElement[bool]]:
    """What a page is to be counted as a wake."""
    return [Page.begun_at >= begin, Page.begun_at < end, ~Page.is_test, Page.agent_id.is_not(None)]


def instants(period: Period, now: datetime) -> tuple[datetime, datetime]:
    zone = period.house.zone
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (period.since, period.until))
    return begin, min(end, now)


def shifts(begin: datetime, end: datetime) -> Iterator[Shift]:
    """Of every rota, as they were, cut at both instants."""
    rows = select(OnCallSchedule).where((OnCallSchedule.archived_at.is_(None)) | (OnCallSchedule.archived_at > begin))
    for schedule in db.session.scalars(rows.order_by(OnCallSchedule.id)):
        until = min(end, schedule.archived_at) if schedule.archived_at is not None else end
        rota = loading.load(schedule.id, since=begin)
        if rota is not None and begin < until:
            yield from rota.shifts(int(begin.timestamp()), int(until.timestamp()))


def kind(at: datetime, zone: ZoneInfo) -> str:
    """Of an instant, on the wall there."""
    local = at.astimezone(zone)
    seconds = local.hour * _HOUR + local.minute * 60 + local.second
    if seconds >= NIGHT.start or seconds < NIGHT.end - 24 * _HOUR:
        return "night"
    return "weekend" if local.weekday() >= _SATURDAY else "day"


def share(part: float, whole: float) -> float | None:
    """In percent; None of nothing."""
    return 100 * part / whole if whole else None


def _carried(agent_id: int, woken: Iterable[datetime], spans: Iterable[Span], zone: ZoneInfo) -> Carried:
    wakes = Counter(kind(at, zone) for at in woken)
    seconds: Counter[str] = Counter()
    for span in spans:
        for name, length in split(span, zone):
            seconds[name] += length
    return Carried(agent_id, tuple(wakes[one] for one in KINDS), tuple(seconds[one] for one in KINDS))


def split(span: Span, zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    """A stretch cut where night and weekends begin and end on the wall there; lengths are real seconds."""
    start, end = span
    day = datetime.fromtimestamp(start, zone).date()
    at = start
    while at < end:
        for wall in (NIGHT.end - 24 * _HOUR, NIGHT.start, 24 * _HOUR):
            until = min(end, _wall(day, wall, zone))
            if until > at:
                yield kind(datetime.fromtimestamp(at, UTC), zone), until - at
                at = until
        day += timedelta(days=1)


def _wall(day: date, seconds: int, zone: ZoneInfo) -> int:
    return resolve(day, seconds, zone, "start")


def _zones(agent_ids: set[int]) -> dict[int, ZoneInfo]:
    rows = select(Agent.id, Agent.zone).where(among(Agent.id, agent_ids)).order_by(Agent.id)
    return {agent_id: ZoneInfo(zone) for agent_id, zone in db.session.execute(rows)}
