"""A ticket that is withdrawn takes its promises with it."""

from __future__ import annotations

from sqlalchemy import delete, select

from helpdesk.db import db
from helpdesk.events import Event
from sla.commitments.models import Commitment
from sla.contracts.models import Credit, PrepaidEntry
from sla.entitlements.models import Entitlement, TicketAsset


def forget(event: Event) -> None:
    """Remove every row of ours that names the ticket."""
    mine = select(Commitment.id).where(Commitment.ticket_id == event.ticket_id)
    db.session.execute(delete(Credit).where(Credit.commitment_id.in_(mine)))
    for table in (Commitment, Entitlement, TicketAsset, PrepaidEntry):
        db.session.execute(delete(table).where(table.ticket_id == event.ticket_id))
