"""Proof that a form was ours: a token bound to the browser's cookie, and the browser's word on where it came from."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Request, Response, g, request

from helpdesk.access import sessions
from helpdesk.errors import DomainError
from helpdesk.settings import settings

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

_FOREIGN = "This came from another page than ours, so nothing was changed. Open the page here and do it again."
_STALE = "This page was open for too long, so nothing was changed. Load it again and repeat the last step."


def cookie_name() -> str:
    """The cookie that stands in for a session on the forms before sign-in."""
    return sessions.cookie_name() + "-form"


def token() -> str:
    """The token for forms of this browser. Without the cookie's secret nobody can work it out."""
    secret = _secret(request)
    if not secret:
        secret = g.new_form_secret = secrets.token_urlsafe(32)
    if g.get("form_token_of") != secret:
        g.form_token_of, g.form_token = secret, _derived(secret)  # a page has it in twenty forms
    made: str = g.form_token
    return made


def check(asked: Request) -> None:
    """Let an unsafe request pass only with the token and, where the browser names it, from this origin.

    Raises:
        DomainError: neither is so; the request must change nothing.
    """
    if asked.method in SAFE:
        return
    if not _from_here(asked):
        raise DomainError(_FOREIGN)
    secret = _secret(asked)
    given = asked.headers.get(HEADER) or asked.form.get(FIELD) or asked.form.get("csrf") or ""
    if not secret or not hmac.compare_digest(given.encode(), _derived(secret).encode()):
        raise DomainError(_STALE)


def hand_over(response: Response) -> None:
    """Set the cookie that a form made in this request is bound to."""
    secret = g.get("new_form_secret")
    if secret:
        response.set_cookie(cookie_name(), secret, path="/", secure=sessions.secure(), httponly=True, samesite="Lax")


def _secret(asked: Request) -> str:
    """What the token is bound to: the session's cookie while the session lives, else the form cookie."""
    if g.get("session") is not None:
        return asked.cookies.get(sessions.cookie_name(), "")
    made: str = g.get("new_form_secret", "")
    return made or asked.cookies.get(cookie_name(), "")


def _derived(secret: str) -> str:
    return hmac.new(secret.encode(), b"kept form", hashlib.sha256).hexdigest()


def _from_here(asked: Request) -> bool:
    """Fetch metadata and Origin where sent; both absent means no browser, and then the token alone decides."""
    if asked.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = asked.headers.get("Origin")
    if origin is None:
        return True
    return origin == _origin(settings().base_url) or urlsplit(origin).netloc == asked.host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
