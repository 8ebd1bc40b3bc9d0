"""Settings, Quarantine: mails that could not be filed safely, and what an agent may do with each."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload, undefer
from werkzeug.wrappers import Response

from channels import intake, quarantining
from channels.adapter import Quarantine
from channels.models import Inbound
from channels.web.rawmails import download
from helpdesk.access.guards import agents_only
from helpdesk.db import db, one
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page

bp = Blueprint("quarantine", __name__, url_prefix="/settings/quarantine")

HERE = "/settings/quarantine"
_SAID = {
    "discarded": "Discarded. It is kept for two weeks from the day it came in, then forgotten.",
    "restored": "Back in quarantine.",
    "waiting": "It waits to be filed again. If that works it becomes a ticket, else it comes back here.",
    "unreadable": "It still cannot be read, so it stays here. Download it to look at it in a mail program.",
    "kept": "It still cannot be filed, so it stays here. Its line says why.",
    "duplicate": "The very same mail is on a ticket already, so this copy was put away.",
    "gone": "Somebody else dealt with this mail already.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@bp.get("")
@agents_only
def front() -> str:
    state = "discarded" if request.args.get("show") == "discarded" else "quarantined"
    held = quarantining.listed(state, request.args.get("after", ""))
    said = _SAID.get(request.args.get("said", ""), "")
    return page("settings/quarantine/list.html", section="settings", here=HERE, held=held, state=state, said=said)


@bp.get("/<int:inbound_id>.eml")
@agents_only
def original(inbound_id: int) -> Response:
    """The bytes as they came, for saving only: never shown, never run."""
    wanted = select(Inbound).where(Inbound.id == inbound_id, Inbound.state.in_(("quarantined", "discarded")))
    inbound = one(wanted.options(undefer(Inbound.raw)), what="mail")
    return download(inbound.raw, f"mail-{inbound_id}.eml")


@bp.post("/<int:inbound_id>/release")
@agents_only
def release(inbound_id: int) -> Response:
    """Make a ticket of it, whatever was suspicious about it."""
    inbound = quarantining.hold(inbound_id, "quarantined", joinedload(Inbound.channel), undefer(Inbound.raw))
    if inbound is None:
        return _said("gone")
    try:
        intake.release(inbound)
    except Quarantine as error:
        db.session.rollback()
        quarantining.explain(inbound_id, error.reason)
        db.session.commit()
        return _said("unreadable")
    quarantining.announce()
    state, ticket_id = inbound.state, inbound.ticket_id
    number = db.session.scalar(select(Ticket.number).where(Ticket.id == ticket_id))
    db.session.commit()
    if state == "done" and number is not None:
        return redirect(f"/tickets/{number}", 303)
    return _said("duplicate" if state == "duplicate" else "kept")


@bp.post("/<int:inbound_id>/retry")
@agents_only
def retry(inbound_id: int) -> Response:
    return _moved(inbound_id, "quarantined", "waiting", "waiting")


@bp.post("/<int:inbound_id>/discard")
@agents_only
def discard(inbound_id: int) -> Response:
    return _moved(inbound_id, "quarantined", "discarded", "discarded")


@bp.post("/<int:inbound_id>/restore")
@agents_only
def restore(inbound_id: int) -> Response:
    return _moved(inbound_id, "discarded", "quarantined", "restored")


def _moved(inbound_id: int, before: str, after: str, said: str) -> Response:
    moved = quarantining.move(inbound_id, before, after)
    db.session.commit()
    return _said(said if moved else "gone")


def _said(what: str) -> Response:
    return redirect(f"{HERE}?said={what}", 303)
