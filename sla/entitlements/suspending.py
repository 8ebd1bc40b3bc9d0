"""An agreement suspended: no new promises from it, and where it says so those that run stand still until it goes on.

Each ticket is told by an event of its own, so that its timeline says why the clock stands and its history is whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, exists, select

from helpdesk import events
from helpdesk.db import db, reserve
from helpdesk.events import Event
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Status, Ticket
from sla.contracts import agreements, loading
from sla.contracts.models import Contract, ContractVersion
from sla.entitlements.models import Entitlement


def suspend(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """Suspend it, and tell the open tickets it covers if their promises pause. Twice is harmless.

    Raises:
        Conflict: it is not in force.
    """
    before = loading.newest(contract.id)
    made = agreements.suspend(contract, by=by)
    if made.number != before.number and made.pauses_when_suspended:
        open_ones = _covered(contract).where(Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None))
        for ticket in _held(open_ones):
            events.record(ticket, "agreement.suspended", by=by, contract=contract.id, name=made.name)
    return made


def resume(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """Have it go on, and all that paused for it. Twice is harmless.

    Raises:
        Conflict: it was not suspended.
    """
    made = agreements.resume(contract, by=by)
    _release(contract, made, by)
    return made


def cancel(contract: Contract, *, by: Agent | None) -> ContractVersion:
    """End it now; what was promised stays promised, so what paused runs again.

    Raises:
        Conflict: it is over already.
    """
    made = agreements.cancel(contract, by=by)
    _release(contract, made, by)
    return made


def come_back(event: Event) -> None:
    """A ticket that is open again while its agreement is suspended stands still with the others."""
    if event.data.get("spam"):
        return
    covering = (
        select(ContractVersion.contract_id)
        .join(Entitlement, Entitlement.contract_version_id == ContractVersion.id)
        .where(Entitlement.ticket_id == event.ticket_id, Entitlement.replaced_at.is_(None))
    )
    contract_id = db.session.scalar(covering)
    if contract_id is None:
        return
    now_agreed = loading.newest(contract_id)
    paused = now_agreed.state == "suspended" and now_agreed.pauses_when_suspended
    if paused and _last_told(event.ticket_id, contract_id) != "agreement.suspended":
        events.record(event.ticket, "agreement.suspended", contract=contract_id, name=now_agreed.name)


def _last_told(ticket_id: int, contract_id: int) -> str | None:
    about = Event.ticket_id == ticket_id, Event.data["contract"].as_integer() == contract_id
    told = select(Event.kind).where(*about, Event.kind.in_(("agreement.suspended", "agreement.resumed")))
    return db.session.scalar(told.order_by(Event.id.desc()).limit(1))


def _release(contract: Contract, made: ContractVersion, by: Agent | None) -> None:
    """Tell every ticket that was told of the suspension, whatever became of it since."""
    told = exists().where(
        Event.ticket_id == Ticket.id,
        Event.kind == "agreement.suspended",
        Event.data["contract"].as_integer() == contract.id,
    )
    for ticket in _held(_covered(contract).where(told)):
        events.record(ticket, "agreement.resumed", by=by, contract=contract.id, name=made.name)


def _covered(contract: Contract) -> Select[Ticket]:
    versions = select(ContractVersion.id).where(ContractVersion.contract_id == contract.id)
    covered = select(Entitlement.ticket_id).where(
        Entitlement.contract_version_id.in_(versions), Entitlement.replaced_at.is_(None)
    )
    return select(Ticket).where(Ticket.id.in_(covered)).order_by(Ticket.id)


def _held(rows: Select[Ticket]) -> Sequence[Ticket]:
    """Locked, with the key of an event for each."""
    tickets = db.session.scalars(rows.with_for_update()).all()
    if tickets:
        reserve(event=len(tickets))
    return tickets
