"""Warranties: granted, corrected, voided. A voided one stays on record."""

from __future__ import annotations

from dataclasses import asdict

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from sla.assets.inputs import Rule
from sla.assets.models import Asset, Warranty


def grant(asset: Asset, rule: Rule) -> Warranty:
    """Give a unit a warranty; whoever has the unit now is who it is given to.

    Raises:
        Invalid: by field, what does not fit.
    """
    warranty = Warranty(asset_id=asset.id, holder_id=asset.organization_id, created_at=now())
    return _write(warranty, rule)


def correct(warranty: Warranty, rule: Rule) -> Warranty:
    """Say what it was meant to be.

    Raises:
        Invalid: by field, what does not fit; then it is as it was.
    """
    return _write(warranty, rule)


def void(warranty: Warranty) -> Warranty:
    """From now on it gives nothing; what was decided under it stays decided."""
    warranty.voided_at = warranty.voided_at or now()
    db.session.flush()
    return warranty


def _write(warranty: Warranty, rule: Rule) -> Warranty:
    mistakes = rule.mistakes()
    if mistakes:
        raise Invalid("That does not fit yet.", mistakes)
    for name, value in asdict(rule).items():
        setattr(warranty, name, value.strip() if isinstance(value, str) else value)
    db.session.add(warranty)
    db.session.flush()
    return warranty
