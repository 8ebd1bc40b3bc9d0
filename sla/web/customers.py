"""Customers: who they are, what we agreed and kept, what they have, who writes, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, request
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.people import organizations
from helpdesk.people.models import Contact, Organization
from helpdesk.tickets.models import Status, Ticket
from helpdesk.web.rendering import page, zone_of
from sla.assets import equipment
from sla.assets.models import Asset
from sla.policies.models import METRICS
from sla.web import cards, firms, kit, owed, spans
from sla.web.framing import said, shown
from sla.web.managers import managers_only, manages
from sla.web.typed import Typed

bp = Blueprint("customers", __name__, url_prefix="/customers")

_MOST = 100


@bp.get("")
@agents_only
def front() -> str:
    search = request.args.get("q", "").strip()[:100]
    found = firms.listed(search=search, after=request.args.get("after"), at=now())
    return page(
        "sla/customers/list.html",
        section="customers",
        found=found,
        search=search,
        manages=manages(current_agent()),
        further=bool(request.args.get("after")),
    )


@bp.get("/new")
@managers_only
def new() -> str:
    return _form({}, {})


@bp.post("")
@managers_only
def create() -> Response | tuple[str, int]:
    typed = Typed(request.form)
    try:
        organization = organizations.create(_name(typed), domains=typed.listed("domains"))
    except Invalid as error:
        db.session.rollback()
        return _form(request.form, error.fields), error.status
    db.session.commit()
    return said(f"/customers/{organization.id}", "made")


@bp.get("/<int:organization_id>")
@agents_only
def agreement(organization_id: int) -> str:
    organization = firms.find(organization_id)
    at, period = now(), spans.asked(request.args)
    held = cards.held(organization_id, at)
    axis = kit.Axis.around(at.astimezone(zone_of(current_agent())).date())
    units = _units(organization_id, limit=_MOST)
    return shown(
        "sla/customers/agreement.html",
        organization,
        tab="agreement",
        cards=[cards.card(version, at, current_agent(), period) for version in held],
        span=spans.name(request.args),
        spans=spans.WORDS,
        kit=kit.shown(units, held, axis, at),
        axis=axis,
    )


@bp.get("/<int:organization_id>/tickets")
@agents_only
def tickets(organization_id: int) -> str:
    organization = firms.find(organization_id)
    rows = (
        visible_tickets(current_agent())
        .where(Ticket.organization_id == organization_id, Ticket.spam_at.is_(None))
        .order_by(Ticket.last_message_at.desc(), Ticket.id.desc())
        .limit(_MOST)
    )
    found = list(db.session.scalars(rows))
    return shown("sla/customers/tickets.html", organization, tab="tickets", tickets=found, Status=Status, most=_MOST)


@bp.get("/<int:organization_id>/people")
@agents_only
def people(organization_id: int) -> str:
    organization = firms.find(organization_id)
    rows = (
        select(Contact)
        .where(Contact.organization_id == organization_id)
        .options(selectinload(Contact.addresses))
        .order_by(Contact.name, Contact.id)
        .limit(_MOST)
    )
    return shown(
        "sla/customers/people.html", organization, tab="people", people=list(db.session.scalars(rows)), most=_MOST
    )


@bp.get("/<int:organization_id>/money")
@agents_only
def money(organization_id: int) -> str:
    return _money(organization_id)


@bp.post("/<int:organization_id>/credits/<int:credit_id>")
@managers_only
def decide(organization_id: int, credit_id: int) -> Response | tuple[str, int]:
    """Grant a credit, or excuse the break that led to it."""
    try:
        if request.form.get("do") == "excuse":
            owed.excuse(organization_id, credit_id, Typed(request.form).text("reason")[:500])
        else:
            owed.post(organization_id, credit_id)
    except Invalid as error:
        db.session.rollback()
        return _money(organization_id, {credit_id: error.fields.get("reason", error.message)}), error.status
    db.session.commit()
    return said(f"/customers/{organization_id}/money", "excused" if request.form.get("do") == "excuse" else "granted")


def _money(organization_id: int, errors: Mapping[int, str] | None = None) -> str:
    organization = firms.find(organization_id)
    if not manages(current_agent()):
        raise NotFound("There is no such page here.")
    at = now()
    return shown(
        "sla/customers/money.html",
        organization,
        tab="money",
        credits=db.session.execute(owed.rows(organization_id)).all(),
        ledgers=[(version, cards.ledger(version, at)) for version in cards.held(organization_id, at)],
        metrics=METRICS,
        errors=errors or {},
    )


def _units(organization_id: int, *, limit: int) -> list[Asset]:
    rows = equipment.units_of(organization_id).where(Asset.retired_at.is_(None))
    return list(db.session.scalars(rows.options(selectinload(Asset.warranties)).limit(limit)))


def _name(typed: Typed) -> str:
    name = typed.text("name")
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid("That does not fit yet.", {"name": "Enter the company's name."})
    same = select(Organization.id).where(Organization.name == name)
    if db.session.scalar(same.limit(1)) is not None:
        raise Invalid("That does not fit yet.", {"name": "A customer of that name is on record."})
    return name


def _form(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return page("sla/customers/new.html", section="customers", values=values, errors=errors)
