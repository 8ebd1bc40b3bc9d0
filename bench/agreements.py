"""A customer with twenty agreements and 5,000 units, as an office would have written them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert

from helpdesk.db import db
from helpdesk.people import organizations
from helpdesk.people.models import Organization
from sla.assets import serials
from sla.assets.models import Asset, Site, Warranty
from sla.calendars.models import Calendar, CalendarVersion
from sla.contracts.models import Contract, ContractVersion, CoverageLine
from sla.policies.models import Clause, PolicyVersion, SLAPolicy

DOMAIN = "orchard.example"
UNITS, CONTRACTS = 5_000, 20
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_EACH = UNITS // CONTRACTS
_WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_RULES = {"zone": "America/New_York", "hours": _WEEK, "holidays": ["2026-11-26", "12-25", "01-01"]}


def sign() -> None:
    """Write the customer, its units with warranties, its agreements and a policy for everybody; commit."""
    owner = organizations.create("Orchard", domains=[DOMAIN])
    calendar_id = calendar()
    policy("Default", calendar_id)
    units = _units(owner)
    for number in range(CONTRACTS):
        _contract(owner, number, units[number * _EACH : (number + 1) * _EACH], calendar_id)
    db.session.commit()


def serial(number: int) -> str:
    """How the plate of a unit reads; `number` from 0 up to `UNITS`."""
    return f"KX40-{2000 + number // 1000}-{number:05d}"


def calendar(name: str = "Office") -> int:
    """Office hours in New York; the calendar's id."""
    made = Calendar(name=name, created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    db.session.add(CalendarVersion(calendar_id=made.id, valid_from=LONG_AGO, rules=_RULES, created_at=LONG_AGO))
    return made.id


def policy(name: str, calendar_id: int, **conditions: list[dict[str, Any]]) -> None:
    """A policy of five clauses; without `conditions` for everybody."""
    made = SLAPolicy(name=name, rank=10, created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    version = PolicyVersion(policy_id=made.id, number=1, valid_from=LONG_AGO, created_at=LONG_AGO)
    version.conditions = {"all": conditions.get("all", [])}
    version.clauses = list(clauses(calendar_id))
    db.session.add(version)


def clauses(calendar_id: int) -> Iterator[Clause]:
    targets = {"first_response": 2, "next_response": 4, "update": 16, "restore": 8, "resolution": 24}
    for place, (metric, hours) in enumerate(targets.items(), 1):
        yield Clause(
            position=place,
            metric=metric,
            target_seconds=hours * 3600,
            targets={"urgent": hours * 1800},
            words=f"{metric} within {hours} working hours.",
            calendar_id=calendar_id,
            pauses=["customer"] if metric in {"restore", "resolution"} else [],
        )


def _units(owner: Organization) -> list[int]:
    sites = [Site(organization_id=owner.id, name=f"Site {i}", zone="America/Chicago") for i in range(25)]
    db.session.add_all(sites)
    db.session.flush()
    rows = [
        {
            "organization_id": owner.id,
            "site_id": sites[number % len(sites)].id,
            "serial": serial(number),
            "serial_key": serials.key(serial(number)),
            "maker": "Kessel",
            "model": f"KX-{number % 40}",
            "installed_on": date(2025, 1 + number % 12, 15),
            "created_at": LONG_AGO,
        }
        for number in range(UNITS)
    ]
    ids = list(db.session.scalars(insert(Asset).returning(Asset.id, sort_by_parameter_order=True), rows))
    cover = {"name": "Two years", "starts": "install", "parts_months": 24, "labour_months": 12}
    cover |= {"holder_id": owner.id, "created_at": LONG_AGO}
    db.session.execute(insert(Warranty), [{"asset_id": one, **cover} for one in ids])
    return ids


def _contract(owner: Organization, number: int, units: list[int], calendar_id: int) -> None:
    made = Contract(organization_id=owner.id, number=f"C-{number}", created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    version = ContractVersion(
        contract_id=made.id,
        number=1,
        valid_from=LONG_AGO,
        name=f"Plan {number}",
        kind="support",
        starts_on=LONG_AGO.date(),
        ends_on=date(2035, 12, 31),
        zone="America/New_York",
        created_at=LONG_AGO,
    )
    version.lines = [
        CoverageLine(position=1, name="Listed units", asset_ids=units, fills_gaps=True),
        CoverageLine(position=2, name="Cold rooms", models=[f"KX-{number}"], works=["inspection"]),
    ]
    version.clauses = list(clauses(calendar_id))
    db.session.add(version)
