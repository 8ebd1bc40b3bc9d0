"""Who calls, and who asks: X-Hub-Signature-256 over the bytes, hub.verify_token, and the proof beside our token.

Sources: developers.facebook.com/docs/graph-api/webhooks/getting-started and /docs/graph-api/guides/secure-requests.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from channels.doors import Call
from channels.meta.graph.connection import Connection

_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}\Z")


def is_genuine(call: Call, connection: Connection) -> bool:
    """Whether Meta signed these very bytes with the app's secret."""
    given = call.headers.get("x-hub-signature-256", "")
    made = "sha256=" + hmac.new(connection.app_secret.encode(), call.raw, hashlib.sha256).hexdigest()
    return bool(connection.app_secret) and hmac.compare_digest(given.encode(), made.encode())


def challenge(call: Call, connection: Connection) -> str:
    """What to say to Meta's question whether the address is ours; empty when it does not know the agreed word."""
    given = call.query.get("hub.verify_token", "")
    knows = bool(connection.verify_token) and hmac.compare_digest(given.encode(), connection.verify_token.encode())
    asked = call.query.get("hub.challenge", "")
    is_question = call.query.get("hub.mode") == "subscribe" and _CHALLENGE.match(asked) is not None
    return asked if knows and is_question else ""


def proof(connection: Connection) -> str:
    """appsecret_proof: that whoever uses the token knows the app's secret as well."""
    return hmac.new(connection.app_secret.encode(), connection.token.encode(), hashlib.sha256).hexdigest()
