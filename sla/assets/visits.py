"""Planned visits: while somebody works at a unit its alarms are expected. Never deleted, only called off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, select

from helpdesk.db import among, db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.plugins import Unit
from sla.assets import serials
from sla.assets.models import Asset, PlannedVisit

LONGEST = timedelta(days=14)
"""Longer than this nobody stays, and alarms would be missed."""
_MISFIT = "That does not fit yet."
_MOST_REASON = 200


def plan(asset: Asset, starts_at: datetime, ends_at: datetime, reason: str, *, by: Agent) -> PlannedVisit:
    """Expect alarms of this unit for a while; instants in UTC.

    Raises:
        Invalid: by field, what does not fit.
    """
    wrong = {}
    if ends_at <= max(starts_at, now()):
        wrong["ends_at"] = "It ends after it begins, and later than now."
    elif ends_at - starts_at > LONGEST:
        wrong["ends_at"] = "A visit lasts 14 days at most. Plan another for later."
    said = " ".join(reason.split())
    if not said or len(said) > _MOST_REASON:
        wrong["reason"] = f"Say what is done there, in at most {_MOST_REASON} characters."
    if wrong:
        raise Invalid(_MISFIT, wrong)
    visit = PlannedVisit(
        asset_id=asset.id, starts_at=starts_at, ends_at=ends_at, reason=said, planned_by=by.name, created_at=now()
    )
    db.session.add(visit)
    db.session.flush()
    return visit


def call_off(visit: PlannedVisit) -> PlannedVisit:
    """From now on alarms of the unit are no longer expected. Twice is harmless."""
    if visit.called_off_at is None and visit.ends_at > now():
        visit.called_off_at = now()
        db.session.flush()
    return visit


def of(asset: Asset) -> Select[PlannedVisit]:
    """Its visits, the latest first."""
    rows = select(PlannedVisit).where(PlannedVisit.asset_id == asset.id)
    return rows.order_by(PlannedVisit.starts_at.desc(), PlannedVisit.id.desc())


def units(asked: Collection[str]) -> Mapping[str, Unit]:
    """The equipment with these serials, however they are written, and the end of the visit that goes on at it now."""
    by_key = {serial: serials.key(serial) for serial in asked}
    wanted = {key for key in by_key.values() if key}
    if not wanted:
        return {}
    at = now()
    goes_on = and_(
        PlannedVisit.asset_id == Asset.id,
        PlannedVisit.starts_at <= at,
        PlannedVisit.ends_at > at,
        PlannedVisit.called_off_at.is_(None),
    )
    until = select(func.max(PlannedVisit.ends_at)).where(goes_on).correlate(Asset).scalar_subquery()
    rows = select(Asset, until).where(among(Asset.serial_key, wanted))
    known = {
        asset.serial_key: Unit(asset.id, asset.organization_id, f"{asset.name} {asset.serial}", asset.serial, ends_at)
        for asset, ends_at in db.session.execute(rows)
    }
    return {serial: known[key] for serial, key in by_key.items() if key in known}
