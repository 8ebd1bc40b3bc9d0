"""Agreements by web: written down, changed from now or from a day, put in force, suspended, ended, renewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, DomainError, Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.zones import zone_choices
from sla.assets import equipment, sites
from sla.assets.models import Asset
from sla.calendars.models import Calendar
from sla.commitments.moving import Moves
from sla.contracts import agreements, loading, terms, versions
from sla.contracts.inputs import PERIODS, PRIORITIES, RENEWALS, ZONE_SOURCES, Bought
from sla.contracts.models import KINDS, Contract
from sla.entitlements import suspending
from sla.policies.models import METRICS, WAITING
from sla.web import agreementform, cards, firms, opentickets, renewals, spans
from sla.web.agreementform import Values
from sla.web.framing import said, shown
from sla.web.managers import managers_only
from sla.web.typed import Typed

bp = Blueprint("agreements", __name__, url_prefix="/customers/<int:organization_id>/agreements")

_MOVES: dict[str, tuple[Callable[..., object], str]] = {
    "suspend": (suspending.suspend, "suspended"),
    "resume": (suspending.resume, "resumed"),
    "cancel": (suspending.cancel, "cancelled"),
    "renew": (agreements.renew, "renewed"),
}
_STATE_WORDS = {
    "draft": "Draft",
    "active": "In force",
    "suspended": "Suspended",
    "cancelled": "Cancelled",
    "renewed": "Renewed",
}


@bp.get("/new")
@managers_only
def new(organization_id: int) -> str:
    values: Values = MultiDict({"zone": current_agent().zone, "lines-0-name": "Everything"})
    return _form(organization_id, None, values)


@bp.post("")
@managers_only
def create(organization_id: int) -> Response | tuple[str, int]:
    organization = firms.find(organization_id)
    values = agreementform.compacted(request.form)
    if "add" in request.form:
        return _form(organization_id, None, values), 200
    typed = Typed(request.form)
    try:
        contract = agreements.draft(
            organization,
            agreementform.read(values),
            by=current_agent(),
            number=typed.text("number"),
            external_ref=typed.text("external_ref"),
        )
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, None, values, error.fields), error.status
    db.session.commit()
    return said(_at(contract), "drafted")


@bp.get("/<int:contract_id>")
@agents_only
def show(organization_id: int, contract_id: int) -> str:
    return _page(organization_id, agreements.seen(contract_id, organization_id))


@bp.get("/<int:contract_id>/edit")
@managers_only
def edit(organization_id: int, contract_id: int) -> str:
    contract = agreements.seen(contract_id, organization_id)
    return _form(organization_id, contract, agreementform.written(versions.agreed(loading.newest(contract.id))))


@bp.post("/<int:contract_id>")
@managers_only
def change(organization_id: int, contract_id: int) -> Response | tuple[str, int]:
    contract = agreements.find(contract_id, organization_id)
    values = agreementform.compacted(request.form)
    if "add" in request.form:
        return _form(organization_id, contract, values), 200
    try:
        agreed = agreementform.read(values)
        agreements.edit(contract, agreed, by=current_agent(), valid_from=_valid_from(agreed.zone))
        moves = opentickets.follow(contract)
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, agreements.seen(contract_id, organization_id), values, error.fields), error.status
    if moves is not None:
        db.session.rollback()
        return _form(organization_id, agreements.seen(contract_id, organization_id), values, moves=moves), 200
    db.session.commit()
    return said(_at(contract), "taken" if request.form.get("open") == "take" else "changed")


@bp.post("/<int:contract_id>/state")
@managers_only
def move(organization_id: int, contract_id: int) -> Response | tuple[str, int]:
    contract = agreements.find(contract_id, organization_id)
    if request.form.get("do") == "force":
        return _forced(contract)
    try:
        how, words = _MOVES.get(request.form.get("do", ""), (_nothing, ""))
        how(contract, by=current_agent())
    except (Conflict, Invalid) as error:
        return _refused(organization_id, contract_id, error)
    db.session.commit()
    return said(_at(contract), words)


@bp.post("/<int:contract_id>/prepaid")
@managers_only
def buy(organization_id: int, contract_id: int) -> Response | tuple[str, int]:
    contract = agreements.find(contract_id, organization_id)
    typed = Typed(request.form)
    try:
        bought = _bought(typed, terms.day(loading.newest(contract.id), now()))
        typed.done()
        agreements.buy(contract, bought)
    except Invalid as error:
        return _refused(organization_id, contract_id, error)
    db.session.commit()
    return said(_at(contract), "bought")


def _forced(contract: Contract) -> Response | tuple[str, int]:
    ids = contract.organization_id, contract.id
    try:
        zone = loading.newest(contract.id).zone
        agreements.put_in_force(contract, by=current_agent(), valid_from=_valid_from(zone))
        moves = opentickets.follow(contract)
    except (Conflict, Invalid) as error:
        return _refused(*ids, error)
    if moves is not None:
        db.session.rollback()
        return _page(ids[0], agreements.seen(ids[1], ids[0]), moves=moves), 200
    db.session.commit()
    return said(_at(contract), "taken" if request.form.get("open") == "take" else "in-force")


def _nothing(_contract: Contract, *, by: Agent) -> None:
    raise Invalid(f"Choose what is to happen to the agreement, {by.first_name}.")


def _bought(typed: Typed, today: date) -> Bought:
    unit = typed.one_of("unit", ("incidents", "minutes"), "incidents")
    hours = typed.amount("bought")
    return Bought(
        unit=unit,
        bought=int((hours or 0) * (60 if unit == "minutes" else 1)),
        bought_on=typed.day("bought_on") or today,
        expires_on=typed.day("expires_on"),
        round_to=typed.number_or("round_to", 1),
        grace=typed.number_or("grace", 0),
        least=typed.number_or("least", 0),
        warn_percent=typed.number_or("warn_percent", 80),
        price_cents=typed.cents("price"),
        currency=typed.text("currency").upper(),
    )


def _valid_from(zone: str) -> datetime | None:
    """Midnight of the day chosen where the contract is at home; None for now.

    Raises:
        Invalid: there is no such day, or none was given.
    """
    if request.form.get("when", "now") == "now":
        return None
    typed = Typed(request.form)
    on = typed.needed_day("valid_from", "Enter the day it holds from.")
    typed.done()
    return terms.midnight(on, zone)


def _at(contract: Contract) -> str:
    return f"/customers/{contract.organization_id}/agreements/{contract.id}"


def _refused(organization_id: int, contract_id: int, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    fields = error.fields if isinstance(error, Invalid) else {}
    contract = agreements.seen(contract_id, organization_id)
    return _page(organization_id, contract, error.message, fields), error.status


def _page(
    organization_id: int,
    contract: Contract,
    refusal: str = "",
    errors: Mapping[str, str] | None = None,
    moves: Moves | None = None,
) -> str:
    at = now()
    written = loading.all_of(contract.id)
    current = loading.holding(written, at)
    authors = select(Agent.id, Agent.name).where(Agent.id.in_({v.created_by_id for v in written if v.created_by_id}))
    return shown(
        "sla/customers/contract.html",
        firms.find(organization_id),
        tab="agreement",
        contract=contract,
        card=cards.card(current, at, current_agent(), spans.asked(request.args)),
        span=spans.name(request.args),
        spans=spans.WORDS,
        held_terms=renewals.of(contract, at),
        current=current,
        written=[(version, terms.day(version, version.valid_from)) for version in reversed(written)],
        authors=dict(db.session.execute(authors).all()),
        states=_STATE_WORDS,
        refusal=refusal,
        errors=errors or {},
        values=request.form,
        moves=moves,
        looked=opentickets.mark(),
        **_names(organization_id),
    )


def _form(
    organization_id: int,
    contract: Contract | None,
    values: Values,
    errors: Mapping[str, str] | None = None,
    moves: Moves | None = None,
) -> str:
    return shown(
        "sla/customers/contract_form.html",
        firms.find(organization_id),
        tab="agreement",
        contract=contract,
        is_draft=contract is None or loading.newest(contract.id).state == "draft",
        values=values,
        errors=errors or {},
        moves=moves,
        looked=opentickets.mark(),
        lines=agreementform.count(values, "lines"),
        clauses=agreementform.count(values, "clauses"),
        line_names=[
            (str(place), values.get(f"lines-{place}-name") or "Everything")
            for place in range(agreementform.count(values, "lines"))
        ],
        extra_line=request.form.get("add") == "lines",
        extra_clause=request.form.get("add") == "clauses",
        zones=zone_choices(),
        **_names(organization_id),
    )


def _names(organization_id: int) -> dict[str, Any]:
    """What the choices of an agreement are called."""
    calendars = select(Calendar.id, Calendar.name).where(Calendar.archived_at.is_(None)).order_by(Calendar.name)
    units = equipment.units_of(organization_id).where(Asset.retired_at.is_(None)).limit(500)
    return {
        "kinds": KINDS,
        "metrics": METRICS,
        "renewals": RENEWALS,
        "periods": PERIODS,
        "priorities": PRIORITIES,
        "zone_sources": ZONE_SOURCES,
        "waiting": WAITING,
        "calendars": {id_: name for id_, name in db.session.execute(calendars)},  # noqa: C416 - rows are no pairs to the type checker
        "sites": {site.id: site.name for site in db.session.scalars(sites.sites_of(organization_id))},
        "units": {unit.id: f"{unit.name}, {unit.serial}" for unit in db.session.scalars(units)},
    }
