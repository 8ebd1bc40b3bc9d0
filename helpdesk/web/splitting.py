"""Making a message its own ticket, by page."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import DomainError
from helpdesk.tickets import splitting
from helpdesk.tickets.models import Message
from helpdesk.web.rendering import back_to, page
from helpdesk.web.ticket import check, held, load_message

bp = Blueprint("splitting", __name__)


@bp.get("/messages/<int:message_id>/own-ticket")
@agents_only
def form(message_id: int) -> str | tuple[str, int]:
    message = _message(message_id)
    try:
        splitting.check(message.ticket, message)
    except DomainError as error:
        return _page(message, refusal=error.message), error.status
    return _page(message)


@bp.post("/messages/<int:message_id>/own-ticket")
@agents_only
def split(message_id: int) -> Response | tuple[str, int]:
    agent = current_agent()
    ticket = held(agent, _message(message_id).ticket.number)
    message = load_message(agent, message_id)
    chosen = splitting.from_here(message) if request.form.get("which") == "later" else [message]
    try:
        child = splitting.split(ticket, chosen, subject=request.form.get("subject", ""), by=agent)
    except DomainError as error:
        db.session.rollback()
        fields = getattr(error, "fields", {})
        words = {"error": fields["subject"]} if "subject" in fields else {"refusal": error.message}
        return _page(_message(message_id), **words), error.status
    number = child.number
    db.session.commit()
    return back_to(url_for("ticket.show", number=number))


def _message(message_id: int) -> Message:
    message = load_message(current_agent(), message_id)
    check(current_agent(), message.ticket)
    return message


def _page(message: Message, *, error: str = "", refusal: str = "") -> str:
    later = select(func.count()).where(Message.ticket_id == message.ticket_id, Message.id > message.id)
    typed = request.form.get("subject")
    return page(
        "tickets/split.html",
        ticket=message.ticket,
        message=message,
        later=db.session.scalars(later).one(),
        subject=typed[:500] if typed is not None else message.subject,
        which=request.form.get("which", "alone"),
        error=error,
        refusal=refusal,
    )
