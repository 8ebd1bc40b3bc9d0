"""Calendars as JSON: read them, make one, say what one shall be from now on or from an instant."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import select

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import Json, db
from helpdesk.now import now
from helpdesk.web.json import Body, body
from sla.calendars import editing
from sla.calendars.drafts import Draft
from sla.calendars.models import Calendar, CalendarVersion
from sla.commitments import moving
from sla.web.managers import managers_only

bp = Blueprint("calendars_json", __name__, url_prefix="/api/v1/calendars")

_RULES = ("zone", "hours", "holidays", "overrides", "breaks")


@bp.get("")
@agents_only
def front() -> Response:
    calendars = db.session.scalars(select(Calendar).order_by(Calendar.name)).all()
    return jsonify(calendars=[_shown(each) for each in calendars])


@bp.post("")
@managers_only
def create() -> tuple[Response, int]:
    sent = body()
    name, draft = sent.text("name"), _draft(sent)
    sent.done()
    made = editing.create(name, draft, by=current_agent())
    db.session.commit()
    return jsonify(_shown(made)), 201


@bp.get("/<int:calendar_id>")
@agents_only
def show(calendar_id: int) -> Response:
    return jsonify(_shown(editing.find(calendar_id)))


@bp.put("/<int:calendar_id>")
@managers_only
def change(calendar_id: int) -> Response:
    """`valid_from` is when it begins to count, now without it; `after` the newest version that was seen."""
    calendar, sent = editing.find(calendar_id), body()
    name = sent.text("name") if "name" in sent else calendar.name
    draft, valid_from, after = _draft(sent), sent.instant("valid_from"), sent.identity("after")
    archived = sent.is_on("archived", default=calendar.archived_at is not None)
    sent.done()
    editing.rename(calendar, name)
    editing.revise(calendar, draft, by=current_agent(), valid_from=valid_from, after=after)
    (editing.archive if archived else editing.unarchive)(calendar)
    moving.recount(calendar.id)
    db.session.commit()
    return jsonify(_shown(calendar))


def _draft(sent: Body) -> Draft:
    """What it shall say, which `drafts.checked` judges; names are dates with what each is called."""
    return Draft({key: sent.as_sent(key) for key in _RULES if key in sent}, sent.raw("names"))


def _shown(calendar: Calendar) -> Json:
    known = editing.versions(calendar)
    current = editing.in_force(known, now())
    return {
        "id": calendar.id,
        "name": calendar.name,
        "archived": calendar.archived_at is not None,
        "feed_url": calendar.feed_url,
        **_said(current),
        "versions": [_version(each) for each in known],
    }


def _said(version: CalendarVersion) -> Json:
    return {**version.rules, "names": version.names}


def _version(version: CalendarVersion) -> Json:
    return {
        "id": version.id,
        "valid_from": version.valid_from.isoformat(),
        "created_at": version.created_at.isoformat(),
        "created_by": version.created_by_id,
        **_said(version),
    }
