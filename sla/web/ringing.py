"""Who was rung for a ticket, by what and what became of it; and what an agent says to it on the ticket's page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, locked
from helpdesk.errors import Conflict
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import back_to, zone_of
from sla.escalations import acknowledging
from sla.escalations.models import METHODS, Escalation, Page, PageReason
from sla.web import sidebar

bp = Blueprint("ringing", __name__)

_STATES = {"waiting": "waits", "leaving": "on its way", "sent": "sent", "failed": "failed", "skipped": "not tried"}
_SAID = {"delivered": "delivered", "completed": "answered", "read": "read", "no-answer": "no answer"}
_REASONS = {
    "answered": "Over: it was answered.",
    "solved": "Over: it is done.",
    "hours": "Over: the day’s team has it.",
    "overtaken": "Over: the promise is broken.",
}

_RUNS = (
    select(Escalation)
    .where(Escalation.ticket_id == bindparam("ticket"))
    .order_by(Escalation.id.desc())
    .limit(5)
    .options(joinedload(Escalation.acknowledged_by))
)
"""Put together once: every ticket's page asks it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run with its state in words and the pages it led to."""

    run: Escalation
    state: str
    pages: list[Page]


def panel(ticket: Ticket) -> str:
    if not sidebar.holds(ticket).runs:
        return ""
    runs = db.session.scalars(_RUNS, {"ticket": ticket.id}).all()
    shown = [Run(run, _state(run), _pages(run.id)) for run in runs]
    return render_template(
        "sla/escalations/_ringing.html",
        ticket=ticket,
        runs=shown,
        is_open=any(one.run.ended_at is None for one in shown),
        words=METHODS,
        states=_STATES,
        said=_SAID,
        zone=zone_of(current_agent()),
    )


@bp.post("/tickets/<int:number>/ringing")
@agents_only
def answer(number: int) -> Response:
    """On it, pass on, or start again, for every run of the ticket that is open."""
    agent = current_agent()
    ticket = locked(visible_tickets(agent).where(Ticket.number == number))
    runs = acknowledging.open_of_ticket(ticket.id)
    if not runs:
        raise Conflict("This has ended already. Nobody is rung for it any more.")
    said = request.form.get("says")
    if said == "on":
        acknowledging.acknowledge(runs, by=agent, how="inbox")
    elif said == "pass":
        acknowledging.pass_on(runs, by=agent)
    elif said == "again":
        for run in runs:
            acknowledging.reapply(run, by=agent)
    else:
        raise Conflict("Choose what you want to say to it.")
    db.session.commit()
    rota = request.form.get("rota", "")
    return back_to(f"/on-call/{rota}" if rota.isascii() and rota.isdecimal() else f"/tickets/{number}")


def _state(run: Escalation) -> str:
    if run.ended_at is not None:
        return _REASONS.get(run.reason, "Over.")
    if run.state == "acknowledged":
        name = run.acknowledged_by.first_name if run.acknowledged_by is not None else "Whoever has the duty phone"
        return f"{name} is on it."
    if run.state == "holding":
        return "Waits until the hours begin, or the pause ends."
    return "Everybody has been rung." if run.reason == "exhausted" else "Ringing."


def _pages(run_id: int) -> list[Page]:
    mine = select(PageReason.page_id).where(PageReason.escalation_id == run_id)
    pages = select(Page).where(Page.id.in_(mine)).order_by(Page.id.desc()).limit(20)
    return list(db.session.scalars(pages.options(selectinload(Page.attempts))))
