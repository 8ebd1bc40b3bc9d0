"""Equipment and agreements of a customer as JSON; agents read, managers write, as on the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, locked, one
from helpdesk.errors import Invalid, NotFound
from helpdesk.now import now
from helpdesk.text.numbers import whole
from helpdesk.web.json import Body, body
from sla.assets import covered, equipment, granting, serials
from sla.assets.models import Asset, Warranty
from sla.contracts import agreements, loading
from sla.contracts.models import Contract, ContractVersion
from sla.entitlements import suspending, taking
from sla.web import cards, firms, sent, told
from sla.web.dotting import dotted
from sla.web.managers import managers_only, manages
from sla.web.told import Told

bp = Blueprint("customers_api", __name__, url_prefix="/api/v1")

_MOST = 200
_MOVES: dict[str, Callable[..., object]] = {
    "suspended": suspending.suspend,
    "active": suspending.resume,
    "cancelled": suspending.cancel,
    "renewed": agreements.renew,
}


@bp.get("/customers/<int:organization_id>/equipment")
@agents_only
def units(organization_id: int) -> Response:
    """Up to 200, those after the id `after` names."""
    firms.find(organization_id)
    after = whole(request.args.get("after", "0"))
    if after is None:
        raise Invalid("`after` is the id of a unit.")
    rows = (
        select(Asset)
        .where(Asset.organization_id == organization_id, Asset.id > after)
        .options(selectinload(Asset.warranties))
        .order_by(Asset.id)
        .limit(_MOST)
    )
    found = list(db.session.scalars(rows))
    covers = covered.covers(found)
    told_units = [told.unit(asset, covers[asset.id]) for asset in found]
    return jsonify(equipment=told_units, after=found[-1].id if len(found) == _MOST else None)


@bp.post("/customers/<int:organization_id>/equipment")
@managers_only
def create_unit(organization_id: int) -> tuple[Response, int]:
    organization = firms.find(organization_id)
    asset = equipment.create(organization, sent.unit(body()))
    db.session.commit()
    return _told_unit(asset.serial), 201


@bp.get("/equipment/<serial>")
@agents_only
def unit(serial: str) -> Response:
    return _told_unit(serial)


@bp.put("/equipment/<serial>")
@managers_only
def edit_unit(serial: str) -> Response:
    """All of it: what is not sent is emptied."""
    asset = equipment.edit(locked(_rows(serial), what="unit"), sent.unit(body()))
    db.session.commit()
    return _told_unit(asset.serial)


@bp.post("/equipment/<serial>/warranties")
@managers_only
def grant(serial: str) -> tuple[Response, int]:
    granting.grant(locked(_rows(serial), what="unit"), sent.rule(body()))
    db.session.commit()
    return _told_unit(serial), 201


@bp.put("/equipment/<serial>/warranties/<int:warranty_id>")
@managers_only
def correct(serial: str, warranty_id: int) -> Response:
    """All of the rule: what is not sent is as if it had never been said."""
    granting.correct(_warranty(serial, warranty_id), sent.rule(body()))
    db.session.commit()
    return _told_unit(serial)


@bp.put("/equipment/<serial>/warranties/<int:warranty_id>/state")
@managers_only
def void(serial: str, warranty_id: int) -> Response:
    """`{"state": "void"}`: it gives nothing from now on. Twice is harmless."""
    asked = body()
    asked.one_of("state", ("void",))
    asked.done()
    granting.void(_warranty(serial, warranty_id))
    db.session.commit()
    return _told_unit(serial)


@bp.get("/customers/<int:organization_id>/agreements")
@agents_only
def deals(organization_id: int) -> Response:
    """Each in the version that holds now, or will hold first."""
    firms.find(organization_id)
    at = now()
    return jsonify(agreements=[_told(version, at) for version in cards.held(organization_id, at)])


@bp.post("/customers/<int:organization_id>/agreements")
@managers_only
def draft(organization_id: int) -> tuple[Response, int]:
    organization, asked = firms.find(organization_id), body()
    number, external_ref = asked.text("number", most=60), asked.text("external_ref")
    with dotted():
        agreed = sent.agreed(asked)
        contract = agreements.draft(organization, agreed, by=current_agent(), number=number, external_ref=external_ref)
    db.session.commit()
    return _told_deal(contract), 201


@bp.get("/customers/<int:organization_id>/agreements/<int:contract_id>")
@agents_only
def deal(organization_id: int, contract_id: int) -> Response:
    """All versions, the newest first."""
    return _told_deal(agreements.seen(contract_id, organization_id))


@bp.put("/customers/<int:organization_id>/agreements/<int:contract_id>")
@managers_only
def edit(organization_id: int, contract_id: int) -> Response:
    """The next version: from now, or from `valid_from`. Its state stays. With `open` "take" also for open tickets."""
    contract, asked = agreements.find(contract_id, organization_id), body()
    valid_from, takes = asked.instant("valid_from"), _takes(asked)
    with dotted():
        agreements.edit(contract, sent.agreed(asked), by=current_agent(), valid_from=valid_from)
    if takes:
        _take(contract)
    db.session.commit()
    return _told_deal(contract)


@bp.put("/customers/<int:organization_id>/agreements/<int:contract_id>/state")
@managers_only
def move(organization_id: int, contract_id: int) -> Response:
    """`{"state": "active" | "suspended" | "cancelled" | "renewed"}`; a draft becomes active, from `valid_from`."""
    contract, asked = agreements.find(contract_id, organization_id), body()
    state = asked.one_of("state", _MOVES)
    valid_from, takes = asked.instant("valid_from"), _takes(asked)
    asked.done()
    _move(contract, state, valid_from)
    if takes:
        _take(contract)
    db.session.commit()
    return _told_deal(contract)


def _move(contract: Contract, state: str, valid_from: datetime | None) -> None:
    if state == "active" and loading.newest(contract.id).state == "draft":
        agreements.put_in_force(contract, by=current_agent(), valid_from=valid_from)
    else:
        _MOVES[state](contract, by=current_agent())


def _takes(asked: Body) -> bool:
    return asked.one_of("open", ("keep", "take"), "keep") == "take"


def _take(contract: Contract) -> None:
    version = loading.newest(contract.id)
    if version.valid_from > now():
        raise Invalid("Nothing was changed.", {"open": taking.LATER_KEEPS})
    taking.take(version, by=current_agent())


def _rows(serial: str) -> Select[Asset]:
    return select(Asset).where(Asset.serial_key == serials.key(serial)).options(selectinload(Asset.warranties))


def _warranty(serial: str, warranty_id: int) -> Warranty:
    asset = locked(_rows(serial), what="unit")
    found = next((one for one in asset.warranties if one.id == warranty_id), None)
    if found is None:
        raise NotFound("There is no such warranty here.")
    return found


def _told_unit(serial: str) -> Response:
    asset = one(_rows(serial).execution_options(populate_existing=True), what="unit")
    return jsonify(told.unit(asset, covered.covers([asset])[asset.id]))


def _told_deal(contract: Contract) -> Response:
    at = now()
    versions = [_told(version, at) for version in reversed(loading.all_of(contract.id))]
    return jsonify(id=contract.id, number=contract.number, versions=versions)


def _told(version: ContractVersion, at: datetime) -> Told:
    words = told.agreement(version, cards.ledger(version, at))
    return words | told.fee(version) if manages(current_agent()) else words
