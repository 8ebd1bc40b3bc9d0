"""Access tokens for Google and Microsoft mailboxes: asked for with a browser once, refreshed before they end."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from channels.adapter import AuthExpired, Permanent, Retryable
from helpdesk.http import Client, Refused, Unreachable, client
from helpdesk.now import now as wall_clock

EARLY = timedelta(minutes=5)
"""A token is replaced this long before it ends."""

_GOOGLE = ("https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token")
_MICROSOFT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/"
_SCOPES = {
    "google": "https://mail.google.com/",
    "microsoft": "offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send",
    "custom": "",
}


@dataclass(frozen=True, slots=True)
class OAuthConfig:
    """One registered application and, once somebody signed in, their refresh token. `custom` names its own URLs."""

    provider: Literal["google", "microsoft", "custom"]
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    tenant: str = "common"
    authorize_url: str = ""
    token_url: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """`refresh_token` is the one to use from now on: providers may change it with every answer, so store it."""

    value: str = field(repr=False)
    expires_at: datetime
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to send the browser, and what to keep in the session until it comes back."""

    url: str
    redirect_uri: str
    state: str
    verifier: str = field(repr=False)


def start(config: OAuthConfig, redirect_uri: str, *, login_hint: str = "") -> Start:
    """Begin a sign-in: authorisation code with PKCE (RFC 7636)."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": config.client_id,
        "redirect_uri": redirect_uri,
        "scope": _scope(config),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"access_type": "offline", "prompt": "consent"} if config.provider == "google" else {}),
        **({"login_hint": login_hint} if login_hint else {}),
    }
    return Start(f"{_urls(config)[0]}?{urlencode(query)}", redirect_uri, state, verifier)


def finish(config: OAuthConfig, begun: Start, *, state: str, code: str, http: Client | None = None) -> Token:
    """Exchange the code the browser brought back.

    Raises:
        Permanent: the answer is not to the sign-in that was begun. AuthExpired, Retryable: as in `access_token`.
    """
    if not secrets.compare_digest(begun.state.encode(), state.encode()):
        raise Permanent("This sign-in was begun elsewhere or has ended. Begin again.")
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": begun.redirect_uri}
    token = _ask(config, {**grant, "code_verifier": begun.verifier}, wall_clock(), http)
    if not token.refresh_token:
        raise Permanent("The provider gave no lasting permission. Begin again and allow access while you are away.")
    return token


def access_token(config: OAuthConfig, now: datetime, *, http: Client | None = None) -> Token:
    """A new access token for the refresh token of `config`.

    Raises:
        AuthExpired: the permission was withdrawn or has ended. Retryable: the provider cannot be reached now.
        Permanent: the application is not set up as the provider knows it.
    """
    if not config.refresh_token:
        raise AuthExpired("This mailbox has not been signed in yet.")
    grant = {"grant_type": "refresh_token", "refresh_token": config.refresh_token, "scope": _scope(config)}
    return _ask(config, grant, now, http)


class Tokens:
    """The secret of one mailbox: its current access token, renewed when due; safe to share between threads.

    `store` receives each new refresh token and must have kept it when it returns.
    """

    def __init__(self, config: OAuthConfig, store: Callable[[str], None], *, http: Client | None = None) -> None:
        self._config = config
        self._store = store
        self._http = http
        self._lock = threading.Lock()
        self._token: Token | None = None

    def __call__(self, *, fresh: bool = False) -> str:
        with self._lock:
            if fresh or self._token is None or self._token.expires_at - EARLY <= wall_clock():
                self._token = self._renewed()
            return self._token.value

    def _renewed(self) -> Token:
        token = access_token(self._config, wall_clock(), http=self._http)
        if token.refresh_token != self._config.refresh_token:
            self._store(token.refresh_token)
            self._config = replace(self._config, refresh_token=token.refresh_token)
        return token


def _ask(config: OAuthConfig, grant: dict[str, str], now: datetime, http: Client | None) -> Token:
    form = {**grant, "client_id": config.client_id}
    if config.client_secret:
        form["client_secret"] = config.client_secret
    try:
        answer = (http or client()).request("POST", _urls(config)[1], form=form, limit=256 * 1024)
    except Unreachable as error:
        raise Retryable(f"The sign-in service could not be reached: {error.message}") from error
    except Refused as error:
        raise Permanent(f"The sign-in service is not allowed: {error.message}") from error
    fields = _fields(answer.body)
    if answer.status != 200:
        raise _refusal(answer.status, str(fields.get("error", "")))
    value, lasts = fields.get("access_token"), fields.get("expires_in", 3600)
    if not isinstance(value, str) or not value or not str(lasts).isdigit():
        raise Retryable("The sign-in service gave an answer that could not be read.")
    renewed = fields.get("refresh_token") or config.refresh_token
    return Token(value, now + timedelta(seconds=int(lasts)), str(renewed))


def _refusal(status: int, error: str) -> AuthExpired | Permanent | Retryable:
    """What an error answer means (RFC 6749 5.2); the provider's own words are not repeated, they may hold a token."""
    if error in {"invalid_grant", "interaction_required", "consent_required", "login_required"}:
        return AuthExpired("The permission for this mailbox has ended or was withdrawn. Sign in again.", code=error)
    if status == 429 or status >= 500 or error in {"temporarily_unavailable", "server_error"}:
        return Retryable("The sign-in service is busy.", code=str(status))
    known = error if re.fullmatch(r"[a-z_]{1,40}", error) else str(status)
    return Permanent(f"The sign-in service refused this application ({known}). Check its client id and secret.")


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _urls(config: OAuthConfig) -> tuple[str, str]:
    """Where to authorise and where to get tokens."""
    if config.provider == "custom":
        return config.authorize_url, config.token_url
    if config.provider == "google":
        return _GOOGLE
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}", config.tenant):
        raise Permanent("This is not the name or id of a Microsoft tenant.")
    base = _MICROSOFT.format(tenant=config.tenant)
    return f"{base}authorize", f"{base}token"


def _scope(config: OAuthConfig) -> str:
    return config.scope or _SCOPES[config.provider]
