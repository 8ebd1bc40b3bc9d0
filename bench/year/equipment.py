"""Units with their warranties of all kinds, and which of them an agreement covers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from helpdesk.db import db
from sla.assets import serials
from sla.assets.models import Asset, Site, Warranty
from sla.contracts.models import CoverageLine

_LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
_VOID = datetime(2026, 5, 5, 14, tzinfo=UTC)
_TERMS: tuple[dict[str, Any], ...] = (
    {"starts": "install", "parts_months": 18, "labour_months": 12},
    {"starts": "purchase", "parts_months": 13, "travel_months": 0},
    {"starts": "earliest", "labour_months": 26},
    {"starts": "date", "starts_on": date(2026, 2, 1), "labour_months": -1},
    {"starts": "manufacture", "parts_months": 24, "transferable": False, "holder_id": 1},
    {"starts": "install", "parts_months": 60, "voided_at": _VOID},
    {"starts": "ship", "parts_months": 60},
)
"""What a unit has by its number; one was never shipped, and some have no warranty."""


def units(owner: int, many: int) -> tuple[int, ...]:
    """Ids; the third took the place of the second, and the first stands at a site of its own zone."""
    found: list[Asset] = []
    for place in range(many):
        one = _unit(owner, place)
        if place == 0:
            one.site = Site(organization_id=owner, name="Far away", zone="Pacific/Auckland")
        if place == 2:
            one.replaces_id, one.installed_on = found[1].id, date(2026, 6, 30)
        db.session.add(one)
        db.session.flush()
        found.append(one)
        _cover(owner, place, one)
    db.session.flush()
    return tuple(one.id for one in found)


def lines(owner: int, office: int) -> list[CoverageLine]:
    """Most agreements cover everything; some a model, the rest of it what is about one topic in office hours."""
    if owner % 8 != 3:
        return [CoverageLine(position=1, name="Everything")]
    models = [f"KX-{(owner + place) % 7}" for place in (0, 1)]
    return [
        CoverageLine(position=1, name="Two models", models=models, fills_gaps=True),
        CoverageLine(position=2, name="A topic", works=["topic 3", "Topic 5"], calendar_id=office,
                     starts_on=date(2025, 12, 1), ends_on=date(2026, 9, 30)),
    ]  # fmt: skip


def _unit(owner: int, place: int) -> Asset:
    serial = f"KX-{owner}-{place}"
    return Asset(
        organization_id=owner, serial=serial, serial_key=serials.key(serial), model=f"KX-{(owner + place) % 7}",
        purchased_on=date(2025, 2, 28), installed_on=date(2025, 1, 31), manufactured_on=date(2024, 6, 30),
        created_at=_LONG_AGO,
    )  # fmt: skip


def _cover(owner: int, place: int, one: Asset) -> None:
    """A unit that was exchanged goes on with what the one before had left, ninety days at least."""
    kind = (owner // 3 + place) % (len(_TERMS) + 1)
    if place == 2:
        terms: dict[str, Any] = {"starts": "install", "parts_months": 1, "least_days_when_replaced": 90}
    elif kind < len(_TERMS):
        terms = _TERMS[kind]
    else:
        return
    db.session.add(Warranty(asset_id=one.id, name="Maker", created_at=_LONG_AGO, **{"holder_id": owner, **terms}))
