"""When somebody is away, said by themselves or by a manager; no rota rings them then."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, one
from helpdesk.errors import Conflict, DomainError, NotAllowed
from helpdesk.people.agents import active_agents
from helpdesk.people.models import Agent
from helpdesk.web.rendering import page, zone_of
from sla.oncall import absences
from sla.oncall.models import OnCallAbsence
from sla.oncall.wording import Walls
from sla.web import rotapages, rotas, rotatyped
from sla.web.managers import manages

bp = Blueprint("rota_away", __name__, url_prefix="/on-call/away")


@bp.get("")
@agents_only
def front() -> str:
    return _form()


@bp.post("")
@agents_only
def away() -> Response | tuple[str, int]:
    zone = zone_of(current_agent())
    try:
        start, end = (rotatyped.instant(request.form.get(name, ""), zone, name) for name in ("start", "end"))
        absences.away(_who(), start, end, request.form.get("reason", "").strip())
    except DomainError as error:
        db.session.rollback()
        return _form(errors=error.fields, message=error.message), error.status
    db.session.commit()
    return redirect("/on-call/away?said=away", 303)


@bp.post("/<int:absence_id>/back")
@agents_only
def back(absence_id: int) -> Response | tuple[str, int]:
    found = one(select(OnCallAbsence).where(OnCallAbsence.id == absence_id), what="absence")
    if found.agent_id != current_agent().id and not manages(current_agent()):
        raise NotAllowed("Only they, or a manager, say that they are back.")
    try:
        absences.back(found)
    except Conflict as error:
        db.session.rollback()
        return _form(message=error.message), error.status
    db.session.commit()
    return redirect("/on-call/away?said=here", 303)


def _who() -> Agent:
    agent, number = current_agent(), rotatyped.number(request.form.get("agent", ""))
    if number is None or number == agent.id:
        return agent
    if not manages(agent):
        raise NotAllowed("Only managers say that others are away.")
    return one(select(Agent).where(Agent.id == number, Agent.deactivated_at.is_(None)), what="person")


def _form(*, errors: dict[str, str] | None = None, message: str = "") -> str:
    agent = current_agent()
    zone = zone_of(agent)
    return page(
        "sla/oncall/away.html",
        section="oncall",
        rows=absences.coming(),
        names=rotapages.everybody(),
        walls=Walls(zone, zone),
        people=db.session.scalars(active_agents()).all() if manages(agent) else [],
        manages=manages(agent),
        values=request.form,
        errors=errors or {},
        message=message,
        said=rotas.SAID.get(request.args.get("said", ""), ""),
    )
