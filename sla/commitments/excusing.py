"""A manager excuses a broken promise: it stays to be seen, with who and why, and its credit goes."""

from __future__ import annotations

from helpdesk import events
from helpdesk.db import before_commit
from helpdesk.errors import Conflict
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.commitments import tracking
from sla.commitments.models import Commitment
from sla.contracts import credits as owed


def excuse(ticket: Ticket, commitment: Commitment, *, by: Agent, reason: str) -> None:
    """Excuse a break; twice is harmless.

    Raises:
        NotAllowed: by somebody who is no manager. Invalid: no reason was given. Conflict: it is not broken.
    """
    if commitment.broken_at is None:
        raise Conflict("This promise is not broken, so there is nothing to excuse.")
    if commitment.excused_at is not None:
        return
    owed.excuse(commitment, by, reason)
    events.record(ticket, "commitment.excused", by=by, commitment=commitment.id, reason=commitment.excuse)
    before_commit(tracking.settle, ticket.id)
