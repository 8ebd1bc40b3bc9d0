"""One call of Meta's holds many events, for several pages or numbers: each is stored by itself, as a call of its own.

{"object": ..., "entry": [{"id": ..., "time": ..., "messaging" or "changes": [...]}]}
(developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications). Up to a thousand come at once.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from channels.adapter import Arrival, Quarantine
from channels.payloads import Payload, load

_LONGEST_NAME = 400
_OTHER = "It is not what this channel gets from Meta."


def entries(raw: bytes, about: str) -> list[Payload]:
    """The entries of a call about `about`: page, instagram or whatsapp_business_account.

    Raises:
        Quarantine: it is none.
    """
    whole = load(raw)
    if whole.text("object") != about or not isinstance(whole.fields.get("entry"), list):
        raise Quarantine(_OTHER)
    return whole.parts("entry")


def only(payload: Payload) -> Payload:
    """The one entry of what `alone` made.

    Raises:
        Quarantine: it holds none, or several.
    """
    found = payload.parts("entry")
    if len(found) != 1:
        raise Quarantine(_OTHER)
    return found[0]


def alone(about: str, entry: Payload, inside: dict[str, Any], name: str, address: str) -> Arrival:
    """One event as a call that holds nothing else; `inside` is what its entry has beside its id and time."""
    kept = {field: entry.fields[field] for field in ("id", "time") if field in entry.fields}
    raw = _written({"object": about, "entry": [{**kept, **inside}]})
    named = name if name and len(name) <= _LONGEST_NAME else f"event:{hashlib.sha256(raw).hexdigest()}"
    return Arrival(named, raw, address=address)


def _written(said: dict[str, Any]) -> bytes:
    try:
        return json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # halves of characters
        return json.dumps(said).encode()
