"""Planned visits by web: expect the alarms of a unit for a while, or call that off."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db, one
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.web.rendering import zone_of
from sla.assets import visits
from sla.assets.models import PlannedVisit
from sla.web import units
from sla.web.framing import said

bp = Blueprint("plannedvisits", __name__, url_prefix="/customers/<int:organization_id>/equipment/<int:asset_id>/visits")


@bp.post("")
@agents_only
def plan(organization_id: int, asset_id: int) -> Response | tuple[str, int]:
    asset = units.lock(organization_id, asset_id)
    try:
        starts_at, ends_at = _times()
        visits.plan(asset, starts_at, ends_at, request.form.get("reason", ""), by=current_agent())
    except Invalid as error:
        return units.refused(organization_id, asset_id, error)
    db.session.commit()
    return said(units.address(asset), "visit")


@bp.post("/<int:visit_id>/over")
@agents_only
def call_off(organization_id: int, asset_id: int, visit_id: int) -> Response:
    asset = units.lock(organization_id, asset_id)
    mine = select(PlannedVisit).where(PlannedVisit.id == visit_id, PlannedVisit.asset_id == asset.id)
    visits.call_off(one(mine, what="visit"))
    db.session.commit()
    return said(units.address(asset), "visit-over")


def _times() -> tuple[datetime, datetime]:
    """From when until when; from now on where nothing else is said.

    Raises:
        Invalid: by field, what is no time.
    """
    wrong: dict[str, str] = {}
    starts_at, ends_at = _instant("starts_at", wrong), _instant("ends_at", wrong)
    if ends_at is None:
        wrong.setdefault("ends_at", "Say until when.")
    if wrong or ends_at is None:
        raise Invalid("That does not fit yet.", wrong)
    return starts_at or now(), ends_at


def _instant(name: str, wrong: dict[str, str]) -> datetime | None:
    """What a `datetime-local` field says, in the reader's zone; None when it is empty."""
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    try:
        wall = datetime.fromisoformat(typed)
        if wall.tzinfo is None and 2000 <= wall.year <= 2200:
            return wall.replace(tzinfo=zone_of(current_agent())).astimezone(UTC)
    except ValueError:
        pass
    wrong[name] = "There is no such time. One looks like 2026-02-28T14:30."
    return None
