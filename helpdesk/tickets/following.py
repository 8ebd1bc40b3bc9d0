"""People in copy: they ask to follow by being there, an agent decides, and only then do they get anything."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from helpdesk import events
from helpdesk.db import db
from helpdesk.events import Actor
from helpdesk.now import now
from helpdesk.people.models import Address
from helpdesk.tickets.models import Follower, Ticket

_FOLLOWERS = (
    select(Follower)
    .where(Follower.ticket_id == bindparam("ticket"))
    .options(joinedload(Follower.address).joinedload(Address.contact))
    .order_by(Follower.address_id)
)


def followers(ticket: Ticket) -> Sequence[Follower]:
    return db.session.scalars(_FOLLOWERS, {"ticket": ticket.id}).all()


def ask(ticket: Ticket, address: Address) -> None:
    """Somebody new is in copy: pending until an agent decides."""
    added = db.session.execute(
        insert(Follower)
        .values(ticket_id=ticket.id, address_id=address.id, state="pending", created_at=now())
        .on_conflict_do_nothing()
        .returning(Follower.address_id)
    ).scalar_one_or_none()
    if added is not None:
        events.record(ticket, "follower.added", address_id=address.id)


def decide(ticket: Ticket, follower: Follower, *, approve: bool, by: Actor) -> Follower:
    before = follower.state
    follower.state = "approved" if approve else "declined"
    if before != follower.state:
        events.record(
            ticket, "follower.decided", by=by, address_id=follower.address_id, before=before, after=follower.state
        )
    return follower
