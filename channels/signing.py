"""Signing: a short text that only this server can have written, for pages of strangers who have no session.

The keys come from the vault, one for each purpose, so nothing is stored and a text for one purpose is none for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from helpdesk.vault import vault

_BYTES = 24  # of the signature: 192 bits
_MOST = 2000


def sign(purpose: str, *parts: str) -> str:
    """`parts`, none of which holds a dot, and a signature, joined by dots."""
    text = ".".join(parts)
    return f"{text}.{_mac(vault().derive(purpose)[0], text)}"


def read(purpose: str, signed: str, count: int) -> tuple[str, ...] | None:
    """The `count` parts; None when it is not ours, not for this purpose or of another shape."""
    text, _, mac = signed.rpartition(".")
    if not text or len(signed) > _MOST or not signed.isascii():
        return None
    if not any(hmac.compare_digest(_mac(key, text), mac) for key in vault().derive(purpose)):
        return None
    parts = tuple(text.split("."))
    return parts if len(parts) == count else None


def name_of(purpose: str, text: str) -> str:
    """A name that is always the same for this text and tells nothing of it."""
    return _mac(vault().derive(purpose)[0], text)[:22]


def new_key() -> str:
    """128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def packed(text: str) -> str:
    """`text` as a part that holds no dot."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpacked(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


def _mac(key: bytes, text: str) -> str:
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()[:_BYTES]
    return base64.urlsafe_b64encode(digest).decode()
