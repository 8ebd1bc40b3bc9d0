"""One unit of a customer for its pages: found, locked, shown with what was refused."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from helpdesk.access.guards import current_agent
from helpdesk.db import db, locked, one
from helpdesk.errors import DomainError, Invalid
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import zone_of
from sla.assets import covered, visits
from sla.assets.inputs import STARTS
from sla.assets.models import Asset
from sla.contracts import loading
from sla.entitlements.models import TicketAsset
from sla.web import firms, kit
from sla.web.framing import shown

_VISITS = 5


def find(organization_id: int, asset_id: int) -> Asset:
    return one(_rows(organization_id, asset_id).options(selectinload(Asset.site)), what="unit")


def lock(organization_id: int, asset_id: int) -> Asset:
    return locked(_rows(organization_id, asset_id), what="unit")


def _rows(organization_id: int, asset_id: int) -> Select[Asset]:
    return (
        select(Asset)
        .where(Asset.id == asset_id, Asset.organization_id == organization_id)
        .options(selectinload(Asset.warranties))
    )


def address(asset: Asset) -> str:
    return f"/customers/{asset.organization_id}/equipment/{asset.id}"


def refused(organization_id: int, asset_id: int, error: DomainError) -> tuple[str, int]:
    db.session.rollback()
    fields = error.fields if isinstance(error, Invalid) else {}
    return show(organization_id, asset_id, error.message, fields), error.status


def show(organization_id: int, asset_id: int, refusal: str = "", errors: Mapping[str, str] | None = None) -> str:
    asset = find(organization_id, asset_id)
    at = now()
    axis = kit.Axis.around(at.astimezone(zone_of(current_agent())).date())
    about = (
        select(Ticket.number, Ticket.subject, Ticket.last_message_at, TicketAsset.state)
        .join(TicketAsset, TicketAsset.ticket_id == Ticket.id)
        .where(TicketAsset.asset_id == asset.id, TicketAsset.state != "dismissed")
        .order_by(Ticket.last_message_at.desc())
        .limit(20)
    )
    after = db.session.scalars(select(Asset).where(Asset.replaces_id == asset.id)).first()
    return shown(
        "sla/equipment/show.html",
        firms.find(organization_id),
        tab="equipment",
        unit=asset,
        line=kit.shown([asset], loading.in_force(organization_id, at), axis, at)[0],
        axis=axis,
        covers=dict(covered.covers([asset])[asset.id]),
        before=db.session.get(Asset, asset.replaces_id) if asset.replaces_id else None,
        after=after,
        tickets=db.session.execute(about).all(),
        starts=STARTS,
        visits=list(db.session.scalars(visits.of(asset).limit(_VISITS))),
        at=at,
        refusal=refusal,
        errors=errors or {},
        values=request.form,
    )
