"""What a browser shows, as the JSON its worker reads (frontend/worker/push.ts): at most 3 kB. Pure."""

from __future__ import annotations

import base64
import hashlib
import json

from channels.adapter import Outbound

LONGEST = 3000
_TITLE = 160
_MORE = "…"
_WIDEST = 6
"""Bytes of the widest character in JSON."""


def of(outbound: Outbound) -> bytes:
    """{"title", "body", "link", "tag", "asks"} in UTF-8; of too many words the last are left out."""
    body, more = outbound.text, ""
    while body and (over := len(_json(outbound, body + more)) - LONGEST) > 0:
        body, more = body[: -max(1, over // _WIDEST)], _MORE
    return _json(outbound, body + more)


def topic(outbound: Outbound) -> str:
    """Of two messages with the same topic the later takes the earlier's place (RFC 8030, section 5.4: 32 characters).

    It is of what is said, so that a second try replaces the first, and of nothing a push service could learn from.
    """
    digest = hashlib.sha256((outbound.link or str(outbound.key)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:32]


def _json(outbound: Outbound, body: str) -> bytes:
    said = {
        "title": outbound.subject[:_TITLE],
        "body": body,
        "link": outbound.link,
        "tag": topic(outbound),
        "asks": outbound.answerable,
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
