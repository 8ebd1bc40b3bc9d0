"""Files of WhatsApp, both ways: a media id leads to an address that opens with our token for five minutes.

Source: business-messaging/whatsapp/business-phone-numbers/media.
"""

from __future__ import annotations

import hashlib
import re

from channels import downloading
from channels.adapter import Part, Permanent, Retryable
from channels.meta.graph.asking import get, upload
from channels.meta.graph.connection import Connection

MB = 1024 * 1024
MOST_BYTES = 100 * MB
_GONE = frozenset({410})
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}\Z")
_HOSTS = (".fbsbx.com", ".fbcdn.net", ".facebook.com", ".whatsapp.net")
"""Where our token may go."""
_KINDS = {
    "image": (5 * MB, ("image/jpeg", "image/png")),
    "video": (16 * MB, ("video/mp4", "video/3gpp")),
    "audio": (16 * MB, ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")),
}
"""What WhatsApp shows as such; everything else, and what is larger, goes as a document of up to 100 MB."""


def fetch(reference: str, connection: Connection) -> bytes:
    """The bytes.

    Raises:
        SendError: they did not come, for now or for good.
    """
    if not _ID.match(reference):
        raise Permanent("WhatsApp does not say where it is.")
    told = get(connection, reference, {"phone_number_id": connection.number_id})
    url = told.text("url")
    if not downloading.may_have_secrets(url, connection.base_url, _HOSTS):
        raise Permanent("WhatsApp says that it is at a place that is not Meta's.")
    signed = {"Authorization": f"Bearer {connection.token}"}
    answer = downloading.ask(url, "WhatsApp", most=MOST_BYTES, headers=signed)
    content = downloading.content(answer, "WhatsApp", gone=_GONE)
    digest = told.text("sha256")
    if len(digest) == 64 and hashlib.sha256(content).hexdigest() != digest.lower():
        raise Retryable("The file came in another shape than WhatsApp says it has.")
    return content


def kind_of(file: Part) -> str:
    """image, video, audio or document."""
    for kind, (most, types) in _KINDS.items():
        if file.content_type in types and len(file.content) <= most:
            return kind
    return "document"


def leave(file: Part, connection: Connection) -> str:
    """Leave a file with Meta; the id to send it by, good for thirty days.

    Raises:
        SendError: it was not taken.
    """
    fields = {"messaging_product": "whatsapp", "type": file.content_type}
    named = {"file": (file.filename, file.content, file.content_type)}
    left = upload(connection, f"{connection.number_id}/media", fields, named).text("id")
    if not left:
        raise Permanent(f"WhatsApp did not take {file.filename}.")
    return left
