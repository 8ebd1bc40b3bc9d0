"""Credits of a customer as both faces find and decide on them."""

from __future__ import annotations

from sqlalchemy import Select, select

from helpdesk.access.guards import current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, locked, one
from helpdesk.tickets.models import Ticket
from sla.commitments import excusing
from sla.commitments.models import Commitment
from sla.contracts import credits as crediting
from sla.contracts.models import Contract, Credit

MOST = 200


def rows(organization_id: int) -> Select[Credit, Commitment, int]:
    """With the break and the number of its ticket: those to be decided first, then the newest."""
    return (
        select(Credit, Commitment, Ticket.number)
        .join(Contract, Contract.id == Credit.contract_id)
        .join(Commitment, Commitment.id == Credit.commitment_id)
        .join(Ticket, Ticket.id == Commitment.ticket_id)
        .where(Contract.organization_id == organization_id)
        .order_by(Credit.state != "proposed", Credit.id.desc())
        .limit(MOST)
    )


def post(organization_id: int, credit_id: int) -> None:
    """Grant it.

    Raises:
        NotFound: this customer has none by that id. Conflict: the break was excused.
    """
    crediting.post(locked(_mine(organization_id, credit_id), what="credit"), current_agent())


def excuse(organization_id: int, credit_id: int, reason: str) -> None:
    """Excuse the break that led to it; the ticket is locked before the credit, as everywhere.

    Raises:
        NotFound: this customer has none by that id. Invalid: no reason was given.
    """
    credit = one(_mine(organization_id, credit_id), what="credit")
    broken = db.session.get_one(Commitment, credit.commitment_id)
    ticket = locked(visible_tickets(current_agent()).where(Ticket.id == broken.ticket_id))
    db.session.refresh(broken)
    excusing.excuse(ticket, broken, by=current_agent(), reason=reason)


def _mine(organization_id: int, credit_id: int) -> Select[Credit]:
    contracts = select(Contract.id).where(Contract.organization_id == organization_id)
    return select(Credit).where(Credit.id == credit_id, Credit.contract_id.in_(contracts))
