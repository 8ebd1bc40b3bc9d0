"""Raw bytes of a mail to an Envelope, its HTML made safe; it knows no database, and never fails but for size."""

from __future__ import annotations

import hashlib

from channels.adapter import Envelope, with_content_key
from channels.email import addresses, authentication, bodies, headers, limits, machines, plaintext, quoting, structure
from helpdesk.text import languages
from helpdesk.text.html import Clean, sanitise
from helpdesk.tickets.inputs import file_url

_DELIVERY_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
_SUBJECT_CHARACTERS = 2_000


def parse(
    raw: bytes, *, own_addresses: frozenset[str] = frozenset(), trusted_authserv: frozenset[str] = frozenset(),
) -> Envelope:  # fmt: skip
    """The envelope of `raw`.

    `own_addresses` (lower case) tell our own mail coming back; `trusted_authserv` (lower case) are the servers whose
    Authentication-Results count.

    Raises:
        OverLimit: the message is larger or deeper than we read.
    """
    root = structure.read(raw)
    fields = root.fields
    to, cc, reply_to = (addresses.parties(fields.get(name, [])) for name in ("to", "cc", "reply-to"))
    delivered = addresses.parties([value for name in _DELIVERY_FIELDS for value in fields.get(name, ())])
    limits.check_addresses(len(to) + len(cc) + len(reply_to) + len(delivered))
    author = addresses.author(fields.get("from", []))
    subject = headers.text(root.first("subject"))[:_SUBJECT_CHARACTERS]
    kind, bounces = machines.classify(
        root, raw, author=author.party.address, subject=subject, own_addresses=own_addresses,
    )  # fmt: skip
    body = bodies.of(root)
    shown = _shown(body)
    message_id = headers.message_id(root.first("message-id"))
    parents = headers.message_ids(root.first("in-reply-to"))
    envelope = Envelope(
        message_id=message_id or f"<{hashlib.sha256(raw).hexdigest()[:40]}@digest.invalid>",
        author=author.party,
        subject=subject,
        text=body.text,
        html=body.html,
        shown_html=str(shown.html),
        remote_images=shown.blocked,
        reply_text=_reply_text(body),
        kind=kind,
        to=to,
        cc=cc,
        reply_to=reply_to,
        delivered_to=tuple(dict.fromkeys(party.address for party in (*delivered, *to, *cc))),
        date=headers.date(root.first("date")),
        in_reply_to=parents[0] if parents else "",
        references=headers.message_ids(" ".join(fields.get("references", ()))),
        attachments=body.attachments,
        bounces=bounces,
        authentication=authentication.of(
            fields.get("authentication-results", []),
            trusted=trusted_authserv,
            domain=author.party.address.rpartition("@")[2],
        ),
        suspicion=author.suspicion,
        synthetic_id=not message_id,
        protected=body.protected,
        language=languages.named(root.first("content-language")),
    )
    return with_content_key(envelope)


def _shown(body: bodies.Body) -> Clean:
    files = {part.cid: file_url(part.key, part.filename) for part in body.attachments if part.cid}
    return sanitise(quoting.trim_html(body.html), cids=files)


def _reply_text(body: bodies.Body) -> str:
    if not body.written_as_text and body.html:
        trimmed = quoting.trim_html(body.html)
        if trimmed != body.html:
            return quoting.trim(plaintext.from_html(trimmed)) or body.text
    return quoting.trim(body.text) or body.text
