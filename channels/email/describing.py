"""An Envelope as the JSON object support sees: what the product makes of a mail."""

from __future__ import annotations

import hashlib
from typing import Any

from channels.adapter import Bounce, Envelope, Part, Party


def describe(envelope: Envelope) -> dict[str, Any]:
    """The object `flask mail parse` prints; dates are ISO 8601 in UTC, sizes bytes."""
    return {
        "message_id": envelope.message_id,
        "from": _party(envelope.author),
        "to": [_party(party) for party in envelope.to],
        "cc": [_party(party) for party in envelope.cc],
        "subject": envelope.subject,
        "date": envelope.date.isoformat() if envelope.date else None,
        "text": envelope.text,
        "html": envelope.html,
        "reply_text": envelope.reply_text,
        "kind": envelope.kind.value,
        "in_reply_to": envelope.in_reply_to,
        "references": list(envelope.references),
        "attachments": [_part(part) for part in envelope.attachments],
        "bounce": _bounce(envelope.bounces[0]) if envelope.bounces else None,
        "reply_to": [_party(party) for party in envelope.reply_to],
        "delivered_to": list(envelope.delivered_to),
        "suspicion": envelope.suspicion,
        "synthetic_id": envelope.synthetic_id,
        "protected": envelope.protected,
        "language": envelope.language,
    }


def _party(party: Party) -> dict[str, str]:
    return {"email": party.address, "name": party.name}


def _part(part: Part) -> dict[str, Any]:
    return {
        "filename": part.filename,
        "type": part.content_type,
        "size": len(part.content),
        "sha256": hashlib.sha256(part.content).hexdigest(),
        "inline": part.inline,
        "cid": part.cid,
    }


def _bounce(bounce: Bounce) -> dict[str, str]:
    return {
        "recipient": bounce.recipient,
        "status": bounce.status,
        "action": bounce.action,
        "original_id": bounce.original_id,
    }
