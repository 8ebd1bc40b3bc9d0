"""One person, many addresses, on a ticket: ask for proof, see who was joined, take them apart again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from channels import proving
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db, one
from helpdesk.errors import DomainError, Invalid, NotFound
from helpdesk.people.models import Address, Contact
from helpdesk.tickets import joining
from helpdesk.tickets.models import ContactJoin, JoinedTicket, Ticket
from helpdesk.web.rendering import back_to, page, zone_of
from helpdesk.web.ticket import check, held

bp = Blueprint("persons", __name__, url_prefix="/tickets/<int:number>/person")


@dataclass(frozen=True, slots=True)
class Joined:
    """Who was joined with the customer of a ticket: under which name, by which addresses, since when."""

    id: int
    name: str
    addresses: Sequence[Address]
    at: datetime


def panel(ticket: Ticket) -> str:
    """Nothing for machines."""
    if ticket.contact.kind == "device":
        return ""
    concerned = proving.concerns(ticket.contact_id)
    return render_template(
        "people/_panel.html",
        ticket=ticket,
        joined=_joined(ticket.contact_id) if concerned else (),
        asked=proving.waiting(ticket.contact_id) if concerned else None,
        zone=zone_of(current_agent()),
    )


@bp.get("")
@agents_only
def form(number: int) -> str:
    ticket = _seen(number)
    check(current_agent(), ticket, "reply")
    return _form(ticket)


@bp.post("")
@agents_only
def ask(number: int) -> Response | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, number, "reply")
    try:
        proving.ask(ticket, request.form.get("email", "")[:320], by=agent)
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        words = error.fields.get("email", "") if isinstance(error, Invalid) else error.message
        return _form(_seen(number), request.form.get("email", "")[:320], words), error.status
    db.session.commit()
    return back_to(f"/tickets/{number}?pane=context")


@bp.post("/withdrawal")
@agents_only
def withdraw(number: int) -> Response:
    """The mail that was sent asks nobody any more."""
    ticket = held(current_agent(), number, "reply")
    proving.withdraw(ticket.contact_id)
    db.session.commit()
    return back_to(f"/tickets/{number}?pane=context")


@bp.get("/joins/<int:join_id>")
@agents_only
def apart(number: int, join_id: int) -> str:
    """What taking them apart gives back, before it happens."""
    ticket = _seen(number)
    check(current_agent(), ticket)
    join = _join(ticket, join_id)
    mine = visible_tickets(current_agent()).join(JoinedTicket, JoinedTicket.ticket_id == Ticket.id)
    tickets = db.session.scalars(mine.where(JoinedTicket.join_id == join.id).order_by(Ticket.id.desc()).limit(50)).all()
    joined = next(one for one in _joined(ticket.contact_id) if one.id == join.id)
    return page("people/apart.html", ticket=ticket, joined=joined, tickets=tickets)


@bp.post("/joins/<int:join_id>")
@agents_only
def part(number: int, join_id: int) -> Response:
    agent = current_agent()
    ticket = _seen(number)
    check(agent, ticket)
    proving.part(_join(ticket, join_id), by=agent)
    db.session.commit()
    return back_to(f"/tickets/{number}?pane=context")


def _seen(number: int) -> Ticket:
    rows = visible_tickets(current_agent()).where(Ticket.number == number)
    return one(rows.options(joinedload(Ticket.contact).joinedload(Contact.addresses)))


def _join(ticket: Ticket, join_id: int) -> ContactJoin:
    """A join that made the customer of this ticket who they are.

    Raises:
        NotFound: there is none, or it was taken apart.
    """
    found = next((one for one in joining.standing(ticket.contact_id) if one.id == join_id), None)
    if found is None:
        raise NotFound("These two are not joined here.")
    return found


def _joined(contact_id: int) -> list[Joined]:
    joins = joining.standing(contact_id)
    if not joins:
        return []
    names = select(Contact.id, Contact.name).where(among(Contact.id, [one.contact_id for one in joins]))
    named = {id_: name for id_, name in db.session.execute(names)}  # noqa: C416 - a Row is no pair for mypy
    ids = {address_id for one in joins for address_id in one.address_ids}
    known = {one.id: one for one in db.session.scalars(select(Address).where(among(Address.id, ids)))}
    return [
        Joined(one.id, named[one.contact_id], [known[id_] for id_ in one.address_ids], one.joined_at) for one in joins
    ]


def _form(ticket: Ticket, typed: str = "", error: str = "") -> str:
    return page("people/ask.html", ticket=ticket, typed=typed, error=error, asked=proving.waiting(ticket.contact_id))
