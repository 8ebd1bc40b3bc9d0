"""X's signature and its challenge: HMAC-SHA256 by the app's secret, in Base64 (docs.x.com/x-api/webhooks).

Both use the same secret over whatever they are given: who may choose what the challenge signs has a signature for an
event of their own. So it signs nothing that could be one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64encode

from channels.doors import Call

_HEADER = "x-twitter-webhooks-signature"
_TOKEN = re.compile(r"[A-Za-z0-9_=+/.~-]{1,300}\Z")
"""An event is JSON and begins with a brace, which no token holds."""


def is_right(secret: str, raw: bytes, given: str) -> bool:
    """Whether X signed these very bytes."""
    return bool(secret) and hmac.compare_digest(_signed(secret, raw).encode(), given.encode("utf-8", "replace"))


def check(call: Call, secret: str) -> bool:
    return is_right(secret, call.raw, call.headers.get(_HEADER, ""))


def answer(call: Call, secret: str) -> str:
    """The answer to "is this address yours" as JSON; empty when it is not X's question.

    X may sign the question as well, over its query; then that must be right.
    """
    token, given = call.query.get("crc_token", ""), call.headers.get(_HEADER)
    if not secret or not _TOKEN.match(token):
        return ""
    if given is not None and not is_right(secret, call.url.partition("?")[2].encode(), given):
        return ""
    return json.dumps({"response_token": _signed(secret, token.encode())})


def _signed(secret: str, raw: bytes) -> str:
    return "sha256=" + b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
