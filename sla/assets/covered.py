"""The warranties of units, worked out from their rows and those of the units they took the place of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.db import db
from sla.assets import warranties
from sla.assets.models import Asset, Warranty
from sla.assets.warranties import Cover

_MOST_REPLACED = 10


def covers(assets: Iterable[Asset], *, at: datetime | None = None) -> dict[int, list[tuple[Warranty, Cover]]]:
    """For each unit, by id, the warranties that give it anything, ended or not. Units need `warranties` loaded.

    Those that are void give nothing; with `at`, those that were void by then.

    Constant queries, one more for each exchange in the longest row of them.
    """
    asked = list(assets)
    before = _before(asked)
    return {asset.id: warranties.covers(asset, before, at=at) for asset in asked}


def _before(assets: list[Asset]) -> dict[int, Asset]:
    found: dict[int, Asset] = {}
    wanted = {asset.replaces_id for asset in assets if asset.replaces_id is not None}
    for _ in range(_MOST_REPLACED):
        if not wanted:
            break
        rows = db.session.scalars(select(Asset).where(Asset.id.in_(wanted)).options(selectinload(Asset.warranties)))
        new = {asset.id: asset for asset in rows}
        found.update(new)
        wanted = {a.replaces_id for a in new.values() if a.replaces_id is not None and a.replaces_id not in found}
    return found
