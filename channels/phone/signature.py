"""Twilio's signature: HMAC-SHA1 by the Auth Token over the address and the sorted form.

Source: twilio.com/docs/usage/security, "Validating requests". A body of JSON is not signed itself: its SHA-256 stands
in the address as `bodySHA256`. Whether the port stands in the address differs between products and schemes, so it
counts with and without; Twilio's own libraries do the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from channels.doors import Call
from channels.phone import fields

HEADER = "X-Twilio-Signature"
_PORTS = {"http": 80, "https": 443}


def is_genuine(token: str, call: Call) -> bool:
    """Whether the holder of `token` made this call. Nothing of it is believed before.

    Raises:
        Quarantine: it has too many fields to be looked at.
    """
    given = call.headers.get(HEADER.lower(), "")
    if "json" not in call.headers.get("content-type", ""):
        return is_right(token, call.url, fields.values(call.raw), given)
    digest = hashlib.sha256(call.raw).hexdigest()
    same = hmac.compare_digest(call.query.get("bodySHA256", "").encode(), digest.encode())
    return same and is_right(token, call.url, {}, given)


def is_right(token: str, url: str, form: Mapping[str, Sequence[str]], given: str) -> bool:
    """Whether the holder of `token` sent this form to this address; compared in constant time."""
    if not token or not given:
        return False
    return any(hmac.compare_digest(sign(token, one, form).encode(), given.encode()) for one in _spellings(url))


def sign(token: str, url: str, form: Mapping[str, Sequence[str]]) -> str:
    """The value of the header. A name that stands there twice is signed with each of its values, sorted."""
    said = "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.digest(token.encode(), (url + said).encode(), hashlib.sha1)).decode()


def _spellings(url: str) -> Iterable[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme, 443)
    named = urlunsplit(parts._replace(netloc=f"{host}:{port}"))
    bare = urlunsplit(parts._replace(netloc=host))
    return dict.fromkeys((url, named, bare))
