"""Who sends a push message: a token signed by the one key of this house, which browsers were given (RFC 8292)."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from channels.push.encryption import point

_LASTS = timedelta(hours=12)
"""A push service refuses a token that lasts longer than a day (RFC 8292, section 2)."""


def made() -> str:
    """A new private key, as text to seal."""
    return _text(generate_private_key(SECP256R1()).private_numbers().private_value.to_bytes(32, "big"))


def read(key: str) -> EllipticCurvePrivateKey:
    """The private key that `made` gave as text."""
    return derive_private_key(int.from_bytes(base64.urlsafe_b64decode(key + "=="), "big"), SECP256R1())


def public(key: EllipticCurvePrivateKey) -> str:
    """What a browser is given as `applicationServerKey`."""
    return _text(point(key.public_key()))


def authorization(key: EllipticCurvePrivateKey, endpoint: str, subject: str, at: datetime) -> str:
    """The header's value for a message to `endpoint` from `at` (UTC) on; `subject` says how we are reached."""
    there = urlsplit(endpoint)
    claims = {"aud": f"{there.scheme}://{there.netloc}", "exp": int((at + _LASTS).timestamp()), "sub": subject}
    signed = ".".join(_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")  # RFC 7518, section 3.4
    return f"vapid t={signed}.{_text(signature)}, k={public(key)}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
