"""The raw mail behind a message, for saving only: never shown, never run."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import select
from sqlalchemy.orm import undefer

from channels.models import Inbound
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import one
from helpdesk.errors import NotFound
from helpdesk.web.ticket import load_message

bp = Blueprint("rawmails", __name__)


@bp.get("/messages/<int:message_id>/original")
@agents_only
def original(message_id: int) -> Response:
    """The bytes as they came, of a message the agent may see."""
    message = load_message(current_agent(), message_id)
    if message.inbound_id is None:
        raise NotFound("This message did not come in by mail.")
    wanted = select(Inbound).where(Inbound.id == message.inbound_id).options(undefer(Inbound.raw))
    extension = "eml" if message.channel_kind == "email" else "json"
    return download(one(wanted, what="mail").raw, f"ticket-{message.ticket.number}-{message.id}.{extension}")


def download(raw: bytes, filename: str) -> Response:
    """A mail as a file. `filename` is plain ASCII of ours."""
    response = Response(raw, mimetype="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
