"""Who a visitor is, as the site's own server signed it: a JSON Web Token with HS256 (RFC 7515, RFC 7519).

Only that one algorithm is read whatever the token says of itself. It must name an address and an end that is at most a
day away; a token that a browser leaked is of no use for long.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from helpdesk.now import now
from helpdesk.people.addresses import normalised
from helpdesk.text.plain import snippet

LONGEST = timedelta(days=1)
_MOST = 4096
_LEAST_SECRET = 32
"""Characters of a secret that is worth signing with."""
_SKEW = 60
_NAME = 120


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified person; `email` is normalised."""

    email: str
    name: str


def read(token: str, secret: str) -> Identity | None:
    """Who it is; None when it is forged, over, or not as agreed."""
    pieces = token.split(".")
    if len(secret) < _LEAST_SECRET or len(token) > _MOST or len(pieces) != 3 or not token.isascii():
        return None
    head, body, signature = pieces
    expected = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(expected, _bytes(signature)) or _object(head).get("alg") != "HS256":
        return None
    return _claimed(_object(body))


def _claimed(claims: dict[str, Any]) -> Identity | None:
    ends, begins = _instant(claims.get("exp")), _instant(claims.get("nbf", 0))
    if ends is None or begins is None:
        return None
    at = now().timestamp()
    if not at - _SKEW < ends <= at + LONGEST.total_seconds() + _SKEW or begins > at + _SKEW:
        return None
    email = claims.get("email")
    address = normalised(email) if isinstance(email, str) else ""
    name = claims.get("name")
    return Identity(address, snippet(name, _NAME) if isinstance(name, str) else "") if address else None


def _instant(value: object) -> float | None:
    """POSIX seconds."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
