"""One promise at risk: give it to somebody, promise again and tell the customer, or leave it alone on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, locked, one
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.tickets import triage
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page, zone_of
from sla.commitments.models import Commitment
from sla.reports import deciding, risk
from sla.reports.risk import AtRisk
from sla.web import dashpage
from sla.web.managers import managers_only, manages
from sla.web.typed import Typed

bp = Blueprint("promise_decisions", __name__, url_prefix="/promises/open")


@bp.get("/<int:commitment_id>")
@agents_only
def show(commitment_id: int) -> str:
    return _page(commitment_id)


@bp.post("/<int:commitment_id>/assignment")
@managers_only
def assign(commitment_id: int) -> Response | tuple[str, int]:
    ticket, _ = _held(commitment_id)
    typed = request.form.get("agent", "")
    number = whole(typed)
    to = db.session.get(Agent, number) if number is not None else None
    if to is None and typed:
        return _again(commitment_id, Invalid("That does not fit yet.", {"agent": "Choose somebody of the list."}))
    try:
        triage.assign(ticket, to=to, by=current_agent())
    except Invalid as error:
        return _again(commitment_id, error)
    db.session.commit()
    return redirect("/promises?said=assigned", 303)


@bp.post("/<int:commitment_id>/again")
@managers_only
def again(commitment_id: int) -> Response | tuple[str, int]:
    held, typed = _held(commitment_id), Typed(request.form)
    try:
        until = _instant(typed.text("until"), zone_of(current_agent()))
        deciding.promise_again(*held, by=current_agent(), words=typed.text("words"), until=until)
    except Invalid as error:
        return _again(commitment_id, error)
    db.session.commit()
    return redirect("/promises?said=again", 303)


@bp.post("/<int:commitment_id>/left")
@managers_only
def leave(commitment_id: int) -> Response | tuple[str, int]:
    try:
        deciding.leave_alone(*_held(commitment_id), by=current_agent(), reason=Typed(request.form).text("reason"))
    except Invalid as error:
        return _again(commitment_id, error)
    db.session.commit()
    return redirect("/promises?said=left", 303)


@bp.post("/<int:commitment_id>/back")
@managers_only
def back(commitment_id: int) -> Response:
    deciding.take_up(*_held(commitment_id), by=current_agent())
    db.session.commit()
    return redirect("/promises/open?said=back", 303)


def _held(commitment_id: int) -> tuple[Ticket, Commitment]:
    """The promise and its ticket, which is locked until the commit."""
    found = one(risk.one_of(current_agent(), commitment_id), what="promise")
    return locked(visible_tickets(current_agent()).where(Ticket.id == found.ticket_id)), found


def _instant(typed: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("That does not fit yet.", {"until": "Choose a day and a time."}) from None


def _again(commitment_id: int, error: Invalid) -> tuple[str, int]:
    db.session.rollback()
    return _page(commitment_id, {"": error.message, **error.fields}), error.status


def _page(commitment_id: int, errors: dict[str, str] | None = None) -> str:
    agent, at = current_agent(), now()
    found = one(risk.one_of(agent, commitment_id), what="promise")
    standing = deciding.standing_of(commitment_id)
    due = (standing.until if standing is not None else None) or found.due_at or found.ended_at or found.started_at
    people = select(Agent).where(Agent.deactivated_at.is_(None)).order_by(Agent.name)
    return page(
        "sla/promises/decide.html",
        section="promises",
        row=dashpage.row(AtRisk(found, due, standing if standing and standing.until else None), at, zone_of(agent)),
        commitment=found,
        standing=standing,
        by=db.session.get(Agent, standing.by_id) if standing is not None else None,
        agents=list(db.session.scalars(people)),
        manages=manages(agent),
        values=request.form,
        errors=errors or {},
    )
