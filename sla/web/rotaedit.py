"""The form of a rota: make one, change it from now or from a day, set it aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid
from helpdesk.now import now
from helpdesk.people.agents import active_agents
from helpdesk.people.models import Team
from helpdesk.text.zones import zones
from helpdesk.web.rendering import page
from sla.calendars.models import Calendar
from sla.oncall import editing
from sla.oncall.models import OnCallSchedule
from sla.web import rotaforms, rotas, rotatyped
from sla.web.managers import managers_only
from sla.web.rotaforms import Turns, Values

bp = Blueprint("rota_edit", __name__, url_prefix="/on-call")


@bp.get("/new")
@managers_only
def new() -> str:
    today = now().date()
    monday = (today - timedelta(days=today.weekday())).isoformat()
    first = Turns(name="First", anchor=monday, people=("", ""))
    return _form(None, Values(zone=current_agent().zone, turns=(first,)))


@bp.post("/new")
@managers_only
def create() -> Response | str | tuple[str, int]:
    values = rotaforms.typed(request.form)
    again = rotaforms.pressed(values, request.form.get("do", ""))
    if again is not None:
        return _form(None, again)
    try:
        made = editing.create(values.details(), values.spec(), by=current_agent())
    except DomainError as error:
        return _refused(None, values, error)
    db.session.commit()
    return rotas.said(made.id, "made")


@bp.get("/<int:schedule_id>/edit")
@managers_only
def edit(schedule_id: int) -> str:
    schedule = rotas.find(schedule_id)
    known = editing.versions(schedule)
    if not known:
        return _form(schedule, replace(Values(zone=current_agent().zone), name=schedule.name))
    return _form(schedule, rotaforms.stored(editing.details(schedule), known[-1].spec, after=known[-1].number))


@bp.post("/<int:schedule_id>/edit")
@managers_only
def change(schedule_id: int) -> Response | str | tuple[str, int]:
    schedule = rotas.find(schedule_id)
    values = rotaforms.typed(request.form)
    again = rotaforms.pressed(values, request.form.get("do", ""))
    if again is not None:
        return _form(schedule, again)
    try:
        _save(schedule, values)
    except DomainError as error:
        return _refused(schedule_id, values, error)
    db.session.commit()
    return rotas.said(schedule_id, "changed")


@bp.post("/<int:schedule_id>/archive")
@managers_only
def archive(schedule_id: int) -> Response:
    editing.archive(rotas.find(schedule_id))
    db.session.commit()
    return rotas.said(schedule_id, "archived")


@bp.post("/<int:schedule_id>/unarchive")
@managers_only
def unarchive(schedule_id: int) -> Response:
    editing.unarchive(rotas.find(schedule_id))
    db.session.commit()
    return rotas.said(schedule_id, "unarchived")


def _save(schedule: OnCallSchedule, values: Values) -> None:
    known = editing.versions(schedule)
    spec = rotaforms.carry(values.spec(), known[-1].spec) if known else values.spec()
    editing.settle(schedule, values.details())
    after = rotatyped.number(values.after)
    editing.revise(schedule, spec, by=current_agent(), valid_from=_start(values), after=after)


def _start(values: Values) -> datetime | None:
    if values.starts != "later":
        return None
    if values.zone not in zones():
        raise Invalid(editing.NOTHING_SAVED, {"zone": "Choose a time zone such as America/Chicago."})
    return rotatyped.instant(values.from_time, ZoneInfo(values.zone), "valid_from")


def _refused(schedule_id: int | None, values: Values, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    schedule = rotas.find(schedule_id) if schedule_id is not None else None
    return _form(schedule, values, errors=error.fields, message=error.message), error.status


def _form(
    schedule: OnCallSchedule | None, values: Values, *, errors: dict[str, str] | None = None, message: str = ""
) -> str:
    people = [(str(one.id), one.name) for one in db.session.scalars(active_agents())]
    names = dict(people)
    groups = {one for turns in values.turns for one in turns.people if "+" in one}
    people += [(one, " and ".join(names.get(each, "?") for each in one.split("+"))) for one in sorted(groups)]
    return page(
        "sla/oncall/edit.html",
        section="oncall",
        schedule=schedule,
        values=values,
        errors=errors or {},
        message=message,
        people=people,
        teams=db.session.scalars(select(Team).order_by(Team.name)).all(),
        calendars=db.session.scalars(
            select(Calendar).where(Calendar.archived_at.is_(None)).order_by(Calendar.name)
        ).all(),
        zones=sorted(zones()),
        units=rotaforms.UNITS,
        lanes=rotaforms.LANES,
        fallbacks=rotaforms.FALLBACKS,
    )
