"""Equipment: put on record, changed, exchanged, handed to another customer, taken out of service. Never deleted."""

from __future__ import annotations

from dataclasses import asdict
from dataclasses import replace as changed
from datetime import date

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from helpdesk import blobs
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now
from helpdesk.people.models import Organization
from sla.assets import maintenance, serials
from sla.assets.inputs import Unit
from sla.assets.models import Asset, Site, Warranty

_MISFIT = "That does not fit yet."
_TAKEN = "This serial is on record already. One serial stands for one unit."
_FIELDS = (
    *("maker", "kind", "place", "model", "site_id", "purchased_on", "shipped_on", "installed_on", "manufactured_on"),
    *("service_months", "serviced_on"),
)


def units_of(organization_id: int, *, search: str = "") -> Select[Asset]:
    """The units a customer has, those in service first; `search` finds by serial, model, maker or place."""
    rows = select(Asset).where(Asset.organization_id == organization_id)
    if search.strip():
        like = f"%{_escaped(search.strip())}%"
        words: list[ColumnElement[bool]] = [
            column.ilike(like, escape="\\") for column in (Asset.model, Asset.maker, Asset.kind, Asset.place)
        ]
        if key := serials.key(search):
            words.append(Asset.serial_key.contains(key, autoescape=True))
        rows = rows.where(or_(*words))
    return rows.order_by(Asset.retired_at.is_not(None), func.lower(Asset.place), Asset.id)


def create(organization: Organization, unit: Unit) -> Asset:
    """Put a unit on record.

    Raises:
        Invalid: by field, what does not fit; a serial in use says nothing of whose it is.
    """
    asset = Asset(organization_id=organization.id, created_at=now())
    return _write(asset, unit)


def edit(asset: Asset, unit: Unit) -> Asset:
    """Correct what is known of a unit.

    Raises:
        Invalid: as for `create`; then the unit is as it was.
    """
    return _write(asset, unit)


def record_service(asset: Asset, on: date) -> Asset:
    """It was serviced; the next service counts from there.

    Raises:
        Invalid: the day lies ahead.
    """
    if on > now().date():
        raise Invalid(_MISFIT, {"serviced_on": "That day is still to come."})
    asset.serviced_on = on
    asset.service_due_on = maintenance.due(asset)
    db.session.flush()
    return asset


def retire(asset: Asset) -> Asset:
    """Take it out of service; it stays on record with everything it was judged by."""
    if asset.retired_at is None:
        asset.retired_at = now()
        asset.service_due_on = None
        db.session.flush()
    return asset


def bring_back(asset: Asset) -> Asset:
    asset.retired_at = None
    asset.service_due_on = maintenance.due(asset)
    db.session.flush()
    return asset


def replace(asset: Asset, unit: Unit) -> Asset:
    """Put another unit in its place, which goes on with its warranties; the old one is out of service.

    Needs `warranties` loaded.

    Raises:
        Invalid: as for `create`.
        Conflict: it was replaced before.
    """
    if db.session.scalar(select(Asset.id).where(Asset.replaces_id == asset.id)) is not None:
        raise Conflict("Another unit took its place already.")
    if unit.installed_on is None:
        unit = changed(unit, installed_on=now().date())
    new = Asset(organization_id=asset.organization_id, created_at=now(), replaces_id=asset.id)
    _write(new, unit)
    for warranty in asset.warranties:
        if warranty.voided_at is None:
            db.session.add(_handed_on(warranty, new))
    retire(asset)
    return new


def transfer(asset: Asset, to: Organization) -> Asset:
    """Hand it to another customer; whether its warranties go along is in their rules."""
    if asset.organization_id != to.id:
        asset.organization_id, asset.site_id, asset.place = to.id, None, ""
        db.session.flush()
    return asset


def described(asset: Asset, unit: Unit) -> Asset:
    """The row with what is known of the unit, which fits; nothing is stored."""
    asset.created_at = asset.created_at or now()
    for name in _FIELDS:
        value = getattr(unit, name)
        setattr(asset, name, value.strip() if isinstance(value, str) else value)
    asset.serial, asset.serial_key = unit.serial.strip(), serials.key(unit.serial)
    asset.parts = {"recommended": [asdict(part) for part in unit.parts]} if unit.parts else {}
    asset.service_due_on = maintenance.due(asset)
    return asset


def set_photo(asset: Asset, content: bytes) -> Asset:
    asset.photo_sha256 = blobs.put(content)
    db.session.flush()
    return asset


def _write(asset: Asset, unit: Unit) -> Asset:
    mistakes = unit.mistakes() or _elsewhere(asset, unit)
    if mistakes:
        raise Invalid(_MISFIT, mistakes)
    try:
        with db.session.begin_nested():
            db.session.add(described(asset, unit))
            db.session.flush()
    except IntegrityError as error:
        raise Invalid(_MISFIT, {"serial": _TAKEN}) from error
    return asset


def _elsewhere(asset: Asset, unit: Unit) -> dict[str, str]:
    """What is wrong only because of other rows."""
    with db.session.no_autoflush:
        found = {}
        taken = select(Asset.id).where(
            Asset.serial_key == serials.key(unit.serial), Asset.id.is_distinct_from(asset.id)
        )
        if db.session.scalar(taken) is not None:
            found["serial"] = _TAKEN
        if unit.site_id is not None:
            site = select(Site.id).where(Site.id == unit.site_id, Site.organization_id == asset.organization_id)
            if db.session.scalar(site) is None:
                found["site_id"] = "This customer has no such site."
        return found


def _handed_on(warranty: Warranty, new: Asset) -> Warranty:
    kept = (
        *("name", "starts", "starts_on", "parts_months", "labour_months", "travel_months", "exclusions"),
        *("transferable", "restarts_when_replaced", "least_days_when_replaced", "holder_id"),
    )
    return Warranty(asset_id=new.id, created_at=now(), **{name: getattr(warranty, name) for name in kept})


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
