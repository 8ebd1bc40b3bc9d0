"""Sites of a customer by web."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.db import db, locked
from helpdesk.errors import Invalid
from helpdesk.text.zones import zone_choices
from sla.assets import sites
from sla.assets.models import Site
from sla.web import firms, unitforms
from sla.web.framing import said, shown
from sla.web.managers import managers_only
from sla.web.typed import Typed

bp = Blueprint("sites", __name__, url_prefix="/customers/<int:organization_id>/sites")


@bp.get("/new")
@managers_only
def new(organization_id: int) -> str:
    return _form(organization_id, None, {}, {})


@bp.post("")
@managers_only
def create(organization_id: int) -> Response | tuple[str, int]:
    try:
        sites.create(firms.find(organization_id), unitforms.place(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, None, request.form, error.fields), error.status
    db.session.commit()
    return said(f"/customers/{organization_id}/equipment", "site")


@bp.get("/<int:site_id>")
@managers_only
def edit(organization_id: int, site_id: int) -> str:
    site = _locked(organization_id, site_id)
    return _form(organization_id, site, unitforms.written_place(site), {})


@bp.post("/<int:site_id>")
@managers_only
def change(organization_id: int, site_id: int) -> Response | tuple[str, int]:
    site = _locked(organization_id, site_id)
    aside = request.form.get("do") == "aside"
    try:
        sites.set_aside(site) if aside else sites.edit(site, unitforms.place(Typed(request.form)))
    except Invalid as error:
        db.session.rollback()
        return _form(organization_id, _locked(organization_id, site_id), request.form, error.fields), error.status
    db.session.commit()
    return said(f"/customers/{organization_id}/equipment", "aside" if aside else "saved")


def _locked(organization_id: int, site_id: int) -> Site:
    return locked(select(Site).where(Site.id == site_id, Site.organization_id == organization_id), what="site")


def _form(organization_id: int, site: Site | None, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return shown(
        "sla/equipment/site.html",
        firms.find(organization_id),
        tab="equipment",
        site=site,
        values=values,
        errors=errors,
        zones=zone_choices(),
    )
