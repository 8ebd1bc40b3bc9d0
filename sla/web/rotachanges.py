"""What differs from the turns: looked at first as lanes, then saved; moved by hand, or taken back."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import current_agent
from helpdesk.db import db, one
from helpdesk.errors import Conflict, DomainError, Invalid
from helpdesk.now import now
from helpdesk.people.agents import active_agents
from helpdesk.web.rendering import page, zone_of
from sla.calendars.spans import Span
from sla.oncall import moving, overriding, replanning
from sla.oncall.editing import NOTHING_SAVED
from sla.oncall.instants import local
from sla.oncall.models import OnCallOverride, OnCallSchedule
from sla.oncall.moving import Moved
from sla.oncall.overriding import Change
from sla.oncall.wording import Walls
from sla.web import rotaforms, rotapages, rotaplanlines, rotas, rotatimes, rotatyped
from sla.web.managers import managers_only
from sla.web.rotalanes import Painter

bp = Blueprint("rota_changes", __name__, url_prefix="/on-call/<int:schedule_id>")

KINDS = (
    ("move", "Move it, or change its length"),
    ("replace", "Somebody else instead"),
    ("add", "Somebody else as well"),
    ("remove", "Nobody: take them off"),
    ("plan", "A temporary plan instead of all turns"),
)
_OF_PLAN = (KINDS[0], ("plan", "Other shifts, as written below"))
_OF_PLANNED = (KINDS[0], ("replace", "Somebody else instead"), ("remove", "Nobody: take them off"))


@dataclass(frozen=True, slots=True)
class Values:
    """Everything in the form, as text; `was_from` and `was_to` are POSIX seconds of a shift that is moved."""

    kind: str = "replace"
    lane: str = "1"
    person: str = ""
    joins: str = ""
    start: str = ""
    end: str = ""
    was_from: str = ""
    was_to: str = ""
    override: str = ""
    plan: str = ""
    reason: str = ""


@bp.get("/change")
@managers_only
def look(schedule_id: int) -> str:
    """Filled in for the shift the address names, or the gap: a span that is nobody's."""
    schedule, zone, at = rotas.find(schedule_id), zone_of(current_agent()), int(now().timestamp())
    asked = request.args
    was = rotatyped.number(asked.get("from", "")), rotatyped.number(asked.get("to", ""))
    if was[0] is None or was[1] is None or not was[0] < was[1] < 2**33:
        start = (at // 3600 + 1) * 3600
        values = Values("add", start=rotatyped.wall(start, zone), end=rotatyped.wall(start + 8 * 3600, zone))
        return _form(schedule, values)
    if not asked.get("person") and not asked.get("override"):
        low, high = rotatyped.wall(was[0], zone), rotatyped.wall(was[1], zone)
        return _form(schedule, Values("add", lane=asked.get("lane", "1"), start=low, end=high))
    values = Values(
        kind="move",
        lane=asked.get("lane", "1"),
        person=asked.get("person", ""),
        start=rotatyped.wall(was[0], zone),
        end=rotatyped.wall(was[1], zone),
        was_from=str(was[0]),
        was_to=str(was[1]),
        override=asked.get("override", ""),
    )
    found = _found(schedule, values)
    if found is not None and _is_plan(found, values):
        values = replace(values, plan=rotaplanlines.write(replanning.planned(found), zone), reason=found.reason)
    return _form(schedule, values)


@bp.post("/change")
@managers_only
def change(schedule_id: int) -> Response | str | tuple[str, int]:
    schedule, values = rotas.find(schedule_id), _typed()
    try:
        written = _write(schedule, values, zone_of(current_agent()))
    except DomainError as error:
        db.session.rollback()
        again = rotas.find(schedule_id)
        return _form(again, values, errors=error.fields, message=error.message), error.status
    if request.form.get("do") != "save":
        drawn = _preview(schedule, written)
        if values.kind == "move" and written and written[0].kind == "plan" and not rotatyped.number(values.person):
            shown = rotaplanlines.write(replanning.planned(written[0]), zone_of(current_agent()))
            values = replace(values, plan=shown)
        db.session.rollback()
        return _form(rotas.find(schedule_id), values, drawn=drawn)
    db.session.commit()
    return rotas.said(schedule_id, "agreed" if written else "same")


@bp.post("/overrides/<int:override_id>/back")
@managers_only
def take_back(schedule_id: int, override_id: int) -> Response | tuple[str, int]:
    try:
        overriding.take_back(_override(schedule_id, override_id))
    except (Conflict, Invalid) as error:
        return rotas.refused(schedule_id, error)
    db.session.commit()
    return rotas.said(schedule_id, "back")


def _found(schedule: OnCallSchedule, values: Values) -> OnCallOverride | None:
    """What was agreed and is changed here, if it is no turn."""
    number = rotatyped.number(values.override)
    return _override(schedule.id, number) if number is not None else None


def _is_plan(found: OnCallOverride | None, values: Values) -> bool:
    """Whether it is a plan as a whole: a shift of it names its person."""
    return found is not None and found.kind == "plan" and not rotatyped.number(values.person)


def _override(schedule_id: int, override_id: int) -> OnCallOverride:
    asked = select(OnCallOverride).where(OnCallOverride.id == override_id, OnCallOverride.schedule_id == schedule_id)
    return one(asked, what="override")


def _typed() -> Values:
    form = request.form
    found = {each.name: form.get(each.name, "").strip()[:20_000] for each in fields(Values)}
    zone = zone_of(current_agent())
    for name in ("start", "end"):  # a script sends instants; the form shows walls
        seconds = rotatyped.number(found[name])
        if seconds is not None and seconds < 2**33:
            found[name] = rotatyped.wall(seconds, zone)
    was = {"was_from": found["was_from"] or form.get("from", ""), "was_to": found["was_to"] or form.get("to", "")}
    return replace(Values(**found), **was)


def _write(schedule: OnCallSchedule, values: Values, zone: ZoneInfo) -> list[OnCallOverride]:
    start, end = (rotatyped.instant(getattr(values, name), zone, name) for name in ("start", "end"))
    to = _kept(values.was_from, start.timestamp()), _kept(values.was_to, end.timestamp())
    found = _found(schedule, values)
    if found is not None and found.kind == "plan":
        return _replan(found, values, to, zone)
    if values.kind == "move":
        return _move(schedule, values, found, to)
    person, joins = rotatyped.number(values.person), rotatyped.number(values.joins)
    changed = Change(
        kind=values.kind,
        starts_at=start,
        ends_at=end,
        lane=_lane(values),
        agent_id=joins if values.kind in {"add", "replace"} else None,
        replaced_id=person if values.kind in {"remove", "replace"} else None,
        plan=rotaplanlines.read(values.plan, to, zone) if values.kind == "plan" else (),
        reason=values.reason,
    )
    return overriding.agree(schedule, changed, by=current_agent())


def _replan(found: OnCallOverride, values: Values, to: Span, zone: ZoneInfo) -> list[OnCallOverride]:
    """A plan that is there, or one of its shifts, in place of what it says."""
    if _is_plan(found, values):
        if values.kind == "move":
            return moving.override(found, to, by=current_agent())
        if values.kind != "plan":
            raise Invalid(NOTHING_SAVED, {"kind": "Choose how the plan changes."})
        shifts = rotaplanlines.read(values.plan, to, zone)
        return moving.rewritten(found, to, shifts, reason=values.reason, by=current_agent())
    person, joins = rotatyped.number(values.person), rotatyped.number(values.joins)
    if values.kind == "replace" and joins is None:
        raise Invalid(NOTHING_SAVED, {"agent_id": "Say who rings."})
    who = {"move": person, "replace": joins, "remove": None}
    if values.kind not in who:
        raise Invalid(NOTHING_SAVED, {"kind": "Choose how the shift changes."})
    return moving.planned(found, _moved(values, to), joins=who[values.kind], by=current_agent())


def _move(schedule: OnCallSchedule, values: Values, found: OnCallOverride | None, to: Span) -> list[OnCallOverride]:
    if found is not None:
        return moving.override(found, to, by=current_agent())
    return moving.shift(schedule, _moved(values, to), by=current_agent())


def _moved(values: Values, to: Span) -> Moved:
    person, was = rotatyped.number(values.person), (rotatyped.number(values.was_from), rotatyped.number(values.was_to))
    if person is None or was[0] is None or was[1] is None or was[1] <= was[0]:
        raise Invalid(NOTHING_SAVED, {"kind": "Select a shift in the lanes to move it, or choose another way."})
    return Moved(_lane(values), person, (was[0], was[1]), to)


def _lane(values: Values) -> int:
    return min(max(rotatyped.number(values.lane) or 1, 1), 9)


def _kept(was: str, typed: float) -> int:
    """The seconds of an edge that was not touched, which the form shows by the minute."""
    before = rotatyped.number(was)
    return before if before is not None and before // 60 == int(typed) // 60 else int(typed)


def _preview(schedule: OnCallSchedule, written: list[OnCallOverride]) -> dict[str, object]:
    """The lanes of that week as they would be, and the gaps; read before it is rolled back."""
    zone, at = zone_of(current_agent()), int(now().timestamp())
    start = int(min((one.starts_at for one in written), default=now()).timestamp())
    axis = rotatimes.week_of(local(start, zone).date(), zone)
    rota = rotapages.load_rota(schedule.id, min(axis.start, at))
    if rota is None:
        return {}
    names = rotapages.everybody()
    walls = Walls(zone, rota.said(at).zone)
    overrides = rotapages.agreed(schedule.id, axis.start, axis.end)
    painter = Painter(walls, names, at, overrides, rotapages.tints(rota, overrides))
    return {
        "scene": painter.scene(rota, axis),
        "gaps": rotapages.open_gaps(rota, names, walls, max(at, axis.start), axis.end),
        "title": rotatimes.days_in_words(axis.days[0].day, axis.days[-1].day),
        "same": not written,
    }


def _form(
    schedule: OnCallSchedule,
    values: Values,
    *,
    errors: dict[str, str] | None = None,
    message: str = "",
    drawn: dict[str, object] | None = None,
) -> str:
    found = _found(schedule, values)
    return page(
        "sla/oncall/change.html",
        section="oncall",
        schedule=schedule,
        values=values,
        errors=errors or {},
        message=message,
        drawn=drawn,
        kinds=_kinds(found, values),
        lanes=rotaforms.LANES,
        people=db.session.scalars(active_agents()).all(),
        override=found,
        is_plan=_is_plan(found, values),
        is_planned=found is not None and found.kind == "plan" and not _is_plan(found, values),
        today=local(now().timestamp(), zone_of(current_agent())).date(),
    )


def _kinds(found: OnCallOverride | None, values: Values) -> tuple[tuple[str, str], ...]:
    if found is not None and found.kind == "plan":
        return _OF_PLAN if _is_plan(found, values) else _OF_PLANNED
    return KINDS if values.was_from else KINDS[1:]
