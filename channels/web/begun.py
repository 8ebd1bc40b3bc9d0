"""A sign-in at Google or Microsoft that was begun: what the browser keeps, sealed, until it comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

from flask import Request, Response

from channels.email.oauth import Start
from helpdesk.access.guards import signed_in_session
from helpdesk.access.sessions import secure
from helpdesk.now import now
from helpdesk.vault import Unreadable, vault

PATH = "/settings/mailboxes/oauth"
_LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """Which mailbox is signed in to, and what `oauth.finish` compares the answer with."""

    channel_id: int
    start: Start


def hand_over(response: Response, begun: Begun) -> None:
    """Only this server reads it, only for this agent's session, only for ten minutes; PKCE's verifier is in it."""
    start = begun.start
    kept = [begun.channel_id, start.redirect_uri, start.state, start.verifier, (now() + _LASTS).timestamp()]
    sealed = vault().seal(json.dumps(kept), _context())
    response.set_cookie(
        _name(), sealed, max_age=_LASTS, path=PATH, secure=secure(), httponly=True, samesite="Lax"
    )  # Lax: the provider sends the browser back from another site


def take_up(request: Request) -> Begun | None:
    """What was begun in this session; None when nothing was, or too long ago."""
    try:
        kept = json.loads(vault().open(request.cookies.get(_name(), ""), _context()))
    except Unreadable:
        return None
    channel_id, redirect_uri, state, verifier, until = kept
    if now().timestamp() > until:
        return None
    return Begun(channel_id, Start(url="", redirect_uri=redirect_uri, state=state, verifier=verifier))


def take_back(response: Response) -> None:
    """It serves once."""
    response.delete_cookie(_name(), path=PATH, secure=secure(), httponly=True, samesite="Lax")


def _name() -> str:
    return "__Secure-kept-mailbox" if secure() else "kept-mailbox"


def _context() -> str:
    session = signed_in_session()
    return f"mailbox sign-in:{session.id if session is not None else 0}"
