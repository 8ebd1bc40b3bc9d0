"""Noting time on a ticket by form: from its panel, or on a page of its own; and the way back."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import lead_to, page, zone_of
from helpdesk.web.ticket import held
from sla.contracts import consumption, loading, noting, terms
from sla.contracts.consumption import Left
from sla.contracts.models import ContractVersion
from sla.contracts.noting import Worked
from sla.entitlements import resolving
from sla.entitlements.models import Entitlement
from sla.web import sidebar
from sla.web.amounts import length
from sla.web.typed import Typed

bp = Blueprint("worktime", __name__, url_prefix="/tickets/<int:number>/time")

PAID = {"yes": "Yes", "no": "No"}
"""What a form says of who pays."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What pays for work on a ticket: its agreement, the hours left there (None where it sells none), and the usual."""

    version: ContractVersion | None
    left: list[Left] | None
    is_billable: bool

    @property
    def contract_id(self) -> int | None:
        return self.version.contract_id if self.version is not None else None


@bp.get("")
@agents_only
def form(number: int) -> str:
    ticket = one(visible_tickets(current_agent()).where(Ticket.number == number))
    return _page(ticket, MultiDict(), {})


@bp.post("")
@agents_only
def note(number: int) -> Response | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, number)
    known = covered(ticket)
    typed = Typed(request.form)
    try:
        worked = _worked(typed, ticket, known)
        typed.done()
        event = noting.note(ticket, worked, contract_id=known.contract_id, today=today(agent), by=agent)
    except Invalid as error:
        db.session.rollback()
        again = one(visible_tickets(agent).where(Ticket.number == number))
        return _page(again, request.form, error.fields), error.status
    db.session.commit()
    return lead_to(f"/tickets/{number}?pane=context", undo=event)


@bp.post("/<key>/return")
@agents_only
def take_back(number: int, key: str) -> Response:
    agent = current_agent()
    ticket = held(agent, number)
    noting.take_back(ticket, key, by=agent)
    db.session.commit()
    return lead_to(f"/tickets/{number}?pane=context")


def panel(ticket: Ticket) -> str:
    """What was worked, and what is left of the hours bought ahead; nothing where there is neither."""
    known = _covered_by(sidebar.decided(ticket))
    noted = noting.noted(ticket.id) if sidebar.holds(ticket).time else []
    if known.left is None and not noted:
        return ""
    return render_template(
        "sla/tickets/_worked.html", zone=zone_of(current_agent()), **_shown(ticket, known), noted=noted, values={}
    )


def way(ticket: Ticket) -> str:
    """In the ticket's menu."""
    return render_template("sla/tickets/_time_way.html", ticket=ticket)


def key_to(ticket: Ticket) -> str:
    """What the key of the page follows."""
    return render_template("sla/tickets/_time_key.html", ticket=ticket)


def covered(ticket: Ticket) -> Covered:
    """As it stands now."""
    return _covered_by(resolving.current_of(ticket.id))


def today(agent: Agent) -> date:
    return now().astimezone(zone_of(agent)).date()


def key(ticket: Ticket, said: str) -> str:
    """Names the form, so that sending it twice notes the time once."""
    return f"time:{ticket.id}:{said if re.fullmatch(r'[0-9a-f]{32}', said) else secrets.token_hex(16)}"


def _covered_by(decided: Entitlement | None) -> Covered:
    if decided is None:
        return Covered(None, None, is_billable=False)
    version = None
    if decided.contract_version_id is not None:
        version = loading.newest(db.session.get_one(ContractVersion, decided.contract_version_id).contract_id)
    left = _minutes_left(version)
    return Covered(version, left, is_billable=left is not None or decided.billable)


def _minutes_left(version: ContractVersion | None) -> list[Left] | None:
    """The balances of hours that can be drawn from today; None where hours were never bought ahead."""
    if version is None or not consumption.sells_minutes(version.contract_id):
        return None
    balances = consumption.left(version.contract_id, terms.day(version, now()))
    return [one for one in balances if one.balance.unit == "minutes"]


def _worked(typed: Typed, ticket: Ticket, known: Covered) -> Worked:
    agent = current_agent()
    usual = "yes" if known.is_billable else "no"
    return Worked(
        minutes=_minutes(typed),
        what=typed.text("what"),
        key=key(ticket, typed.text("client_id")),
        day=typed.day("day") or today(agent),
        agent_id=typed.id("agent") or agent.id,
        is_billable=typed.one_of("billable", PAID, usual) == "yes",
    )


def _minutes(typed: Typed) -> int | None:
    """A bare number is minutes."""
    said = typed.text("minutes")
    if re.fullmatch(r"\d{1,5}", said, re.ASCII):
        return int(said)
    seconds = typed.seconds("minutes")
    return None if seconds is None else seconds // 60


def _page(ticket: Ticket, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    known = covered(ticket)
    return page(
        "sla/tickets/time.html", errors=errors, values=values, noted=noting.noted(ticket.id), **_shown(ticket, known)
    )


def _shown(ticket: Ticket, known: Covered) -> dict[str, Any]:
    agent = current_agent()
    people = select(Agent.id, Agent.name).where(Agent.deactivated_at.is_(None)).order_by(Agent.name, Agent.id)
    return {
        "ticket": ticket,
        "left": known.left,
        "usual": "yes" if known.is_billable else "no",
        "paid": PAID,
        "people": db.session.execute(people).all(),
        "me": agent.id,
        "on": today(agent),
        "length": length,
    }
