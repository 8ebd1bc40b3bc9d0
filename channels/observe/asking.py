"""The way out to what is listened to: it can ask for a page, and has no means to send anything.

Everything in this folder leaves by `get` and `seek`. Neither takes a body or a method; `tests/architecture` sees to it
that there is no other way, so that nothing here can ever write where we only listen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable, SendError
from channels.provider import seconds_to_wait
from helpdesk import http
from helpdesk.now import now

MOST_BYTES = 2 * 1024 * 1024
_SECONDS = 20.0
_HOPS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_NOT_THERE = frozenset({404, 410})
_LONGEST = 24 * 3600.0
_EPOCH = 1e9
_WHILE = 300.0
"""Seconds to wait where a source wants us to wait and does not say for how long."""
_HARMLESS = frozenset({"accept", "if-none-match", "if-modified-since"})
"""Headers that may follow a redirect to another place."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page said. `is_same`: it says that nothing changed since the marks we sent along (RFC 9110, 15.4.5)."""

    url: str
    """Of the page that answered, behind redirects."""
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    modified: str = ""
    is_same: bool = False


def get(url: str, headers: Mapping[str, str] = _NOTHING) -> Answer:
    """A page that must be there.

    Raises:
        SendError: it is not there, or not for us, or not now; `RateLimited` and `Retryable` say when to ask again.
    """
    found = seek(url, headers)
    if found is None:
        raise Permanent(f"{_host(url)} knows no such page. Look at the address.", code="404")
    return found


def seek(url: str, headers: Mapping[str, str] = _NOTHING) -> Answer | None:
    """The same; None when there is no such page, or none any more."""
    for _ in range(_HOPS + 1):
        said = _ask(url, headers)
        if said.status not in _MOVED:
            return _read(url, said)
        url = _next(url, said, headers)
    raise Permanent(f"{_host(url)} sends us from page to page. Enter the last address.", code="310")


def _ask(url: str, headers: Mapping[str, str]) -> http.Response:
    try:
        return http.request("GET", url, headers=headers, limit=MOST_BYTES, timeout=_SECONDS)
    except http.Refused as error:
        raise Permanent(error.message) from error
    except http.Unreachable as error:
        raise Retryable(error.message) from error


def _read(url: str, said: http.Response) -> Answer | None:
    if said.status in _NOT_THERE:
        return None
    if said.status not in {200, 304}:
        raise _refusal(url, said)
    etag, modified = said.headers.get("etag", ""), said.headers.get("last-modified", "")
    return Answer(url, said.body, said.headers.get("content-type", ""), etag, modified, is_same=said.status == 304)


def _next(url: str, said: http.Response, headers: Mapping[str, str]) -> str:
    """Where it moved to. What carries a key goes nowhere else: the key is for the place it was typed for."""
    there = urljoin(url, said.headers.get("location", ""))
    if _origin(there) != _origin(url) and any(name.lower() not in _HARMLESS for name in headers):
        raise Permanent(f"{_host(url)} moved to another address. Enter the new one.", code=str(said.status))
    return there


def _refusal(url: str, said: http.Response) -> SendError:
    host, code = _host(url), str(said.status)
    if said.status == 429:
        return RateLimited(f"{host} asks us to wait.", code=code, retry_after=_patience(said) or _WHILE)
    if said.status in {401, 403}:
        return AuthExpired(f"{host} does not let us read this. Look at the address and the key.", code=code)
    if said.status >= 500:
        return Retryable(f"{host} is out of order.", code=code, retry_after=_patience(said))
    return Permanent(f"{host} does not understand what we ask for ({code}). Look at the settings.", code=code)


def _patience(said: http.Response) -> float:
    """Seconds we are asked to wait, a day at most: Retry-After, else until the limit is reset."""
    asked = seconds_to_wait(said.headers)
    reset = said.headers.get("ratelimit-reset") or said.headers.get("x-ratelimit-reset") or ""
    return min(max(_until(reset.strip()) if asked is None else asked, 0.0), _LONGEST)


def _until(reset: str) -> float:
    """Seconds from now: a number of them, or an instant as seconds of the epoch or in ISO 8601."""
    if reset.isascii() and reset.isdecimal():
        number = float(reset[:12])
        return number - now().timestamp() if number > _EPOCH else number
    try:
        at = datetime.fromisoformat(reset)
    except ValueError:
        return 0.0
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now()).total_seconds()


def _host(url: str) -> str:
    return urlsplit(url).hostname or "It"


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url).scheme, urlsplit(url).netloc
