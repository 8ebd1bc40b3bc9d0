"""What a rota's page shows besides its lanes: who rings now, the gaps ahead, what everybody carries, who is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import among, db
from helpdesk.people.models import Agent
from sla.calendars import describing
from sla.calendars import reading as calendars
from sla.escalations.models import Page
from sla.oncall import gaps, load, loading, missing
from sla.oncall.feeding import lane_in_words
from sla.oncall.gaps import Gap
from sla.oncall.instants import local, utc
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallOverride, OnCallSchedule
from sla.oncall.roster import NIGHT, Shift
from sla.oncall.wording import Walls
from sla.web import rotalanes
from sla.web.rotatimes import Axis

AHEAD = timedelta(weeks=4)
_MOST_ASKED = 2


@dataclass(frozen=True, slots=True)
class Open:
    """A gap that is not over: what to say of it, and who could be asked."""

    gap: Gap
    words: str
    why: str
    ask: tuple[tuple[int, str], ...]

    @property
    def button(self) -> str:
        return "Ask " + " or ".join(name for _, name in self.ask)


@dataclass(frozen=True, slots=True)
class Carries:
    """What one person carries in the weeks shown."""

    name: str
    hours: int
    nights: int
    rung: int
    """Night pages of the last four weeks."""


@dataclass(frozen=True, slots=True)
class Now:
    """Who rings, and who is next; `by_day` when the day's team is there."""

    names: tuple[str, ...]
    by_day: bool
    next_name: str = ""
    next_at: int = 0


@dataclass(frozen=True, slots=True)
class Own:
    """A shift of who looks."""

    shift: Shift
    lane: str
    runs: bool


def everybody() -> dict[int, str]:
    """First names by id, of the deactivated too: the past names them."""
    return {one.id: one.first_name for one in db.session.scalars(select(Agent))}


def current(rota: Rota, names: Mapping[int, str], at: int) -> Now:
    by_day = rota.roster.office is not None and rota.roster.office.holds(at)
    known = tuple(names.get(one, "?") for one in rota.on_call(at))
    coming = rota.takeover(at, at + gaps.AHEAD)
    if coming is None:
        return Now(known, by_day)
    return Now(known, by_day, names.get(int(coming.person), "?"), coming.start)


def open_gaps(rota: Rota, names: Mapping[int, str], walls: Walls, at: int, end: int) -> list[Open]:
    """Those from now on that begin before `end`."""
    found = missing.between(rota, at, end)
    free = [_free(one, rota) for one in found]
    known = _active(person for people in free for person in people)
    ask = [tuple((one, names[one]) for one in people if one in known)[:_MOST_ASKED] for people in free]
    return [_open(one, people, rota, names, walls) for one, people in zip(found, ask, strict=True)]


def carried(rota: Rota, names: Mapping[int, str], axis: Axis, at: datetime) -> list[Carries]:
    """Four weeks from the first day shown, the heaviest first."""
    start, end = axis.start, axis.start + int(AHEAD.total_seconds())
    zone = rota.said(start).zone
    rung = _rung_at_night(zone, at)
    return [
        Carries(names.get(int(one.person), "?"), round(one.hours), len(one.nights), rung.get(int(one.person), 0))
        for one in load.load(rota.shifts(start, end), zone)
    ]


def own(rota: Rota, agent_id: int, at: int) -> list[Own]:
    """The shift that runs and the next ones, three at most."""
    found = [one for one in rota.shifts(at, at + 2 * gaps.AHEAD) if one.person == agent_id]
    found = [one for one in found if one.start < at + gaps.AHEAD]
    return [Own(one, lane_in_words(one.lane), one.start <= at) for one in found[:3]]


def flags(schedule: OnCallSchedule, axes: Sequence[Axis]) -> list[str]:
    """The days of axes that follow each other that are unlike their weekday: "Mon 12, Columbus Day, closed"."""
    version = loading.calendar(schedule, axes[0].start)
    if version is None:
        return []
    count = sum(axis.count for axis in axes)
    known = describing.days(calendars.rules(version.rules), version.names, axes[0].first, count)
    return [f"{one.day:%a %-d}, {one.note}{'' if one.stretches else ', closed'}" for one in known if one.note]


def agreed(schedule_id: int, start: int, end: int) -> Sequence[OnCallOverride]:
    """What counts between two instants, in the order it was agreed."""
    low, high = (utc(one) for one in (start, end))
    rows = (
        select(OnCallOverride)
        .where(OnCallOverride.schedule_id == schedule_id, OnCallOverride.withdrawn_at.is_(None))
        .where(OnCallOverride.ends_at > low, OnCallOverride.starts_at < high)
        .order_by(OnCallOverride.id)
    )
    return db.session.scalars(rows).all()


def load_rota(schedule_id: int, start: int) -> Rota | None:
    """With what was agreed of the time since `start`; None also for one without a version."""
    return loading.load(schedule_id, since=utc(start))


def tints(rota: Rota, overrides: Iterable[OnCallOverride]) -> dict[int, int]:
    """Colours of everybody in the rota's layers and changes."""
    layers = rota.roster.schedule.layers
    people = [int(person) for layer in layers for entry in layer.participants for person in entry]
    return rotalanes.tints(dict.fromkeys([*people, *(one.agent_id for one in overrides if one.agent_id)]))


def zones(rota: Rota) -> dict[int, ZoneInfo]:
    """The zone of everybody in the newest version's layers."""
    layers = rota.versions[-1][1].layers
    people = {int(person) for layer in layers for entry in layer.participants for person in entry}
    return {one.id: ZoneInfo(one.zone) for one in db.session.scalars(select(Agent).where(among(Agent.id, people)))}


def _active(ids: Iterable[int]) -> set[int]:
    rows = select(Agent.id).where(among(Agent.id, set(ids)), Agent.deactivated_at.is_(None))
    return set(db.session.scalars(rows))


def _open(gap: Gap, ask: tuple[tuple[int, str], ...], rota: Rota, names: Mapping[int, str], walls: Walls) -> Open:
    name = names.get(int(gap.person), "Somebody") if gap.person is not None else "Somebody"
    fallback = rota.schedule.fallback_name
    instead = f"Until it is filled, the {fallback[0].lower()}{fallback[1:]} rings instead." if fallback else ""
    said = f"{gaps.in_words(gap, name)} {instead or 'Until it is filled, nobody rings.'}"
    return Open(gap, rotalanes.in_words(gap, walls), said, ask)


def _free(gap: Gap, rota: Rota) -> list[int]:
    """People of the lane who are free then and not away: whose turn it is first."""
    taken = {int(one.person) for one in rota.shifts(gap.start, gap.end)}
    absences = rota.roster.schedule.absences
    away = {one.person for one in absences if one.start < gap.end and one.end > gap.start}
    people = sorted(_of_lane(rota, gap.lane, gap.start), key=lambda one: one != gap.person)
    return [one for one in people if one not in taken and one not in away]


def _of_lane(rota: Rota, lane: int, at: int) -> list[int]:
    """Everybody in the layers of a lane, in their order."""
    layers = [one for one in rota.said(at).layers if one.lane == lane]
    return list(dict.fromkeys(int(person) for layer in layers for entry in layer.participants for person in entry))


def _rung_at_night(zone: ZoneInfo, at: datetime) -> dict[int, int]:
    rows = select(Page.agent_id, Page.made_at).where(
        Page.made_at > at - AHEAD, Page.agent_id.is_not(None), Page.is_test.is_(False)
    )
    found: dict[int, int] = {}
    for agent_id, made_at in db.session.execute(rows):
        wall = local(made_at.timestamp(), zone)
        second = wall.hour * 3600 + wall.minute * 60
        if agent_id is not None and (second >= NIGHT.start or second < NIGHT.end - 86_400):
            found[agent_id] = found.get(agent_id, 0) + 1
    return found
