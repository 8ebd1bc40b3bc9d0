"""Calling a customer from a ticket: whom, at which number, and the call written down."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from channels import calling, returning
from channels.models import PhoneCall
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.errors import Invalid
from helpdesk.people.models import Contact
from helpdesk.text import telephone
from helpdesk.tickets import telephoning
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.telephoning import Called
from helpdesk.web.rendering import back_to, page, zone_of
from helpdesk.web.ticket import check, held

bp = Blueprint("calls", __name__, url_prefix="/tickets/<int:number>/call")

_MOST_TYPED = 20_000


def panel(ticket: Ticket) -> str:
    """Who waits to be called back; for other customers the number there is."""
    numbers = returning.numbers_of(ticket)
    if not numbers:
        return ""
    return render_template(
        "calls/_panel.html", ticket=ticket, numbers=numbers, due=_due(ticket), zone=zone_of(current_agent())
    )


@bp.get("")
@agents_only
def form(number: int) -> str:
    ticket = _seen(number)
    check(current_agent(), ticket, "reply")
    return _page(ticket, {"outcome": "reached", "number": _first(ticket)})


@bp.post("")
@agents_only
def log(number: int) -> Response | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, number, "reply")
    try:
        returning.log_call(ticket, _called(), by=agent)
    except Invalid as error:
        db.session.rollback()
        return _page(_seen(number), request.form.to_dict(), error), error.status
    db.session.commit()
    return back_to(f"/tickets/{number}")


def _called() -> Called:
    """What the form says.

    Raises:
        Invalid: by field, what cannot be read.
    """
    typed = request.form.get("number", "").strip()
    minutes = request.form.get("minutes", "").strip()
    errors = {}
    if typed and not telephone.e164(typed):
        errors["number"] = "Enter it with the country's code, such as +13125550100."
    if minutes and not re.fullmatch(r"[0-9]{1,4}", minutes):
        errors["minutes"] = "Enter whole minutes, a day at most."
    if errors:
        raise Invalid("Nothing was saved. Look at the fields marked below.", errors)
    client_id = request.form.get("client_id", "")
    return Called(
        telephone.e164(typed),
        request.form.get("outcome", ""),
        minutes=int(minutes) if minutes else None,
        note=request.form.get("note", "")[:_MOST_TYPED],
        client_id=client_id if re.fullmatch(r"[0-9a-f]{32}", client_id) else None,
    )


def _page(ticket: Ticket, values: dict[str, str], error: Invalid | None = None) -> str:
    return page(
        "calls/log.html",
        ticket=ticket,
        values=values,
        outcomes=telephoning.OUTCOMES,
        message=error.message if error is not None else "",
        errors=error.fields if error is not None else {},
    )


def _seen(number: int) -> Ticket:
    mine = visible_tickets(current_agent()).where(Ticket.number == number)
    return one(mine.options(joinedload(Ticket.contact).selectinload(Contact.addresses)))


def _due(ticket: Ticket) -> list[PhoneCall]:
    """Only where somebody may have called: no other ticket's page asks the database."""
    may_have = ticket.is_active and any(address.kind == "phone" for address in ticket.contact.addresses)
    return calling.due_on(ticket) if may_have else []


def _first(ticket: Ticket) -> str:
    due = _due(ticket)
    return due[-1].number if due else next(iter(returning.numbers_of(ticket)), "")
