"""The guard of a route: one of `agents_only`, `admins_only`, `signed` and `public`, and who is signed in behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import g, redirect, request
from werkzeug.exceptions import Unauthorized

from helpdesk.access.models import Session
from helpdesk.errors import NotFound
from helpdesk.people.models import Agent

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Anybody may call it."""
    return _marked(view, "public")


def signed(check: Callable[..., bool]) -> Callable[[View], View]:
    """Only a program whose signature `check` knows may call it; it has neither session nor form token.

    `check` gets what the view gets and reads the request itself.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **keywords: Any) -> Any:
            if not check(*arguments, **keywords):
                raise Unauthorized("The signature of this request is missing, too old or not right.")
            return view(*arguments, **keywords)

        return _marked(cast(View, guarded), "signed")

    return guard


def agents_only(view: View) -> View:
    """Only who is signed in may call it; a page asked for by a browser leads to sign-in, everything else is a 401."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> Any:
        if signed_in_agent() is None:
            return _turn_away()
        return view(*arguments, **keywords)

    return _marked(cast(View, guarded), "agents")


def admins_only(view: View) -> View:
    """Only administrators may call it; for every other agent it does not exist."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> Any:
        agent = signed_in_agent()
        if agent is None:
            return _turn_away()
        if not agent.is_admin:
            raise NotFound("There is no such page here.")
        return view(*arguments, **keywords)

    return _marked(cast(View, guarded), "admins")


def current_agent() -> Agent:
    """Who asks.

    Raises:
        Unauthorized: nobody is signed in.
    """
    agent = signed_in_agent()
    if agent is None:
        raise Unauthorized("Sign in to go on.")
    return agent


def signed_in_agent() -> Agent | None:
    agent: Agent | None = g.get("agent")
    return agent


def signed_in_session() -> Session | None:
    """The session of this request, loaded by the entrance."""
    session: Session | None = g.get("session")
    return session


def guard_of(view: Callable[..., Any]) -> str:
    """The name of a view's guard, empty when it has none."""
    name: str = getattr(view, "guard", "")
    return name


def _marked(view: View, name: str) -> View:
    if guard_of(view):
        raise TypeError(f"{view.__name__} has a guard already")
    view.guard = name  # type: ignore[attr-defined]
    return view


def _turn_away() -> Any:
    if not _is_a_page():
        raise Unauthorized("Sign in to go on.")
    asked = {"next": request.full_path.removesuffix("?")}
    if g.get("ended"):
        asked["ended"] = g.ended
    return redirect(f"/sign-in?{urlencode(asked)}", 303)


def _is_a_page() -> bool:
    """Whether somebody looks at an address, as opposed to a script, a form or a stream asking for it."""
    kinds = request.accept_mimetypes
    return (
        request.method in {"GET", "HEAD"}
        and not request.path.startswith("/api/")
        and "HX-Request" not in request.headers
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and (not kinds or (kinds.accept_html and kinds.best != "application/json"))
    )
