"""A form that was sent, as an envelope that is answered by mail.

`channels.web.forms` names the fields; the bytes of files are in the store already, under their names.
"""

from __future__ import annotations

from datetime import UTC, datetime

from channels import uploads
from channels.adapter import Envelope, Party, Quarantine
from channels.payloads import Payload
from helpdesk.people.addresses import normalised

_BROKEN = "It is not what our form sends."


def read(payload: Payload) -> Envelope:
    """The envelope of one form. It is no conversation: its answers leave by mail.

    Raises:
        Quarantine: our form does not send such a thing, a machine filled it in, or its files are gone.
    """
    email, text = normalised(payload.text("email")), payload.text("text")
    if not payload.text("id") or not email or not text:
        raise Quarantine(_BROKEN)
    serial = payload.text("serial")
    words = f"{text}\n\nSerial number: {serial}" if serial else text
    return Envelope(
        message_id=f"<{payload.text('id')}@form.invalid>",
        author=Party(email, payload.text("name")),
        subject=payload.text("subject"),
        text=words,
        reply_text=words,
        date=datetime.fromtimestamp(payload.needed("at") / 1000, UTC),
        attachments=tuple(uploads.part(one) for one in payload.parts("files")),
    )
