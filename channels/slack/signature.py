"""Slack's signature, v0: HMAC-SHA256 by the signing secret over time stamp and raw body, at most five minutes old.

Source: docs.slack.dev/authentication/verifying-requests-from-slack. The kit's own check reads the body as text first,
so it cannot judge bytes that are none.
"""

from __future__ import annotations

import hashlib
import hmac

from helpdesk.now import now

_WINDOW = 300
"""Seconds, before and after."""


def is_right(secret: str, body: bytes, stamp: str, given: str) -> bool:
    """Whether Slack signed these very bytes lately."""
    if not secret or not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        return False
    if abs(now().timestamp() - int(stamp)) > _WINDOW:
        return False
    wanted = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={wanted}".encode(), given.encode("utf-8", "replace"))
