"""The mails of a saved report: set up, tried, edited and put back, paused, taken up again, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid, NotAllowed, NotFound
from helpdesk.people.choices import teams_and_agents
from helpdesk.people.models import Agent
from helpdesk.text.languages import LANGUAGES
from helpdesk.text.numbers import whole
from helpdesk.text.zones import zone_choices
from helpdesk.web.rendering import page
from sla.calendars import describing, reading
from sla.calendars.reading import Unreadable
from sla.saved import keeping, plans, scheduling, sending
from sla.saved.models import ReportSchedule, SavedReport
from sla.saved.plans import Plan
from sla.web import mailwords
from sla.web.managers import manages
from sla.web.savedreports import HOME

bp = Blueprint("report_mails", __name__, url_prefix=HOME)

_EIGHT = 8 * 3600


@bp.get("/<int:report_id>/mail")
@agents_only
def new(report_id: int) -> str:
    agent = current_agent()
    report = keeping.of(agent, report_id)
    first = Plan(cadence="weekly", at=_EIGHT, zone=agent.zone, language="en", agent_ids=(agent.id,))
    return _form(report, None, _values(first), {})


@bp.post("/<int:report_id>/mail")
@agents_only
def create(report_id: int) -> Response | tuple[str, int]:
    report = keeping.of(current_agent(), report_id)
    try:
        scheduling.make(report, _typed(), by=current_agent())
    except (Invalid, NotAllowed) as error:
        return _again(report, None, error)
    db.session.commit()
    return redirect(f"{HOME}?said=planned", 303)


@bp.get("/mails/<int:schedule_id>")
@agents_only
def show(schedule_id: int) -> str:
    schedule = scheduling.of(current_agent(), schedule_id)
    return _form(schedule.report, schedule, _values(plans.read(schedule.plan)), {})


@bp.post("/mails/<int:schedule_id>")
@agents_only
def edit(schedule_id: int) -> Response | tuple[str, int]:
    schedule = scheduling.of(current_agent(), schedule_id)
    try:
        scheduling.edit(schedule, _typed(), by=current_agent())
    except (Invalid, NotAllowed) as error:
        return _again(schedule.report, schedule, error)
    db.session.commit()
    return redirect(f"{HOME}?said=edited", 303)


@bp.post("/mails/<int:schedule_id>/<what>")
@agents_only
def move(schedule_id: int, what: str) -> Response:
    """One of `_MOVES`."""
    if what not in _MOVES:
        raise NotFound("There is no such page here.")
    agent = current_agent()
    schedule = scheduling.of(agent, schedule_id)
    verb, said = _MOVES[what]
    verb(schedule, agent)
    db.session.commit()
    undo = f"&undo=mail-{schedule_id}" if what == "removal" else ""
    return redirect(f"{HOME}?said={said}{undo}", 303)


_MOVES: Mapping[str, tuple[Callable[[ReportSchedule, Agent], object], str]] = {
    "pause": (lambda schedule, agent: scheduling.pause(schedule, by=agent), "paused"),
    "resumption": (lambda schedule, agent: scheduling.resume(schedule, by=agent), "resumed"),
    "removal": (lambda schedule, agent: scheduling.remove(schedule, by=agent), "mail-removed"),
    "restoration": (lambda schedule, agent: scheduling.restore(schedule, by=agent), "back"),
    "undo": (lambda schedule, agent: scheduling.put_back(schedule, by=agent), "put-back"),
    "test": (lambda schedule, agent: sending.send_test(schedule, to=agent), "tried"),
}


def _typed() -> Plan:
    form = request.form
    return Plan(
        cadence=form.get("cadence", ""),
        at=_seconds(form.get("at", "")),
        zone=form.get("zone", ""),
        language=form.get("language", ""),
        agent_ids=tuple(dict.fromkeys(filter(None, map(whole, form.getlist("agents"))))),
        weekday=_place(form.get("weekday", "0")),
        day=_place(form.get("day", "1")),
        days=form.get("days", ""),
        format=form.get("format", ""),
    )


def _seconds(said: str) -> int:
    """Seconds after midnight of "08:00"; -1 for what is no time."""
    try:
        return reading.seconds(said.strip().zfill(5), "at")
    except Unreadable:
        return -1


def _place(said: str) -> int:
    """Of a day; -1 for what is none."""
    found = whole(said)
    return -1 if found is None else found


def _values(plan: Plan) -> dict[str, Any]:
    told = {name: str(value) for name, value in plans.as_json(plan).items()}
    return {**told, "at": describing.clock(plan.at), "agents": {str(one) for one in plan.agent_ids}}


def _again(report: SavedReport, schedule: ReportSchedule | None, error: DomainError) -> tuple[str, int]:
    values = {**request.form.to_dict(), "agents": set(request.form.getlist("agents"))}
    fields = error.fields or {"agents": error.message}
    return _form(report, schedule, values, fields), error.status


def _form(
    report: SavedReport, schedule: ReportSchedule | None, values: Mapping[str, Any], errors: Mapping[str, str]
) -> str:
    agent = current_agent()
    _, people = teams_and_agents()
    there = [one for one in people if manages(agent) or one.id == agent.id]
    return page(
        "sla/saved/mail.html",
        section="promises",
        report=report,
        schedule=schedule,
        values=values,
        errors=errors,
        people=[(str(one.id), one.name) for one in there],
        cadences=[("daily", "Each day"), ("weekly", "Each week"), ("monthly", "Each month")],
        weekdays=[(str(place), words) for place, words in enumerate(describing.LONG)],
        zones=zone_choices(),
        languages=[(code, mailwords.LANGUAGE_NAMES[code]) for code in LANGUAGES],
        days=list(plans.DAYS.items()),
        formats=list(plans.FORMATS.items()),
    )
