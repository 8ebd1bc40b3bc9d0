"""Time worked on a ticket, as JSON: noted once, told, taken back."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import select

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.tickets.models import Ticket
from helpdesk.web.json import body
from helpdesk.web.ticket import held
from sla.contracts import noting
from sla.contracts.models import TimeEntry
from sla.contracts.noting import Worked
from sla.web import worktime
from sla.web.told import Told

bp = Blueprint("time_json", __name__, url_prefix="/api/v1/tickets/<int:number>/time")

_MOST = 10**6


@bp.get("")
@agents_only
def listed(number: int) -> Response:
    """What stands, the newest first."""
    ticket = one(visible_tickets(current_agent()).where(Ticket.number == number))
    return jsonify(time=[_told(entry) for entry, _ in noting.noted(ticket.id)])


@bp.post("")
@agents_only
def note(number: int) -> tuple[Response, int]:
    """`day` is today, `agent` who is signed in, and `billable` as the agreement says, where they are not sent."""
    agent, asked = current_agent(), body()
    ticket = held(agent, number)
    known = worktime.covered(ticket)
    worked = Worked(
        minutes=asked.number("minutes", 1, _MOST),
        what=asked.text("what"),
        key=worktime.key(ticket, asked.text("client_id")),
        day=asked.day("day") or worktime.today(agent),
        agent_id=asked.identity("agent") or agent.id,
        is_billable=asked.is_on("billable", default=known.is_billable),
    )
    asked.done()
    noting.note(ticket, worked, contract_id=known.contract_id, today=worktime.today(agent), by=agent)
    db.session.commit()
    made = one(select(TimeEntry).where(TimeEntry.ticket_id == ticket.id, TimeEntry.key == worked.key), what="time")
    return jsonify(_told(made)), 201


@bp.delete("/<int:entry_id>")
@agents_only
def take_back(number: int, entry_id: int) -> Response:
    agent = current_agent()
    ticket = held(agent, number)
    found = one(select(TimeEntry).where(TimeEntry.ticket_id == ticket.id, TimeEntry.id == entry_id), what="time")
    entry = noting.take_back(ticket, found.key, by=agent)
    db.session.commit()
    return jsonify(_told(entry))


def _told(entry: TimeEntry) -> Told:
    return {
        "id": entry.id,
        "day": entry.day.isoformat(),
        "minutes": entry.minutes,
        "what": entry.what,
        "agent": entry.agent_id,
        "noted_by": entry.noted_by_id,
        "billable": entry.is_billable,
        "drawn": entry.drawn,
        "noted_at": entry.at.isoformat(),
        "returned_at": entry.returned_at.isoformat() if entry.returned_at else None,
    }
