"""Rotas as JSON: read them and their shifts, say what one shall be from now or an instant, agree overrides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import select

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import Json, db, one
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.web.json import Body, body
from sla.oncall import editing, loading, missing, moving, overriding, replanning
from sla.oncall.editing import Details
from sla.oncall.gaps import Gap
from sla.oncall.instants import utc
from sla.oncall.models import KINDS, OnCallOverride, OnCallSchedule
from sla.oncall.overriding import Change, Shifted
from sla.oncall.roster import Shift
from sla.web.managers import managers_only
from sla.web.rotas import find

bp = Blueprint("oncall_json", __name__, url_prefix="/api/v1/oncall/schedules")

_LONGEST = timedelta(days=2 * 366)


@bp.get("")
@agents_only
def front() -> Response:
    rows = db.session.scalars(select(OnCallSchedule).order_by(OnCallSchedule.name)).all()
    return jsonify(schedules=[_shown(each) for each in rows])


@bp.post("")
@managers_only
def create() -> tuple[Response, int]:
    sent = body()
    details, spec = _details(sent), _spec(sent)
    sent.done()
    made = editing.create(details, spec, by=current_agent())
    db.session.commit()
    return jsonify(_shown(made)), 201


@bp.get("/<int:schedule_id>")
@agents_only
def show(schedule_id: int) -> Response:
    return jsonify(_shown(find(schedule_id)))


@bp.put("/<int:schedule_id>")
@managers_only
def put(schedule_id: int) -> Response:
    """`valid_from` is when it begins to count, now without it; `after` the newest version that was seen."""
    schedule, sent = find(schedule_id), body()
    details, spec = _details(sent), _spec(sent)
    valid_from, after = sent.instant("valid_from"), sent.number_or_none("after", 1, 2**31)
    sent.done()
    editing.settle(schedule, details)
    editing.revise(schedule, spec, by=current_agent(), valid_from=valid_from, after=after)
    db.session.commit()
    return jsonify(_shown(schedule))


@bp.get("/<int:schedule_id>/shifts")
@agents_only
def shifts(schedule_id: int) -> Response:
    """Between `from` and `to`, instants with their offset; with the gaps."""
    schedule = find(schedule_id)
    start, end = _instant("from"), _instant("to")
    if not start < end <= start + _LONGEST:
        raise Invalid("Nothing was read.", {"to": "Give an instant after from, at most two years later."})
    rota = loading.load(schedule.id, since=start)
    low, high = int(start.timestamp()), int(end.timestamp())
    if rota is None:
        return jsonify(shifts=[], gaps=[])
    return jsonify(
        shifts=[_shift(each) for each in rota.shifts(low, high)],
        gaps=[_gap(each) for each in missing.between(rota, low, high)],
    )


@bp.get("/<int:schedule_id>/overrides")
@agents_only
def overrides(schedule_id: int) -> Response:
    """Those that are not over."""
    rows = (
        select(OnCallOverride)
        .where(OnCallOverride.schedule_id == find(schedule_id).id, OnCallOverride.ends_at > now())
        .where(OnCallOverride.withdrawn_at.is_(None))
        .order_by(OnCallOverride.id)
    )
    return jsonify(overrides=[_override(each) for each in db.session.scalars(rows)])


@bp.post("/<int:schedule_id>/overrides")
@managers_only
def agree(schedule_id: int) -> tuple[Response, int]:
    schedule, sent = find(schedule_id), body()
    change = _change(sent)
    sent.done()
    made = overriding.agree(schedule, change, by=current_agent())
    db.session.commit()
    return jsonify(_override(made[0])), 201


@bp.get("/<int:schedule_id>/overrides/<int:override_id>")
@agents_only
def show_override(schedule_id: int, override_id: int) -> Response:
    return jsonify(_override(_found(schedule_id, override_id)))


@bp.put("/<int:schedule_id>/overrides/<int:override_id>")
@managers_only
def put_override(schedule_id: int, override_id: int) -> Response:
    """With the fields of a new one. What is agreed stays on record, so one that says something else has a new id."""
    found, sent = _found(schedule_id, override_id), body()
    change = _change(sent)
    sent.done()
    made = moving.instead(found, change, by=current_agent())
    db.session.commit()
    return jsonify(_override(made))


@bp.delete("/<int:schedule_id>/overrides/<int:override_id>")
@managers_only
def take_back(schedule_id: int, override_id: int) -> Response:
    found = _found(schedule_id, override_id)
    overriding.take_back(found)
    db.session.commit()
    return jsonify(_override(found))


def _found(schedule_id: int, override_id: int) -> OnCallOverride:
    asked = select(OnCallOverride).where(OnCallOverride.id == override_id, OnCallOverride.schedule_id == schedule_id)
    return one(asked, what="override")


def _details(sent: Body) -> Details:
    return Details(
        name=sent.text("name", "Give it a name.", most=100),
        team_id=sent.identity("team_id"),
        calendar_id=sent.identity("calendar_id"),
        fallback_name=sent.text("fallback_name", most=100),
        fallback_kind=sent.one_of("fallback_kind", editing.FALLBACKS),
        fallback_address=sent.text("fallback_address"),
    )


def _spec(sent: Body) -> Json:
    """As it was sent: `sla.oncall.reading` takes all of it and names its fields itself."""
    return sent.raw("spec")


def _change(sent: Body) -> Change:
    start, end = sent.instant("start"), sent.instant("end")
    for name, value in (("start", start), ("end", end)):
        if value is None:
            sent.wrong(name, "Write the moment as 2026-10-09T15:10:00-05:00.", None)
    kind = sent.one_of("kind", KINDS)
    return Change(
        kind=kind or sent.wrong("kind", f"Choose one of {', '.join(KINDS)}.", ""),
        starts_at=start or now(),
        ends_at=end or now(),
        lane=sent.number("lane", 1, 9, default=1),
        agent_id=sent.identity("agent_id"),
        replaced_id=sent.identity("replaced_id"),
        plan=tuple(sent.each("plan", _planned)),
        reason=sent.text("reason", most=500),
    )


def _planned(sent: Body) -> Shifted:
    start, end = sent.instant("start"), sent.instant("end")
    person = sent.identity("agent_id")
    if start is None or end is None or person is None:
        sent.wrong("start", "A shift of a plan has an agent_id, a start and an end.", None)
    return Shifted(person or 0, start or now(), end or now(), sent.number("lane", 1, 9, default=1))


def _instant(name: str) -> datetime:
    try:
        found = datetime.fromisoformat(request.args.get(name, ""))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1971 <= found.year < 2200:
        raise Invalid("Nothing was read.", {name: "Write the moment as 2026-10-09T15:10:00-05:00."})
    return found


def _shown(schedule: OnCallSchedule) -> dict[str, Any]:
    known = editing.versions(schedule)
    return {
        "id": schedule.id,
        **{name: getattr(schedule, name) for name in Details.__slots__},
        "archived": schedule.archived_at is not None,
        "versions": [
            {"number": each.number, "valid_from": each.valid_from.isoformat(), "spec": each.spec} for each in known
        ],
    }


def _shift(shift: Shift) -> dict[str, Any]:
    found = {
        "start": _iso(shift.start),
        "end": _iso(shift.end),
        "lane": shift.lane,
        "agent_id": shift.person,
        "why": shift.why,
    }
    return found if shift.instead_of is None else {**found, "instead_of": shift.instead_of}


def _gap(gap: Gap) -> dict[str, Any]:
    found = {"start": _iso(gap.start), "end": _iso(gap.end), "lane": gap.lane, "cause": gap.cause}
    return found if gap.person is None else {**found, "agent_id": gap.person}


def _override(found: OnCallOverride) -> dict[str, Any]:
    plan = {"plan": [_shifted(each) for each in replanning.planned(found)]} if found.kind == "plan" else {}
    return {
        "id": found.id,
        "kind": found.kind,
        "lane": found.lane,
        "agent_id": found.agent_id,
        "replaced_id": found.replaced_id,
        "start": found.starts_at.isoformat(),
        "end": found.ends_at.isoformat(),
        "reason": found.reason,
        "withdrawn": found.withdrawn_at is not None,
        **plan,
    }


def _shifted(shift: Shifted) -> dict[str, Any]:
    start, end = shift.starts_at.isoformat(), shift.ends_at.isoformat()
    return {"agent_id": shift.agent_id, "start": start, "end": end, "lane": shift.lane}


def _iso(instant: int) -> str:
    return utc(instant).isoformat()
