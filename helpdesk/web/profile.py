"""Settings, Your profile: name, zone, theme, undo window, keys, password and where one is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access import clients, guards, sessions, signin, standing
from helpdesk.access.browsers import described
from helpdesk.access.destinations import local_path
from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.errors import Invalid, TooMany
from helpdesk.people import profile
from helpdesk.people.profile import UNDO_SECONDS, Profile
from helpdesk.text.zones import zone_choices
from helpdesk.web.rendering import page

bp = Blueprint("profile", __name__)

PROFILE = "/settings/profile"

_THEMES = {"": "As the system", "light": "Light", "dark": "Dark"}
_UNDO = {seconds: f"{seconds} seconds" if seconds else "Off, send at once" for seconds in UNDO_SECONDS}
_SAID = {
    "saved": "Saved.",
    "password": "The password is changed. Every other browser was signed out.",
    "ended": "That browser is signed out.",
    "ended-all": "Every other browser is signed out.",
}
"""What the page says after a form that led to it; the address only names the sentence."""


@dataclass(frozen=True)
class Browser:
    """Where somebody is signed in, in words."""

    id: int
    name: str
    address: str
    seen_at: datetime
    is_this: bool

    @classmethod
    def of(cls, session: Session, *, this: Session | None) -> Browser:
        is_this = this is not None and session.id == this.id
        return cls(session.id, described(session.browser), session.address, session.seen_at, is_this)


@bp.get(PROFILE)
@agents_only
def show() -> str:
    return _page()


@bp.post(PROFILE)
@agents_only
def save() -> Response | tuple[str, int]:
    try:
        profile.update(current_agent(), _choices())
    except Invalid as error:
        return _page(form=request.form, errors=error.fields), error.status
    db.session.commit()
    return _said("saved")


@bp.post(f"{PROFILE}/password")
@agents_only
def change_password() -> Response | tuple[str, int]:
    agent, session = current_agent(), guards.signed_in_session()
    if session is None:
        raise RuntimeError("a signed-in agent has a session")
    try:
        signin.confirm(agent, request.form.get("current", ""), client=clients.address(request))
        standing.change_password(agent, request.form.get("password", ""), at=session)
    except Invalid as error:
        return _page(errors=error.fields), error.status
    except TooMany as error:
        return _page(errors={"current": error.message}), error.status
    db.session.commit()
    return _said("password")


@bp.post(f"{PROFILE}/sessions/<int:session_id>/end")
@agents_only
def end_session(session_id: int) -> Response:
    sessions.end_one(current_agent(), session_id)
    db.session.commit()
    return _said("ended")


@bp.post(f"{PROFILE}/sessions/end")
@agents_only
def end_other_sessions() -> Response:
    sessions.end_all(current_agent(), except_=guards.signed_in_session())
    db.session.commit()
    return _said("ended-all")


@bp.post("/theme")
@agents_only
def set_theme() -> Response:
    """From the menu on every page; a script that already changed the page wants no page back."""
    profile.set_theme(current_agent(), request.form.get("theme", ""))
    db.session.commit()
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return Response(status=204)
    return redirect(_came_from(), 303)


def _choices() -> Profile:
    form = request.form
    seconds = form.get("undo_seconds", "")
    return Profile(
        name=form.get("name", ""),
        zone=form.get("zone", ""),
        theme=form.get("theme", ""),
        undo_seconds=int(seconds) if seconds.isascii() and seconds.isdecimal() and len(seconds) < 4 else -1,
        single_keys="single_keys" in form,
    )


def _page(*, form: Mapping[str, str] | None = None, errors: Mapping[str, str] | None = None) -> str:
    agent, session = current_agent(), guards.signed_in_session()
    return page(
        "settings/profile.html",
        section="settings",
        here=PROFILE,
        me=agent,
        form=form,
        errors=errors or {},
        zones=zone_choices(),
        themes=_THEMES,
        undo=_UNDO,
        browsers=[Browser.of(living, this=session) for living in sessions.living(agent)],
        said=_SAID.get(request.args.get("said", ""), ""),
    )


def _said(what: str) -> Response:
    return redirect(f"{PROFILE}?said={what}", 303)


def _came_from() -> str:
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return "/"
    return local_path(parts._replace(scheme="", netloc="", fragment="").geturl())
