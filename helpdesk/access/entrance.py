"""The entrance every request passes: its session is looked up, and what changes things must prove where it is from."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from helpdesk.access import csrf, guards, sessions
from helpdesk.access.readers import Readers, ends
from helpdesk.db import db


def install(app: Flask) -> None:
    """Load the session and check unsafe requests before any view runs; `csrf_token()` serves templates."""
    app.extensions["readers"] = Readers()
    app.before_request(_admit)
    app.after_request(_see_out)
    app.jinja_env.globals["csrf_token"] = csrf.token


def _admit() -> None:
    if request.endpoint is None or request.endpoint == "static":
        return
    if _guard_of(request.endpoint) == "signed":
        g.session = g.agent = None  # its signature is its proof; a cookie that comes along means nothing
        return
    token = request.cookies.get(sessions.cookie_name(), "")
    g.session = sessions.load(token)
    if g.session is not None and ends(current_app.extensions["readers"], g.session, request):
        db.session.commit()
        g.session, g.ended = None, "reading"
    g.agent = g.session.agent if g.session is not None else None
    if g.session is not None and sessions.is_stale(g.session):
        sessions.touch(g.session.id)
        g.renewed_token = token
    if g.session is None and _guard_of(request.endpoint) in {"agents", "admins"}:
        return  # there is nothing to forge: the guard turns it away with a 401
    csrf.check(request)


def _see_out(response: Response) -> Response:
    if g.get("renewed_token") and not response.headers.getlist("Set-Cookie"):
        sessions.hand_over(response, g.renewed_token)
    csrf.hand_over(response)
    return response


def _guard_of(endpoint: str) -> str:
    return guards.guard_of(current_app.view_functions[endpoint])
