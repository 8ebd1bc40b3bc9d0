"""Orchard Dairy with an agreement, four units and a record of promises, as the customer page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Organization
from helpdesk.tickets.models import Ticket
from sla.assets import equipment, granting, sites
from sla.assets.inputs import Part, Place, Rule, Unit
from sla.assets.models import Asset
from sla.contracts import agreements, loading
from sla.contracts import credits as crediting
from sla.contracts.inputs import Agreed, Bought, CreditRule, Line, Outcome, Promise
from sla.contracts.models import Contract, Credit
from sla.policies.models import Clause
from tests.plugins.world import World
from tests.sla.contracts import agreed as rows

AUTUMN = datetime(2026, 10, 13, 15, 0, tzinfo=UTC)
MAKERS = Rule("Maker's warranty", "install", parts_months=36, labour_months=24)
GOLD = Agreed(
    name="Gold 24×7",
    kind="outcome",
    starts_on=date(2026, 2, 1),
    ends_on=date(2027, 1, 31),
    zone="America/Chicago",
    renewal="express",
    notice_months=1,
    value_cents=5_820_000,
    outcome=Outcome("Rooms below −18 °C", "99.5", "99.7 % of hours"),
    lines=(Line("Both freezers"),),
    clauses=(
        Promise("A person answers within 30 minutes, day or night.", "first_response", 1800, number="4.1"),
        Promise(
            "An engineer on site within 4 hours.",
            "on_site",
            14_400,
            number="4.2",
            credit=CreditRule("amount", 45_000),
        ),
        Promise("Cooling back within 8 hours, or dry ice on us.", "restore", 28_800, number="4.3"),
    ),
)
UNITS = (
    Unit("KX40-2291-0875", "KX-40", "Kessel", "condensing unit", "Freezer 2", installed_on=date(2024, 3, 14)),
    Unit("KX40-2291-0876", "KX-40", "Kessel", "condensing unit", "Freezer 1", installed_on=date(2024, 3, 14)),
    Unit("EV12-5519-31", "EV-12", "Arvid", "evaporator", "Freezer 2", installed_on=date(2025, 6, 2)),
    Unit("CTL88-004417", "CTL-88", "", "room controller", "Both rooms", installed_on=date(2023, 2, 1)),
)


@dataclass
class Dairy:
    """Rows of the scene; they belong to the session of the test."""

    organization: Organization
    contract: Contract
    units: list[Asset]
    credit: Credit

    @property
    def url(self) -> str:
        return f"/customers/{self.organization.id}"


def orchard(world: World) -> Dairy:
    """Written as in October 2026: 20 promises kept, one on site broken by 38 minutes."""
    organization = db.session.get_one(Organization, world.olive.organization_id)
    ticket = world.ticket("Freezer 2 is warm")
    site = sites.create(organization, Place("Joliet", "4 Dock Road, Joliet", "America/Chicago"))
    units = []
    for place, unit in enumerate(UNITS):
        service = {"service_months": 3, "serviced_on": date(2026, 9, 3)} if place < 3 else {}
        parts = (Part("Fan motor", "FM-220", "third since spring"),) if place == 0 else ()
        values = {name: getattr(unit, name) for name in Unit.__slots__} | service
        asset = equipment.create(organization, Unit(**{**values, "site_id": site.id, "parts": parts}))
        granting.grant(asset, MAKERS)
        units.append(asset)
    contract = agreements.draft(organization, GOLD, by=world.ada, number="A-7781")
    agreements.put_in_force(contract, by=world.ada, valid_from=datetime(2026, 2, 1, 6, tzinfo=UTC))
    agreements.buy(contract, Bought("incidents", 12, date(2026, 2, 1), date(2027, 1, 31)))
    db.session.commit()
    return Dairy(organization, contract, units, _promises(contract, ticket))


def _promises(contract: Contract, ticket: Ticket) -> Credit:
    version = loading.newest(contract.id)
    clauses = {clause.number: clause for clause in version.clauses}
    for number, count in (("4.1", 9), ("4.2", 7), ("4.3", 4)):
        for cycle in range(count):
            at = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=20 * cycle)
            rows.broken(
                ticket, clauses[number], cycle=cycle + 1, outcome="kept", started_at=at, broken_at=None, ended_at=at
            )
    late = rows.broken(
        ticket,
        db.session.scalars(select(Clause).where(Clause.id == clauses["4.2"].id)).one(),
        cycle=50,
        elapsed_seconds=14_400 + 38 * 60,
        ended_at=datetime(2026, 7, 4, 20, tzinfo=UTC),
    )
    credit = crediting.propose(late, version)
    assert credit is not None
    db.session.commit()
    return credit
