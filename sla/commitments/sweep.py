"""The sweep: promises whose warning or break has come are found by index and judged, by one process each.

1. Take the tickets of what fires first; a ticket somebody else holds is left for the next round.
2. Judge them at this instant: `tracking.settle` stamps breaks with their business instant and records each once.
3. Commit, and go on while there is more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select, union_all

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.commitments import tracking
from sla.commitments.models import Commitment

_BATCH = 200


def tick() -> int:
    """Judge everything that is due; how many tickets."""
    judged: set[int] = set()
    while not judged.issuperset(batch := _batch()):
        judged.update(batch)
    return len(judged)


def firing(at: datetime) -> Select[int]:
    """The tickets of what fires before `at`, the longest due first; a batch of them."""
    return select(Commitment.ticket_id).where(Commitment.fires_at < at).order_by(Commitment.fires_at).limit(_BATCH)


def _batch() -> list[int]:
    at = now()
    turning = select(Ticket.id).where(Ticket.next_due_turns_at <= at).order_by(Ticket.next_due_turns_at).limit(_BATCH)
    ids = db.session.scalars(union_all(firing(at), turning)).all()
    if not ids:
        db.session.rollback()
        return []
    held = select(Ticket.id).where(Ticket.id.in_(ids)).order_by(Ticket.id).with_for_update(skip_locked=True)
    mine = list(db.session.scalars(held))
    if mine:
        tracking.settle(mine)
    db.session.commit()
    return mine
