"""The figures of money as JSON: the same question in the address, the same cents; for managers alone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from helpdesk.access.guards import current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import one
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from sla.money import figures
from sla.money.sums import Amount, Line
from sla.reports import periods
from sla.web import dashjson, moneypages
from sla.web.managers import managers_only

bp = Blueprint("money_json", __name__)


@bp.get("/api/v1/promises/money")
@managers_only
def front() -> Response:
    """Amounts are cents by currency; `unknown` is how many parts are in none of them: then a sum is at least that.

    `waiting_days` are yet to be added up anew: their part is what it was before, or is missing.
    """
    question = moneypages.asked(request.args)
    found = figures.money(question, now())
    return jsonify(
        zone=question.period.house.zone.key,
        period=dashjson.days(question.period),
        waiting_days=found.waiting,
        filters={name: int(value) if value else None for name, value in question.filters.items()},
        **_line(found.whole),
        months=[{"month": month.isoformat()[:7], **_line(line)} for month, line in found.months.items()],
        by=question.group,
        rows=[{"key": key or None, **_line(line)} for key, line in sorted(found.by.items())],
    )


@bp.get("/api/v1/tickets/<int:number>/money")
@managers_only
def of_ticket(number: int) -> Response:
    ticket = one(visible_tickets(current_agent()).where(Ticket.number == number))
    return jsonify(_line(figures.of_ticket(ticket, periods.zone().key)))


def _line(line: Line) -> dict[str, Any]:
    margin = line.margin
    return {
        "income": _amount(line.income),
        "cost": _amount(line.cost),
        "margin": {
            "cents": None if margin.bound == "unknown" else dict(margin.cents),
            "bound": margin.bound or "exact",
        },
        "parts": {kind: _amount(amount) for kind, amount in line.parts.items()},
    }


def _amount(amount: Amount) -> dict[str, Any]:
    return {"cents": dict(amount.cents), "unknown": amount.unknown}
