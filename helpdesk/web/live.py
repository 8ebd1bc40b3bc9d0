"""GET /live: the stream of ids that keeps open pages true."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, current_app, request

from helpdesk.access import sessions
from helpdesk.access.guards import agents_only, signed_in_session
from helpdesk.db import db
from helpdesk.live import Full, Hub

bp = Blueprint("live", __name__)

_MILLISECONDS = re.compile(r"[0-9]{13}")


def install(app: Flask) -> None:
    """Streams end within seconds of their session; what is whispered reaches the crowd of visitors."""
    hub: Hub = app.extensions["live"]
    if "crowd" in app.extensions:
        hub.whispered = app.extensions["crowd"].tell

    def living(session_ids: set[int]) -> set[int]:
        with app.app_context():
            return sessions.still_valid(session_ids)

    hub.living = living


@bp.get("/live")
@agents_only
def stream() -> Response:
    """Server-sent events; the connection to the database is given back before the first byte."""
    session = signed_in_session()
    hub: Hub = current_app.extensions["live"]
    session_id = session.id if session else 0
    db.session.remove()
    try:
        events = hub.stream(session_id, after=_drawn_at())
    except Full:
        return Response("busy", 503, {"Retry-After": "10"})
    return Response(
        events, mimetype="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _drawn_at() -> datetime | None:
    """When the page that asks was drawn; it says so in milliseconds."""
    said = request.args.get("after", "")
    return datetime.fromtimestamp(int(said) / 1000, UTC) if _MILLISECONDS.fullmatch(said) else None
