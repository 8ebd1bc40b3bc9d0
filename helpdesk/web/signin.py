"""The way in: sign-in, a forgotten password, an invitation; and the way out."""

from __future__ import annotations

import secrets
import threading
import time

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from helpdesk.access import clients, guards, links, sessions, signin
from helpdesk.access.destinations import local_path
from helpdesk.access.guards import agents_only, public
from helpdesk.access.models import OneTimeLink
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid, TooMany
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.settings import settings
from helpdesk.web.rendering import page

bp = Blueprint("signin", __name__)

_EVEN_MILLISECONDS = 250
_UNEVEN_MILLISECONDS = 50


@bp.get("/sign-in")
@public
def show() -> str | Response:
    if guards.signed_in_agent() is not None:
        return redirect(_destination(), 303)
    return _form()


@bp.post("/sign-in")
@public
def enter() -> tuple[str, int, dict[str, str]] | Response:
    email = request.form.get("email", "")
    try:
        agent = signin.with_password(email, request.form.get("password", ""), client=clients.address(request))
    except (Invalid, TooMany) as error:
        return _form(email=email, error=error), error.status, _retry_after(error)
    return _let_in(agent, _destination())


@bp.get("/sign-in/forgot")
@public
def forgot() -> str:
    return page("access/forgot.html", email="", errors={})


@bp.post("/sign-in/forgot")
@public
def send_link() -> str | tuple[str, int, dict[str, str]]:
    """The same words, and after the same time, whether anybody has the address or not."""
    began = time.monotonic()
    email = request.form.get("email", "")
    try:
        signin.forgotten(email, client=clients.address(request))
    except (Invalid, TooMany) as error:
        form = page("access/forgot.html", email=email, errors=_errors(error))
        return form, error.status, _retry_after(error)
    db.session.commit()
    _even_out(began)
    return page("access/forgot_sent.html")


@bp.get("/sign-in/reset/<token>")
@public
def reset(token: str) -> str:
    return _password_form(links.find("reset", token))


@bp.post("/sign-in/reset/<token>")
@public
def set_new_password(token: str) -> tuple[str, int] | Response:
    return _take_password(links.find("reset", token))


@bp.get("/invitation/<token>")
@public
def invitation(token: str) -> str:
    return _password_form(links.find("invitation", token))


@bp.post("/invitation/<token>")
@public
def accept_invitation(token: str) -> tuple[str, int] | Response:
    return _take_password(links.find("invitation", token))


@bp.post("/sign-out")
@agents_only
def leave() -> Response:
    session = guards.signed_in_session()
    if session is not None:
        sessions.end(session)
    db.session.commit()
    response = redirect("/sign-in", 303)
    sessions.take_back(response)
    return response


def _form(email: str = "", error: DomainError | None = None) -> str:
    return page(
        "access/signin.html",
        greeting=_greeting(),
        email=email,
        next=_destination(),
        ended=request.args.get("ended", ""),
        errors=_errors(error),
        demo=settings().demo,
    )


def _password_form(link: OneTimeLink, error: DomainError | None = None) -> str:
    return page(
        "access/new_password.html", agent=link.agent, invited=link.purpose == "invitation", errors=_errors(error)
    )


def _take_password(link: OneTimeLink) -> tuple[str, int] | Response:
    try:
        agent = links.use(link, request.form.get("password", ""))
    except Invalid as error:
        return _password_form(link, error), error.status
    return _let_in(agent, "/")


def _let_in(agent: Agent, destination: str) -> Response:
    token = sessions.begin(agent, request)
    db.session.commit()
    response = redirect(destination, 303)
    sessions.hand_over(response, token)
    return response


def _destination() -> str:
    return local_path(request.values.get("next", ""))


def _greeting() -> str:
    """By the house's clock: who comes is not known yet."""
    hour = now().astimezone().hour
    if 5 <= hour < 12:
        return "Good morning."
    return "Good afternoon." if 12 <= hour < 18 else "Good evening."


def _errors(error: DomainError | None) -> dict[str, str]:
    """The sentence beside each field; one about the whole stands under ""."""
    if error is None:
        return {}
    return error.fields if isinstance(error, Invalid) else {"": error.message}


def _retry_after(error: DomainError) -> dict[str, str]:
    return {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}


def _even_out(began: float) -> None:
    """Wait until a moment that says nothing of what was done before it."""
    wanted = (_EVEN_MILLISECONDS + secrets.randbelow(_UNEVEN_MILLISECONDS)) / 1000
    threading.Event().wait(max(0.0, wanted - (time.monotonic() - began)))
