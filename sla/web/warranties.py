"""Warranties of a unit by web: granted, corrected, voided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from helpdesk.db import db
from helpdesk.errors import Invalid, NotFound
from sla.assets import granting
from sla.assets.inputs import STARTS
from sla.assets.models import Asset, Warranty
from sla.web import firms, unitforms, units
from sla.web.framing import said, shown
from sla.web.managers import managers_only
from sla.web.typed import Typed

bp = Blueprint(
    "warranties", __name__, url_prefix="/customers/<int:organization_id>/equipment/<int:asset_id>/warranties"
)


@bp.post("")
@managers_only
def grant(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    try:
        granting.grant(asset, unitforms.rule(Typed(request.form)))
    except Invalid as error:
        return units.refused(organization_id, asset_id, error)
    db.session.commit()
    return said(units.address(asset), "warranty")


@bp.get("/<int:warranty_id>")
@managers_only
def edit_warranty(organization_id: int, asset_id: int, warranty_id: int) -> str:
    asset = units.find(organization_id, asset_id)
    warranty = _warranty(asset, warranty_id)
    return _warranty_form(organization_id, asset, warranty, unitforms.written_rule(warranty))


@bp.post("/<int:warranty_id>")
@managers_only
def change_warranty(organization_id: int, asset_id: int, warranty_id: int) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    warranty = _warranty(asset, warranty_id)
    if request.form.get("do") == "void":
        granting.void(warranty)
        db.session.commit()
        return said(units.address(asset), "voided")
    try:
        granting.correct(warranty, unitforms.rule(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        asset = units.find(organization_id, asset_id)
        form = _warranty_form(organization_id, asset, _warranty(asset, warranty_id), request.form, error.fields)
        return form, error.status
    db.session.commit()
    return said(units.address(asset), "saved")


def _warranty_form(
    organization_id: int,
    asset: Asset,
    warranty: Warranty,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> str:
    return shown(
        "sla/equipment/warranty.html",
        firms.find(organization_id),
        tab="equipment",
        unit=asset,
        warranty=warranty,
        values=values,
        errors=errors or {},
        starts=STARTS,
    )


def _warranty(asset: Asset, warranty_id: int) -> Warranty:
    found = next((one for one in asset.warranties if one.id == warranty_id), None)
    if found is None:
        raise NotFound("There is no such warranty here.")
    return found
