"""A ticket's promises: why one falls due when it does, what covers the ticket, which unit, and what was done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import back_to, page, zone_of
from helpdesk.web.ticket import held
from sla.assets import serials
from sla.assets.models import Asset
from sla.commitments import excusing, explaining, milestones
from sla.commitments.explaining import Explained
from sla.commitments.models import Commitment
from sla.entitlements import naming, resolving
from sla.policies.models import Clause

bp = Blueprint("ticket_promises", __name__)


@bp.get("/tickets/<int:number>/why/<int:commitment_id>")
@agents_only
def why(number: int, commitment_id: int) -> str:
    """Every stretch from the start of a promise to its due time; `for=customer` says the same without names."""
    ticket, explained = _explained(number, commitment_id)
    return page(
        "sla/tickets/why.html",
        ticket=ticket,
        explained=explained,
        steps=explaining.steps(explained, zone_of(current_agent())),
        for_customer=request.args.get("for") == "customer",
    )


@bp.get("/api/v1/tickets/<int:number>/commitments/<int:commitment_id>/ledger")
@agents_only
def ledger(number: int, commitment_id: int) -> Response:
    _, explained = _explained(number, commitment_id)
    return jsonify(explaining.as_json(explained, zone_of(current_agent())))


@bp.post("/tickets/<int:number>/why/<int:commitment_id>/excuse")
@agents_only
def excuse(number: int, commitment_id: int) -> Response:
    ticket = _held(number)
    excusing.excuse(
        ticket, _commitment(ticket, commitment_id), by=current_agent(), reason=request.form.get("reason", "")
    )
    db.session.commit()
    return back_to(f"/tickets/{number}/why/{commitment_id}")


@bp.get("/tickets/<int:number>/cover")
@agents_only
def cover(number: int) -> str:
    ticket = _seen(number)
    decided = resolving.current_of(ticket.id)
    return page("sla/tickets/cover.html", ticket=ticket, decided=decided, choices=resolving.choices(ticket))


@bp.post("/tickets/<int:number>/cover")
@agents_only
def correct(number: int) -> Response:
    ticket = _held(number)
    resolving.correct(ticket, request.form.get("cover", ""), by=current_agent())
    db.session.commit()
    return back_to(f"/tickets/{number}")


@bp.post("/tickets/<int:number>/equipment")
@agents_only
def equipment(number: int) -> Response:
    """Confirm, add or dismiss the unit with a serial."""
    ticket, agent = _held(number), current_agent()
    serial = request.form.get("serial", "")
    if request.form.get("is") == "no":
        naming.dismiss(ticket, _unit(ticket, serial).id, by=agent)
    else:
        naming.confirm(ticket, serial, by=agent)
    db.session.commit()
    return back_to(f"/tickets/{number}")


@bp.post("/tickets/<int:number>/milestones")
@agents_only
def milestone(number: int) -> Response:
    ticket = _held(number)
    said = _MILESTONES.get(request.form.get("says", ""))
    if said is None:
        raise Invalid("Choose what has happened.", {"says": "Choose one of the buttons."})
    said(ticket, by=current_agent())
    db.session.commit()
    return back_to(f"/tickets/{number}")


_MILESTONES: dict[str, Callable[..., Any]] = {
    "restored": milestones.restore,
    "not-restored": partial(milestones.restore, on=False),
    "planned": milestones.plan,
    "not-planned": partial(milestones.plan, on=False),
    "dispatched": milestones.dispatch,
    "not-dispatched": milestones.call_back,
    "arrived": milestones.arrive,
    "not-arrived": milestones.not_arrived,
    "refused": milestones.refuse,
    "not-refused": partial(milestones.refuse, on=False),
}
"""What a button says of the work; with "not-" it is taken back."""


def _explained(number: int, commitment_id: int) -> tuple[Ticket, Explained]:
    ticket = _seen(number)
    return ticket, explaining.explain(ticket, _commitment(ticket, commitment_id), at=now())


def _commitment(ticket: Ticket, commitment_id: int) -> Commitment:
    rows = (
        select(Commitment)
        .where(Commitment.id == commitment_id, Commitment.ticket_id == ticket.id)
        .options(joinedload(Commitment.clause).joinedload(Clause.calendar))
    )
    commitment = db.session.scalars(rows).one_or_none()
    if commitment is None:
        raise NotFound("There is no such promise on this ticket.")
    return commitment


def _unit(ticket: Ticket, serial: str) -> Asset:
    mine = Asset.serial_key == serials.key(serial), Asset.organization_id == ticket.organization_id
    return one(select(Asset).where(*mine), what="unit")


def _seen(number: int) -> Ticket:
    return one(
        visible_tickets(current_agent())
        .where(Ticket.number == number)
        .options(joinedload(Ticket.contact), joinedload(Ticket.organization))
    )


def _held(number: int) -> Ticket:
    return held(current_agent(), number)
