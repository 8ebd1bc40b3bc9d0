"""A customer's sites as JSON; agents read, managers write, as on the pages."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from helpdesk.access.guards import agents_only
from helpdesk.db import db, locked
from helpdesk.web.json import body
from sla.assets import sites
from sla.assets.models import Site
from sla.web import firms, sent, told
from sla.web.managers import managers_only

bp = Blueprint("sites_api", __name__, url_prefix="/api/v1/customers/<int:organization_id>/sites")


@bp.get("")
@agents_only
def listed(organization_id: int) -> Response:
    """By name, with those set aside."""
    firms.find(organization_id)
    rows = select(Site).where(Site.organization_id == organization_id).order_by(func.lower(Site.name), Site.id)
    return jsonify(sites=[told.site(one) for one in db.session.scalars(rows)])


@bp.post("")
@managers_only
def create(organization_id: int) -> tuple[Response, int]:
    made = sites.create(firms.find(organization_id), sent.place(body()))
    db.session.commit()
    return jsonify(told.site(made)), 201


@bp.put("/<int:site_id>")
@managers_only
def edit(organization_id: int, site_id: int) -> Response:
    """All of it: what is not sent is emptied. `archived` sets it aside, or offers it again."""
    rows = select(Site).where(Site.id == site_id, Site.organization_id == organization_id)
    site, asked = locked(rows, what="site"), body()
    archived = asked.is_on("archived", default=site.archived_at is not None)
    sites.edit(site, sent.place(asked))
    (sites.set_aside if archived else sites.take_back)(site)
    db.session.commit()
    return jsonify(told.site(site))
