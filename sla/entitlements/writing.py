"""A decision what covers a ticket, written down and told; what was bought ahead is drawn from by it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from helpdesk import events
from helpdesk.db import Json, db, new_id
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.contracts import consumption
from sla.contracts.models import ContractVersion
from sla.entitlements.deciding import Decision
from sla.entitlements.library import Library
from sla.entitlements.models import Entitlement


def write(  # noqa: PLR0913 - a decision with its circumstances
    ticket: Ticket,
    decision: Decision,
    library: Library,
    *,
    at: datetime,
    by: Agent | None,
    replaces: Entitlement | None = None,
    taken: Json | None = None,
) -> Entitlement:
    """Write a decision and say so. `taken`: what was taken over, by which nobody chooses the cover anew."""
    leaves = False
    if replaces is not None:
        replaces.replaced_at = now()
        db.session.flush()
        leaves = replaces.contract_version_id is not None and not _goes_on(replaces, decision)
        if leaves:
            consumption.give_back(ticket.id, "Covered otherwise.", by=by)
    made = drawn(row_of(ticket.id, decision, at=at), decision, library)
    made.id = new_id("entitlement")
    if taken is not None:
        made.decided_by_id = replaces.decided_by_id if replaces is not None else None
    else:
        made.decided_by_id = by.id if by is not None else None
    db.session.add(made)
    record(ticket, made, first=replaces is None, by=by, leaves=leaves, taken=taken)
    return made


def row_of(ticket_id: int, decision: Decision, *, at: datetime) -> Entitlement:
    """A decision as a row that is not stored."""
    return Entitlement(
        ticket_id=ticket_id,
        source=decision.source,
        contract_version_id=decision.contract.id if decision.contract else None,
        coverage_line_id=decision.line_id,
        warranty_id=decision.warranty.id if decision.warranty else None,
        policy_version_id=decision.policy.id if decision.policy else None,
        clause_ids={"ids": [clause.id for clause in decision.clauses]},
        billable=decision.billable,
        reason=decision.reason,
        alternatives=alternatives(decision),
        judged_at=at,
        decided_at=now(),
    )


def alternatives(decision: Decision) -> Json:
    """What lost, as a row keeps it."""
    return {"lost": [{"what": one.what, "why": one.why} for one in decision.lost]}


def draw(made: Entitlement, contract_id: int) -> Entitlement:
    """The row, with its incident drawn, or billable where none is left."""
    if consumption.draw_incident(contract_id, made.ticket_id, made.judged_at).exhausted:
        made.billable, made.reason = True, f"{made.reason} What was bought ahead is used up."
    return made


def drawn(made: Entitlement, decision: Decision, library: Library) -> Entitlement:
    """The row, once what was bought ahead is drawn from."""
    if decision.contract is None or not library.contracts.sells_incidents(decision.contract.contract_id):
        return made
    return draw(made, decision.contract.contract_id)


def record(  # noqa: PLR0913 - a decision with its circumstances
    ticket: Ticket,
    made: Entitlement,
    *,
    first: bool,
    by: Agent | None,
    leaves: bool = False,
    taken: Json | None = None,
) -> None:
    """Say so. `leaves`: the agreement that covered it before covers it no more, so its suspension is over here."""
    told: Json = {**({"leaves": True} if leaves else {}), **({"taken": taken} if taken is not None else {})}
    events.record(ticket, "entitlement.decided", by=by, entitlement=made.id, source=made.source, first=first, **told)


def _goes_on(before: Entitlement, decision: Decision) -> bool:
    """Whether it stays under the same agreement, whose ledger then stays as it is."""
    same_contract = select(ContractVersion.contract_id).where(ContractVersion.id == before.contract_version_id)
    return decision.contract is not None and db.session.scalar(same_contract) == decision.contract.contract_id
