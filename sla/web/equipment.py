"""Equipment by web: units with their warranties, services, photo, exchange and handing over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, request, send_file
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from helpdesk import blobs
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.now import now
from helpdesk.people.models import Organization
from helpdesk.web.rasters import raster_type
from helpdesk.web.rendering import zone_of
from sla.assets import equipment, sites
from sla.assets.models import Asset
from sla.contracts import loading
from sla.web import firms, kit, unitforms, units
from sla.web.framing import said, shown
from sla.web.managers import managers_only
from sla.web.typed import Typed

bp = Blueprint("equipment", __name__, url_prefix="/customers/<int:organization_id>")

_MOST = 200
_MOST_PHOTO = 10_000_000


@bp.get("/equipment")
@agents_only
def listed(organization_id: int) -> str:
    organization = firms.find(organization_id)
    search = request.args.get("q", "").strip()[:100]
    at = now()
    axis = kit.Axis.around(at.astimezone(zone_of(current_agent())).date())
    rows = equipment.units_of(organization_id, search=search).options(selectinload(Asset.warranties)).limit(_MOST)
    found = list(db.session.scalars(rows))
    return shown(
        "sla/equipment/list.html",
        organization,
        tab="equipment",
        kit=kit.shown(found, loading.in_force(organization_id, at), axis, at),
        axis=axis,
        search=search,
        sites=list(db.session.scalars(sites.sites_of(organization_id))),
        most=_MOST,
    )


@bp.get("/equipment/new")
@managers_only
def new(organization_id: int) -> str:
    return _form(organization_id, None, {})


@bp.post("/equipment")
@managers_only
def create(organization_id: int) -> Response | tuple[str, int]:
    organization = firms.find(organization_id)
    try:
        asset = equipment.create(organization, unitforms.unit(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, None, request.form, error.fields), error.status
    db.session.commit()
    return said(units.address(asset), "unit")


@bp.get("/equipment/<int:asset_id>")
@agents_only
def show(organization_id: int, asset_id: int) -> str:
    return units.show(organization_id, asset_id)


@bp.get("/equipment/<int:asset_id>/photo")
@agents_only
def photo(organization_id: int, asset_id: int) -> Response:
    asset = units.find(organization_id, asset_id)
    if not asset.photo_sha256:
        raise NotFound("There is no photo of this unit.")
    path = blobs.path(asset.photo_sha256)
    with path.open("rb") as file:
        kind = raster_type(file.read(16))
    return send_file(path, mimetype=kind or "application/octet-stream", max_age=86_400)


@bp.get("/equipment/<int:asset_id>/edit")
@managers_only
def edit(organization_id: int, asset_id: int) -> str:
    asset = units.find(organization_id, asset_id)
    return _form(organization_id, asset, unitforms.written(asset))


@bp.post("/equipment/<int:asset_id>")
@managers_only
def change(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    try:
        equipment.edit(asset, unitforms.unit(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, units.find(organization_id, asset_id), request.form, error.fields), error.status
    db.session.commit()
    return said(units.address(asset), "saved")


@bp.get("/equipment/<int:asset_id>/replacement")
@managers_only
def successor(organization_id: int, asset_id: int) -> str:
    asset = units.find(organization_id, asset_id)
    values = {**unitforms.written(asset), "serial": "", "installed_on": now().date().isoformat(), "serviced_on": ""}
    return _form(organization_id, asset, values, replacing=True)


@bp.post("/equipment/<int:asset_id>/replacement")
@managers_only
def replace(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    try:
        new = equipment.replace(asset, unitforms.unit(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        before = units.find(organization_id, asset_id)
        return _form(organization_id, before, request.form, error.fields, replacing=True), error.status
    except Conflict as error:
        return units.refused(organization_id, asset_id, error)
    db.session.commit()
    return said(units.address(new), "replaced")


@bp.post("/equipment/<int:asset_id>/state")
@managers_only
def move(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    moves: dict[str, tuple[Callable[[Asset], object], str]] = {
        "retire": (equipment.retire, "retired"),
        "back": (equipment.bring_back, "back"),
    }
    how, words = moves.get(request.form.get("do", ""), (None, ""))
    if how is None:
        return units.refused(organization_id, asset_id, Invalid("Choose what is to happen to the unit."))
    return _do(organization_id, asset_id, how, words)


@bp.post("/equipment/<int:asset_id>/service")
@managers_only
def service(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    def record(asset: Asset) -> None:
        typed = Typed(request.form)
        on = typed.needed_day("serviced_on", "Enter the day of the service.")
        typed.done()
        equipment.record_service(asset, on)

    return _do(organization_id, asset_id, record, "serviced")


@bp.post("/equipment/<int:asset_id>/photo")
@managers_only
def set_photo(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    def put(asset: Asset) -> None:
        file = request.files.get("photo")
        content = file.read(_MOST_PHOTO + 1) if file else b""
        if len(content) > _MOST_PHOTO:
            raise Invalid("The photo is too large.", {"photo": "At most 10 MB."})
        if not raster_type(content):
            raise Invalid("That is no photo.", {"photo": "Choose a JPEG, PNG, WebP or GIF."})
        equipment.set_photo(asset, content)

    return _do(organization_id, asset_id, put, "saved")


@bp.post("/equipment/<int:asset_id>/owner")
@managers_only
def transfer(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    def hand_over(asset: Asset) -> None:
        name = Typed(request.form).text("owner")
        found = db.session.scalars(select(Organization).where(func.lower(Organization.name) == name.lower())).all()
        if len(found) != 1:
            raise Invalid("Nothing was changed.", {"owner": "There is no customer of exactly that name."})
        equipment.transfer(asset, found[0])

    return _do(organization_id, asset_id, hand_over, "moved")


def _do(organization_id: int, asset_id: int, how: Callable[[Asset], object], words: str) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    try:
        how(asset)
    except (Conflict, Invalid) as error:
        return units.refused(organization_id, asset_id, error)
    db.session.commit()
    return said(units.address(asset), words)


def _form(
    organization_id: int,
    asset: Asset | None,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    *,
    replacing: bool = False,
) -> str:
    return shown(
        "sla/equipment/form.html",
        firms.find(organization_id),
        tab="equipment",
        unit=asset,
        replacing=replacing,
        values=values,
        errors=errors or {},
        sites=[(site.id, site.name) for site in db.session.scalars(sites.sites_of(organization_id))],
    )
