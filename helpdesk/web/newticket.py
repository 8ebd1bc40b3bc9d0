"""A new ticket an agent writes to a customer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.people.addresses import normalised
from helpdesk.plugins import Sender, installed
from helpdesk.tickets import conversing, drafts
from helpdesk.tickets.inputs import NewTicket
from helpdesk.web.rendering import back_to, page, wants_fragment

bp = Blueprint("newticket", __name__)


@bp.get("/tickets/new")
@agents_only
def form() -> str:
    draft = drafts.find(current_agent(), None, "new")
    values = {**(draft.fields if draft else {}), "body": draft.body if draft else ""}
    return _form(values, {})


@bp.post("/tickets/new/draft")
@agents_only
def save_draft() -> Response | tuple[str, int]:
    fields = {name: request.form.get(name, "")[:500] for name in ("to", "name", "subject", "channel")}
    drafts.save(drafts.take(current_agent(), None, "new"), request.form.get("body", ""), **fields)
    db.session.commit()
    return ("", 204) if wants_fragment() else back_to(url_for("newticket.form"))


@bp.post("/tickets")
@agents_only
def create() -> Response | tuple[str, int]:
    agent = current_agent()
    draft = drafts.find(agent, None, "new")
    try:
        ticket = conversing.write_first(_read(), by=agent, draft=draft)
    except Invalid as error:
        db.session.rollback()
        return _form(request.form.to_dict(), error.fields), 422
    db.session.commit()
    return back_to(url_for("ticket.show", number=ticket.number))


def _read() -> NewTicket:
    """The form as an operation takes it.

    Raises:
        Invalid: by field, what does not fit.
    """
    values = request.form
    mistakes = {}
    address = normalised(values.get("to", ""))
    if not address:
        mistakes["to"] = "Add a whole address, like priya@meridiancold.example."
    if not values.get("subject", "").strip():
        mistakes["subject"] = "Add a subject, so that they know what it is about."
    if not values.get("body", "").strip():
        mistakes["body"] = "Write something first."
    sender = _sender(values.get("channel", ""))
    if sender is None:
        mistakes["channel"] = "Choose the mailbox it leaves by."
    if mistakes or sender is None:
        raise Invalid("Some things are missing.", mistakes)
    return NewTicket(
        address=address,
        name=values.get("name", "").strip(),
        subject=values["subject"],
        body=values["body"],
        channel_id=sender.id,
        client_id=values.get("client_id") or None,
    )


def _sender(value: str) -> Sender | None:
    known = installed().senders()
    if not value and len(known) == 1:
        return known[0]
    return next((sender for sender in known if str(sender.id) == value), None)


def _form(values: dict[str, Any], problems: dict[str, str]) -> str:
    return page("tickets/new.html", values=values, problems=problems, senders=installed().senders(), view_key="")
