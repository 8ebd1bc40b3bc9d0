"""Promises for tests: a calendar, policies, an agreement and a unit, written as an office would have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Organization
from sla.assets import serials
from sla.assets.models import Asset, Warranty
from sla.calendars.models import Calendar, CalendarVersion
from sla.contracts.models import Contract, ContractVersion, CoverageLine
from sla.policies.models import Clause, PolicyVersion, SLAPolicy

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
OFFICE = {
    "zone": "America/New_York",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-11-26"],
}


def calendar(name: str = "Office", rules: dict[str, Any] | None = None) -> Calendar:
    made = Calendar(name=name, created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    version = CalendarVersion(
        calendar_id=made.id,
        valid_from=LONG_AGO,
        rules=rules or OFFICE,
        names={"2026-11-26": "Thanksgiving"},
        created_at=LONG_AGO,
    )
    db.session.add(version)
    db.session.flush()
    return made


def clause(metric: str, seconds: int, words: str = "", **more: Any) -> Clause:
    return Clause(position=1, metric=metric, target_seconds=seconds, words=words or f"{metric} in {seconds} s", **more)


def policy(
    name: str,
    *clauses: Clause,
    conditions: Sequence[dict[str, Any]] = (),
    rank: int = 10,
    valid_from: datetime = LONG_AGO,
) -> PolicyVersion:
    made = SLAPolicy(name=name, rank=rank, created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    version = PolicyVersion(
        policy_id=made.id, number=1, valid_from=valid_from, conditions={"all": list(conditions)}, created_at=LONG_AGO
    )
    version.clauses = list(clauses)
    db.session.add(version)
    db.session.flush()
    return version


def organization(name: str) -> Organization:
    return db.session.scalars(select(Organization).where(Organization.name == name)).one()


def contract(owner: str, name: str, *clauses: Clause, asset_ids: Sequence[int] = (), **more: Any) -> ContractVersion:
    made = Contract(organization_id=organization(owner).id, number=f"{owner}-{name}", created_at=LONG_AGO)
    db.session.add(made)
    db.session.flush()
    values: dict[str, Any] = {
        "kind": "support",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2027, 12, 31),
        "zone": "America/New_York",
        **more,
    }
    version = ContractVersion(
        contract_id=made.id, number=1, valid_from=LONG_AGO, name=name, created_at=LONG_AGO, **values
    )
    version.lines = [
        CoverageLine(position=1, name="Everything" if not asset_ids else "Units", asset_ids=list(asset_ids))
    ]
    version.clauses = list(clauses)
    db.session.add(version)
    db.session.flush()
    return version


def next_version(before: ContractVersion, *clauses: Clause, valid_from: datetime) -> ContractVersion:
    """The same agreement with other clauses, written long ago to hold from a later day."""
    same = ("contract_id", "name", "kind", "starts_on", "ends_on", "zone")
    values = {name: getattr(before, name) for name in same}
    version = ContractVersion(number=before.number + 1, valid_from=valid_from, created_at=LONG_AGO, **values)
    version.lines = [CoverageLine(position=1, name="Everything", asset_ids=[])]
    version.clauses = list(clauses)
    return version


def unit(owner: str, serial: str, *, parts: int | None = None, installed: date = date(2026, 1, 15)) -> Asset:
    who = organization(owner)
    made = Asset(
        organization_id=who.id,
        serial=serial,
        serial_key=serials.key(serial),
        maker="Kessel",
        model="KX-40",
        kind="condensing unit",
        installed_on=installed,
        created_at=LONG_AGO,
    )
    db.session.add(made)
    db.session.flush()
    if parts is not None:
        db.session.add(
            Warranty(
                asset_id=made.id,
                name="Two years",
                starts="install",
                parts_months=parts,
                holder_id=who.id,
                created_at=LONG_AGO,
            )
        )
        db.session.flush()
    return made
