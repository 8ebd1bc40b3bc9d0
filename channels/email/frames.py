"""How envelopes cross the pipe to and from the parser process: lengths, JSON, then raw bytes. No pickle."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any

from channels.adapter import Authentication, Bounce, Envelope, Kind, Part, Party

_LENGTHS = struct.Struct(">IQ")
HEAD_BYTES = _LENGTHS.size

Read = Callable[[int], bytes]
"""Reads exactly so many bytes or raises EOFError."""


def pack(facts: dict[str, Any], sections: list[bytes]) -> list[bytes]:
    """One frame as chunks to write: JSON facts and the byte sections that go with them."""
    head = json.dumps({**facts, "sizes": [len(one) for one in sections]}, separators=(",", ":")).encode("ascii")
    return [_LENGTHS.pack(len(head), sum(map(len, sections))), head, *sections]


def unpack(read: Read) -> tuple[dict[str, Any], list[bytes]]:
    """The next frame.

    Raises:
        EOFError: the other side is gone.
        ValueError: what came is no frame.
    """
    head, total = _LENGTHS.unpack(read(HEAD_BYTES))
    facts = json.loads(read(head))
    sizes = facts["sizes"]
    if sum(sizes) != total:
        raise ValueError("The sections do not add up.")
    return facts, [read(size) for size in sizes]


def envelope_out(envelope: Envelope) -> tuple[dict[str, Any], list[bytes]]:
    """An envelope as JSON facts and the contents of its attachments."""
    facts = {
        "message_id": envelope.message_id,
        "author": _pair(envelope.author),
        "subject": envelope.subject,
        "text": envelope.text,
        "html": envelope.html,
        "shown_html": envelope.shown_html,
        "remote_images": envelope.remote_images,
        "reply_text": None if envelope.reply_text == envelope.text else envelope.reply_text,
        "kind": envelope.kind.value,
        "to": [_pair(party) for party in envelope.to],
        "cc": [_pair(party) for party in envelope.cc],
        "reply_to": [_pair(party) for party in envelope.reply_to],
        "delivered_to": envelope.delivered_to,
        "date": envelope.date.isoformat() if envelope.date else None,
        "in_reply_to": envelope.in_reply_to,
        "references": envelope.references,
        "parts": [(part.filename, part.content_type, part.inline, part.cid, part.key) for part in envelope.attachments],
        "bounces": [(one.recipient, one.status, one.action, one.original_id) for one in envelope.bounces],
        "authentication": (envelope.authentication.spf, envelope.authentication.dkim, envelope.authentication.dmarc),
        "suspicion": envelope.suspicion,
        "synthetic_id": envelope.synthetic_id,
        "protected": envelope.protected,
        "language": envelope.language,
        "content_key": envelope.content_key,
    }
    return facts, [part.content for part in envelope.attachments]


def envelope_in(facts: dict[str, Any], sections: list[bytes]) -> Envelope:
    """The envelope `envelope_out` described.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Envelope(
        message_id=facts["message_id"],
        author=Party(*facts["author"]),
        subject=facts["subject"],
        text=facts["text"],
        html=facts["html"],
        shown_html=facts["shown_html"],
        remote_images=tuple(facts["remote_images"]),
        reply_text=facts["text"] if facts["reply_text"] is None else facts["reply_text"],
        kind=Kind(facts["kind"]),
        to=_parties(facts["to"]),
        cc=_parties(facts["cc"]),
        reply_to=_parties(facts["reply_to"]),
        delivered_to=tuple(facts["delivered_to"]),
        date=datetime.fromisoformat(facts["date"]) if facts["date"] else None,
        in_reply_to=facts["in_reply_to"],
        references=tuple(facts["references"]),
        attachments=tuple(
            Part(filename, content_type, content, inline=inline, cid=cid, key=key)
            for (filename, content_type, inline, cid, key), content in zip(facts["parts"], sections, strict=True)
        ),
        bounces=tuple(Bounce(*one) for one in facts["bounces"]),
        authentication=Authentication(*facts["authentication"]),
        suspicion=facts["suspicion"],
        synthetic_id=facts["synthetic_id"],
        protected=facts["protected"],
        language=facts["language"],
        content_key=facts["content_key"],
    )


def _pair(party: Party) -> tuple[str, str]:
    return party.address, party.name


def _parties(pairs: list[list[str]]) -> tuple[Party, ...]:
    return tuple(Party(address, name) for address, name in pairs)
