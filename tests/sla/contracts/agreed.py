"""Agreements and broken promises, written to the database for tests."""

from datetime import UTC, date, datetime

from helpdesk import events
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.contracts.models import Contract, ContractVersion, CoverageLine, PrepaidBalance
from sla.entitlements.models import Entitlement
from sla.policies.models import Clause

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def contract(organization_id: int, number: str = "C-100", **values) -> ContractVersion:
    """A contract with one version, a line for everything and one clause."""
    row = Contract(organization_id=organization_id, number=number, created_at=BEGAN)
    db.session.add(row)
    db.session.flush()
    return version(row.id, 1, **values)


def version(contract_id: int, number: int, **values) -> ContractVersion:
    defaults = {
        "valid_from": BEGAN,
        "name": "Gold 24x7",
        "kind": "support",
        "state": "active",
        "starts_on": date(2026, 2, 1),
        "ends_on": date(2027, 1, 31),
        "zone": "America/Chicago",
        "value_cents": 5_820_000,
        "created_at": BEGAN,
    }
    credit = values.pop("credit", {"kind": "amount", "value": 45_000})
    made = ContractVersion(contract_id=contract_id, number=number, **{**defaults, **values})
    db.session.add(made)
    db.session.flush()
    db.session.add(CoverageLine(contract_version_id=made.id, position=1, name="Everything"))
    db.session.add(
        Clause(
            contract_version_id=made.id,
            position=1,
            words="An engineer on site within 4 hours.",
            metric="on_site",
            target_seconds=14_400,
            credit=credit,
        )
    )
    db.session.commit()
    return made


def balance(contract_id: int, bought: int, unit: str = "incidents", **values) -> PrepaidBalance:
    row = PrepaidBalance(
        contract_id=contract_id,
        unit=unit,
        bought=bought,
        **{"bought_on": date(2026, 2, 1), "created_at": BEGAN, **values},
    )
    db.session.add(row)
    db.session.commit()
    return row


def broken(ticket: Ticket, clause: Clause, **values) -> Commitment:
    """A promise on a ticket that was not kept on 4 July."""
    entitlement = db.session.query(Entitlement).filter_by(ticket_id=ticket.id).one_or_none()
    if entitlement is None:
        entitlement = Entitlement(
            ticket_id=ticket.id,
            source="contract",
            contract_version_id=clause.contract_version_id,
            reason="Gold 24x7 covers everything",
            judged_at=now(),
            decided_at=now(),
        )
        db.session.add(entitlement)
        db.session.flush()
        events.record(ticket, "entitlement.decided", entitlement=entitlement.id, source="contract", first=True)
    at = datetime(2026, 7, 4, 18, 0, tzinfo=UTC)
    defaults = {
        "cycle": 1,
        "metric": clause.metric,
        "outcome": "broken",
        "target_seconds": clause.target_seconds,
        "started_at": at,
        "due_at": at,
        "broken_at": at,
    }
    row = Commitment(ticket_id=ticket.id, entitlement_id=entitlement.id, clause=clause, **{**defaults, **values})
    db.session.add(row)
    db.session.commit()
    return row
