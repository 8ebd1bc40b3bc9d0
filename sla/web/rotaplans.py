"""Temporary plans: from, until, who in which order; looked at week by week, then saved; and taken away again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import current_agent
from helpdesk.db import Json, db
from helpdesk.errors import DomainError, Invalid
from helpdesk.now import now
from helpdesk.people.agents import active_agents
from helpdesk.web.rendering import page, zone_of
from sla.oncall import overriding, planning
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.feeding import lane_in_words
from sla.oncall.instants import local
from sla.oncall.loading import Rota
from sla.oncall.models import OnCallOverride, OnCallSchedule
from sla.oncall.overriding import Change
from sla.oncall.roster import LONGEST
from sla.oncall.wording import Walls, city
from sla.web import rotaforms, rotapages, rotas, rotatimes, rotatyped
from sla.web.managers import managers_only
from sla.web.rotaforms import Turns
from sla.web.rotalanes import Painter

bp = Blueprint("rota_plans", __name__, url_prefix="/on-call/<int:schedule_id>")

_LANES = ("First", "Backup")
_UNITS = rotaforms.UNITS[1:3]
_WEEKS_DRAWN = 8
_YEAR = timedelta(days=LONGEST["daily"])


@dataclass(frozen=True, slots=True)
class Values:
    """The form as text; one list of people for each lane."""

    turns: tuple[Turns, ...]
    start: str = ""
    end: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A plan that is not over, in words."""

    id: int
    start: int
    """POSIX seconds, as of `end`."""
    end: int
    when: str
    who: str
    reason: str
    runs: bool


@bp.get("/plan")
@managers_only
def look(schedule_id: int) -> str:
    """Filled in for the first whole week that is ahead, by night and weekend where the rota rests by day."""
    schedule, zone = rotas.find(schedule_id), zone_of(current_agent())
    today = local(now().timestamp(), zone).date()
    monday = today + timedelta(days=7 - today.weekday())
    turns = [
        Turns(name=name, lane=str(lane), length="1", people=("", ""), outside_office=schedule.calendar_id is not None)
        for lane, name in enumerate(_LANES, 1)
    ]
    start, end = (f"{monday + timedelta(weeks=weeks)}T08:00" for weeks in (0, 2))
    return _form(schedule, Values(tuple(turns), start, end))


@bp.post("/plan")
@managers_only
def plan(schedule_id: int) -> Response | str | tuple[str, int]:
    schedule, values = rotas.find(schedule_id), _typed()
    again = _pressed(values, request.form.get("do", ""))
    if again is not None:
        return _form(schedule, again)
    try:
        (written,) = _write(schedule, values)
    except DomainError as error:
        db.session.rollback()
        return _form(rotas.find(schedule_id), values, errors=error.fields, message=error.message), error.status
    if request.form.get("do") != "save":
        drawn = _drawn(schedule, written)
        db.session.rollback()
        return _form(rotas.find(schedule_id), values, drawn=drawn)
    db.session.commit()
    return rotas.said(schedule_id, "planned")


def _typed() -> Values:
    form = request.form
    start, end, reason = (form.get(name, "").strip()[:500] for name in ("start", "end", "reason"))
    found = rotaforms.typed(form).turns[: len(_LANES)]
    if len(found) != len(_LANES):
        raise Invalid("This form has fields missing, so nothing was saved. Load the page again.")
    named = tuple(
        replace(one, name=name, lane=str(n)) for n, (one, name) in enumerate(zip(found, _LANES, strict=True), 1)
    )
    return Values(tuple(_like(one, named[0]) for one in named), start, end, reason)


def _like(turns: Turns, first: Turns) -> Turns:
    """Both lanes hand over together."""
    return replace(
        turns,
        length=first.length,
        unit=first.unit,
        hand_over=first.hand_over,
        outside_office=first.outside_office,
    )


def _pressed(values: Values, do: str) -> Values | None:
    if do.partition(":")[0] not in {"person", "up", "leave"}:
        return None
    pressed = rotaforms.pressed(rotaforms.Values(turns=values.turns), do)
    return replace(values, turns=pressed.turns) if pressed is not None else None


def _write(schedule: OnCallSchedule, values: Values) -> list[OnCallOverride]:
    start, end = (rotatyped.instant(getattr(values, name), zone_of(current_agent()), name) for name in ("start", "end"))
    if not any(values.turns[0].people):
        raise Invalid(NOTHING_SAVED, {"layers.1.participants": "Say who takes turns."})
    if not timedelta() < end - start <= _YEAR:
        raise Invalid(NOTHING_SAVED, {"end": "Choose an end after it begins, within a year."})
    shifts = planning.shifts(schedule, _spec(schedule, values, start), start, end)
    change = Change("plan", start, end, plan=shifts, reason=values.reason)
    return overriding.agree(schedule, change, by=current_agent())


def _spec(schedule: OnCallSchedule, values: Values, start: datetime) -> Json:
    zone = _zone(schedule)
    day = start.date().isoformat()
    turns = tuple(replace(one, anchor=day) for one in values.turns if any(one.people))
    spec = rotaforms.Values(zone=zone.key, turns=turns).spec()
    return spec | {"layers": [planning.anchored(one, start, zone) for one in spec["layers"]]}


def _zone(schedule: OnCallSchedule) -> ZoneInfo:
    """The team's, on whose wall they hand over."""
    rota = rotapages.load_rota(schedule.id, int(now().timestamp()))
    return rota.roster.schedule.zone if rota is not None else zone_of(current_agent())


def _drawn(schedule: OnCallSchedule, written: OnCallOverride) -> dict[str, object]:
    """The weeks as they would be, every shift and the gaps; read before it is rolled back."""
    own, at = zone_of(current_agent()), int(now().timestamp())
    start, end = (int(one.timestamp()) for one in (written.starts_at, written.ends_at))
    axes = _weeks(start, end, own)
    rota = rotapages.load_rota(schedule.id, min(axes[0].start, at))
    if rota is None:
        return {}
    names, walls = rotapages.everybody(), Walls(own, rota.said(at).zone)
    overrides = rotapages.agreed(schedule.id, axes[0].start, axes[-1].end)
    painter = Painter(walls, names, at, overrides, rotapages.tints(rota, overrides))
    lanes = {int(one["lane"]) for one in written.plan["shifts"]}
    return {
        "scenes": [painter.scene(rota, axis, final_only=True) for axis in axes],
        "cut": axes[-1].end < end,
        "shifts": _shifts(rota, written, names, walls),
        "gaps": [one for one in rotapages.open_gaps(rota, names, walls, max(at, start), end) if one.gap.lane in lanes],
        "without": [lane_in_words(lane) for lane in rota.roster.lanes if lane not in lanes],
    }


def _weeks(start: int, end: int, zone: ZoneInfo) -> list[rotatimes.Axis]:
    first, last = (rotatimes.week_of(local(one, zone).date(), zone).first for one in (start, end - 1))
    count = min((last - first).days // 7 + 1, _WEEKS_DRAWN)
    return [rotatimes.week_of(first + timedelta(weeks=place), zone) for place in range(count)]


def _shifts(rota: Rota, written: OnCallOverride, names: dict[int, str], walls: Walls) -> list[tuple[str, str, str]]:
    """Who, in which lane and when, as it will ring: without the absent."""
    found = rota.shifts(int(written.starts_at.timestamp()), int(written.ends_at.timestamp()))
    return [(names.get(int(one.person), "?"), lane_in_words(one.lane), walls.span(one.start, one.end)) for one in found]


def _ahead(schedule: OnCallSchedule, names: dict[int, str], walls: Walls) -> list[Ahead]:
    at = now()
    rows = (
        select(OnCallOverride)
        .where(OnCallOverride.schedule_id == schedule.id, OnCallOverride.kind == "plan")
        .where(OnCallOverride.ends_at > at, OnCallOverride.withdrawn_at.is_(None))
        .order_by(OnCallOverride.starts_at, OnCallOverride.id)
    )
    spans = ((row, int(row.starts_at.timestamp()), int(row.ends_at.timestamp())) for row in db.session.scalars(rows))
    return [
        Ahead(
            row.id,
            start,
            end,
            walls.span(start, end),
            ", ".join(dict.fromkeys(names.get(one["agent"], "?") for one in row.plan["shifts"])) or "nobody",
            row.reason,
            row.starts_at <= at,
        )
        for row, start, end in spans
    ]


def _form(
    schedule: OnCallSchedule,
    values: Values,
    *,
    errors: dict[str, str] | None = None,
    message: str = "",
    drawn: dict[str, object] | None = None,
) -> str:
    own, team = zone_of(current_agent()), _zone(schedule)
    people: Sequence[tuple[str, str]] = [(str(one.id), one.name) for one in db.session.scalars(active_agents())]
    return page(
        "sla/oncall/plan.html",
        section="oncall",
        schedule=schedule,
        values=values,
        errors=errors or {},
        message=message,
        drawn=drawn,
        people=people,
        units=_UNITS,
        wall=city(team),
        ahead=_ahead(schedule, rotapages.everybody(), Walls(own, team)),
        today=local(now().timestamp(), own).date(),
    )
