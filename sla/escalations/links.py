"""The link in a page: it names the page and proves that we sent it; opening it changes nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac

from helpdesk.settings import settings
from helpdesk.vault import vault

_LENGTH = 12


def link(page_id: int) -> str:
    """Where "on it" is pressed."""
    return settings().address(f"/on-it/{token(page_id)}")


def token(page_id: int) -> str:
    return f"{page_id}-{_proof(page_id, vault().derive('page')[0])}"


def read(said: str) -> int | None:
    """The page a token is for; None when we did not make it."""
    number, _, proof = said.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    page_id = int(number)
    known = any(hmac.compare_digest(_proof(page_id, key), proof) for key in vault().derive("page"))
    return page_id if known else None


def _proof(page_id: int, key: bytes) -> str:
    digest = hmac.digest(key, str(page_id).encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest)[:_LENGTH].decode()
