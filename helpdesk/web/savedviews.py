"""Saved views: named from a list, renamed, removed with a way back, and the same as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.tickets import savedviews
from helpdesk.tickets.models import SavedView
from helpdesk.tickets.savedviews import Named
from helpdesk.tickets.undoing import WINDOW
from helpdesk.tickets.views import View, view_of
from helpdesk.web.filtering import chips, href
from helpdesk.web.json import body
from helpdesk.web.rendering import back_to, lead_to, page
from helpdesk.web.toasts import Toast

bp = Blueprint("saved_views", __name__)

_UNDO = "view-"


@bp.post("/views")
@agents_only
def create() -> Response | tuple[str, int]:
    agent, form = current_agent(), request.form
    view = view_of(form.get("view", ""))
    try:
        saved = savedviews.save(agent, name=form.get("name", ""), view=view, team_id=whole(form.get("team", "")))
    except Invalid as error:
        db.session.rollback()
        return _form(view, name=form.get("name", ""), errors=error.fields), error.status
    db.session.commit()
    return back_to(f"/inbox/{saved.view}")


@bp.get("/views/new")
@agents_only
def new() -> str:
    return _form(view_of(request.args.get("view", "next-up")), name="")


@bp.get("/views/<int:saved_id>/edit")
@agents_only
def edit(saved_id: int) -> str:
    saved = savedviews.of(current_agent(), saved_id)
    return _form(view_of(saved.view), name=saved.name, saved=saved)


@bp.post("/views/<int:saved_id>")
@agents_only
def rename(saved_id: int) -> Response | tuple[str, int]:
    saved, name = savedviews.of(current_agent(), saved_id), request.form.get("name", "")
    try:
        savedviews.rename(saved, name=name)
    except Invalid as error:
        return _form(view_of(saved.view), name=name, saved=saved, errors=error.fields), error.status
    db.session.commit()
    return back_to(f"/inbox/{saved.view}")


@bp.post("/views/<int:saved_id>/removal")
@agents_only
def remove(saved_id: int) -> Response:
    saved = savedviews.of(current_agent(), saved_id)
    savedviews.remove(saved)
    db.session.commit()
    return back_to(f"/inbox/{view_of(saved.view).base.key}?undo={_UNDO}{saved.id}")


@bp.post("/views/<int:saved_id>/restoration")
@agents_only
def restore(saved_id: int) -> Response:
    saved = savedviews.of(current_agent(), saved_id)
    savedviews.restore(saved)
    db.session.commit()
    return lead_to(f"/inbox/{saved.view}")


@bp.get("/api/v1/views")
@agents_only
def listed() -> Response:
    """One's own and those of one's teams, by name."""
    return jsonify(views=[_told(one) for one in savedviews.listed(current_agent())])


@bp.post("/api/v1/views")
@agents_only
def create_by_json() -> tuple[Response, int]:
    sent = body()
    name, view = sent.text("name", "Give it a name."), sent.text("view", "Say which.", 500)
    team_id = sent.identity("team")
    sent.done()
    saved = savedviews.save(current_agent(), name=name, view=view_of(view), team_id=team_id)
    db.session.commit()
    return jsonify(_told(saved)), 201


@bp.delete("/api/v1/views/<int:saved_id>")
@agents_only
def remove_by_json(saved_id: int) -> tuple[str, int]:
    savedviews.remove(savedviews.of(current_agent(), saved_id))
    db.session.commit()
    return "", 204


def removed_toast(agent: Agent, undo: str) -> Toast | None:
    """What is said once a saved view is gone, with the way back; None where it is about something else."""
    number = whole(undo.removeprefix(_UNDO)) if undo.startswith(_UNDO) else None
    if number is None:
        return None
    saved = savedviews.seen(agent, number)
    if saved is None or saved.removed_at is None or now() - saved.removed_at > WINDOW:
        return None
    return Toast("View removed.", f"/views/{saved.id}/restoration", saved.removed_at + WINDOW)


def _form(view: View, *, name: str, saved: SavedView | None = None, errors: dict[str, str] | None = None) -> str:
    teams = [] if saved is not None else savedviews.teams_of(current_agent())
    return page(
        "inbox/saved.html",
        view=view, view_key=view.key, chips=chips(view), back=href(view),
        saved=saved, name=name, teams=teams, errors=errors or {},
    )  # fmt: skip


def _told(saved: SavedView | Named) -> dict[str, Any]:
    where = {"view": saved.view, "href": f"/inbox/{saved.view}"}
    return {"id": saved.id, "name": saved.name, "team": saved.team_id, **where}
