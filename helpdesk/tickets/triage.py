"""Sorting a ticket: whose it is, how urgent, what it is about, whom we wait for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from helpdesk import events
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.events import Actor
from helpdesk.people.models import Agent, Team
from helpdesk.tickets.lifecycle import reopen, standing
from helpdesk.tickets.models import Priority, Status, Tag, Ticket, TicketTag

WAITING = {"customer": Status.PENDING, "part": Status.ON_HOLD, "someone": Status.ON_HOLD}


def assign(ticket: Ticket, *, to: Agent | None, by: Actor) -> Ticket:
    """Give it to an agent, or to nobody.

    Raises:
        Invalid: the agent has left.
    """
    if to is not None and not to.is_active:
        raise Invalid(f"{to.name} is no longer here. Choose somebody else.", {"agent": "No longer here."})
    before, after = ticket.assignee_id, to.id if to else None
    if before != after:
        ticket.assignee_id = after
        events.record(ticket, "ticket.assigned", by=by, before=before, after=after)
    return ticket


def hand_over(ticket: Ticket, *, to: Team | None, by: Actor) -> Ticket:
    """Give it to a team, or to none; whoever had it is free of it."""
    before, after = ticket.team_id, to.id if to else None
    if before != after:
        owner, name = ticket.assignee_id, to.name if to else ""
        ticket.team_id, ticket.assignee_id = after, None
        events.record(ticket, "ticket.handed", by=by, before=before, after=after, team=name, assignee=owner)
    return ticket


def prioritise(ticket: Ticket, priority: Priority, *, by: Actor) -> Ticket:
    before = ticket.priority
    if before != priority:
        ticket.priority = priority
        events.record(ticket, "ticket.prioritised", by=by, before=before, after=int(priority))
    return ticket


def wait_for(ticket: Ticket, whom: str, *, by: Actor) -> Ticket:
    """Say that the next step is not ours: customer, part or someone; empty takes it back.

    Raises:
        Invalid: `whom` is none of these.
    """
    if whom == "":
        return reopen(ticket, by=by)
    if whom not in WAITING:
        raise Invalid("Choose whom we wait for.", {"for": "Choose them, a part or someone else."})
    before = standing(ticket)
    if ticket.waiting_for != whom:
        ticket.status = WAITING[whom]
        ticket.waiting_for = whom
        ticket.resolved_at = None
        events.record(ticket, "ticket.waiting", by=by, before=before, after=whom)
    return ticket


def tag(ticket: Ticket, names: Sequence[str], *, by: Actor) -> Ticket:
    """Set the tags of a ticket to exactly these names; new ones are made.

    Raises:
        Invalid: a name is too long, or there are too many.
    """
    wanted = neat(names)
    before = tag_names(ticket)
    if wanted == before:
        return ticket
    ids = [_tag_id(name) for name in wanted]
    db.session.execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id))
    if ids:
        db.session.execute(insert(TicketTag), [{"ticket_id": ticket.id, "tag_id": tag_id} for tag_id in ids])
    ticket.tag_ids = ids
    events.record(ticket, "ticket.tagged", by=by, before=before, after=wanted)
    return ticket


def tag_names(ticket: Ticket) -> list[str]:
    if not ticket.tag_ids:
        return []
    return list(db.session.scalars(select(Tag.name).where(Tag.id.in_(ticket.tag_ids)).order_by(Tag.name)))


def neat(names: Sequence[str]) -> list[str]:
    """Tags as they are kept: small letters, each once, in order.

    Raises:
        Invalid: a name is too long, or there are too many.
    """
    tags = sorted({" ".join(name.lower().split()) for name in names} - {""})
    if len(tags) > 20:
        raise Invalid("Twenty tags are enough.", {"tags": "Take some away."})
    if any(len(name) > 40 for name in tags):
        raise Invalid("A tag is a word or two.", {"tags": "Make it shorter than 40 characters."})
    return tags


def _tag_id(name: str) -> int:
    made = insert(Tag).values(name=name).on_conflict_do_nothing().returning(Tag.id)
    new = db.session.execute(made).scalar_one_or_none()
    return new if new is not None else db.session.scalars(select(Tag.id).where(Tag.name == name)).one()
