"""What our own page tells, as envelopes: a visitor's words with their files, and how far an answer got.

`channels.visiting` writes these objects; the bytes of files are in the store already, under their names.
"""

from __future__ import annotations

from datetime import UTC, datetime

from channels import uploads
from channels.adapter import Envelope, Kind, Party, Progress, Quarantine
from channels.payloads import Payload

_BROKEN = "It is not what a page of the chat tells."
_FILES = 10
MESSAGE, SHOWN = "message", "shown"
"""What is told."""


def read(payload: Payload) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: our page does not tell such a thing, or its files are gone.
    """
    kind = payload.text("kind")
    if kind == MESSAGE:
        return _words(payload)
    if kind == SHOWN:
        return _shown(payload)
    raise Quarantine(_BROKEN)


def _words(payload: Payload) -> Envelope:
    visit, text = payload.text("visit"), payload.text("text")
    files = payload.parts("files")
    if not visit or not payload.text("id") or not (text or files) or len(files) > _FILES:
        raise Quarantine(_BROKEN)
    return Envelope(
        message_id=f"{visit}:{payload.text('id')}",
        author=Party(visit, payload.text("name"), kind="chat"),
        text=text,
        reply_text=text,
        conversation_key=visit,
        date=datetime.fromtimestamp(payload.needed("at") / 1000, UTC),
        attachments=tuple(uploads.part(one) for one in files),
        facts=(("site", payload.text("site")),) if payload.text("site") else (),
    )


def _shown(payload: Payload) -> Envelope:
    """News of an answer, by the name it was given when it was said."""
    news = Progress.READ if payload.text("state") == "read" else Progress.DELIVERED
    name, visit = payload.text("message"), payload.text("visit")
    if not name or not visit:
        raise Quarantine(_BROKEN)
    return Envelope(message_id=name, author=Party(visit, kind="chat"), kind=Kind.DELIVERY, news=news)
