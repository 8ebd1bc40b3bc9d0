"""The agents' side of a chat: whether the visitor is there and has read, and that an agent reads or writes."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from channels import visiting
from channels.chat import connection as connections
from channels.models import Channel, Conversation
from channels.transcript import KIND
from helpdesk import live
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import zone_of

bp = Blueprint("chatdesk", __name__)


@bp.get("/tickets/<int:number>/visitor")
@agents_only
def visitor(number: int) -> str:
    """The line above the composer, anew."""
    return panel(one(visible_tickets(current_agent()).where(Ticket.number == number)))


@bp.post("/tickets/<int:number>/typing")
@agents_only
def typing(number: int) -> Response:
    """The visitor is shown that somebody writes, or that their words were opened; nothing is stored."""
    ticket = one(visible_tickets(current_agent()).where(Ticket.number == number))
    kind = "look" if request.form.get("reads") else "typing"
    pages = select(Conversation.channel_id, Conversation.key).join(Channel)
    for channel_id, key in db.session.execute(pages.where(Conversation.ticket_id == ticket.id, Channel.kind == KIND)):
        live.whisper(to=visiting.topic(channel_id, key), kind=kind)
    db.session.commit()
    return Response(status=204)


def panel(ticket: Ticket) -> str:
    """Nothing, where the ticket is answered by another channel."""
    visit = visiting.here(ticket) if ticket.channel_kind == KIND else None
    if visit is None:
        return ""
    minutes = connections.shown(db.session.get_one(Channel, visit.channel_id)).fallback_minutes
    return render_template(
        "chat/_visitor.html",
        visit=visit,
        ticket=ticket,
        is_here=visiting.is_here(visit),
        minutes=minutes,
        zone=zone_of(current_agent()),
    )
