"""Calendar feeds: the address anybody with its secret may read, and the page that shows and renews addresses."""

from __future__ import annotations

from hashlib import sha256

from flask import Blueprint, make_response, redirect, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent, public
from helpdesk.db import db
from helpdesk.errors import NotFound
from helpdesk.web.rendering import page
from sla.oncall import publishing
from sla.oncall.models import OnCallSchedule
from sla.web import rotas
from sla.web.managers import managers_only, manages

bp = Blueprint("rota_feeds", __name__)

_FRESH = 300
"""Seconds a program may keep a feed before it asks again."""


@bp.get("/calendars/on-call/<token>.ics")
@public
def feed(token: str) -> Response:
    written = publishing.feed(token)
    if written is None:
        raise NotFound("This calendar address gives nothing any more. Ask for the new one.")
    response = make_response(written)
    response.mimetype = "text/calendar"
    response.set_etag(sha256(written).hexdigest()[:32])
    response.cache_control.private = True
    response.cache_control.max_age = _FRESH
    response.headers["Content-Disposition"] = 'inline; filename="on-call.ics"'
    return response.make_conditional(request)


@bp.get("/on-call/feeds")
@agents_only
def front() -> str:
    agent = current_agent()
    own = publishing.own(agent)
    rows = select(OnCallSchedule).where(OnCallSchedule.archived_at.is_(None)).order_by(OnCallSchedule.name)
    return page(
        "sla/oncall/feeds.html",
        section="oncall",
        own=publishing.address(own.token) if own is not None else "",
        rotas=[(one, publishing.address(one.feed_token)) for one in db.session.scalars(rows)],
        manages=manages(agent),
        said=rotas.SAID.get(request.args.get("said", ""), ""),
    )


@bp.post("/on-call/feeds")
@agents_only
def renew() -> Response:
    publishing.renew(current_agent())
    db.session.commit()
    return redirect("/on-call/feeds?said=address", 303)


@bp.post("/on-call/<int:schedule_id>/feed")
@managers_only
def renew_rota(schedule_id: int) -> Response:
    publishing.renew_rota(rotas.find(schedule_id))
    db.session.commit()
    return redirect("/on-call/feeds?said=address", 303)
