"""A message as the calls of the Cloud API: words, each file, or one approved template.

Sources: business-messaging/whatsapp/messages/send-messages and /business-scoped-user-ids: `to` takes a number,
`recipient` a user id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels import pieces as in_pieces
from channels import provider
from channels.adapter import Outbound, Part, Permanent
from channels.capabilities import Capabilities, Files
from channels.meta.graph.asking import post
from channels.meta.graph.connection import Connection
from channels.meta.whatsapp import media, templates
from channels.payloads import Payload

CAPABILITIES = Capabilities(max_length=4096, files=Files(count=10, size=media.MOST_BYTES))
_CAPTION = 1024
_CAPTIONED = frozenset({"image", "video", "document"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One call: words, or a file with or without words under it."""

    text: str = ""
    file: Part | None = None


def send(
    outbound: Outbound, connection: Connection, whom: dict[str, str], begin: Callable[[], None]
) -> tuple[str, ...]:
    """Send what was not sent before; what WhatsApp calls all the pieces. `whom` is `to` or `recipient`.

    Raises:
        SendError: `done` are the pieces that were sent.
    """
    _check(outbound)

    def call(message: Callable[[], dict[str, Any]]) -> str:
        said = {**_around(outbound, whom), **message()}
        return _named(post(connection, f"{connection.number_id}/messages", said))

    return in_pieces.send(outbound, [partial(call, one) for one in _messages(outbound, connection)], begin)


def pieces(outbound: Outbound) -> list[Piece]:
    """The calls of a message that is no template. They are the same at every try."""
    text, files = outbound.text.strip(), outbound.attachments
    if len(files) == 1 and len(text) <= _CAPTION and media.kind_of(files[0]) in _CAPTIONED:
        return [Piece(text, files[0])]
    words = [Piece(text)] if text else []
    return [*words, *(Piece(file=file) for file in files)]


def _messages(outbound: Outbound, connection: Connection) -> list[Callable[[], dict[str, Any]]]:
    """What each call says; a file is left with Meta only when its turn comes."""
    if outbound.prepared is not None:
        template = templates.filled(outbound.prepared)
        return [lambda: {"type": "template", "template": template}]
    return [partial(_said, piece, connection) for piece in pieces(outbound)]


def _said(piece: Piece, connection: Connection) -> dict[str, Any]:
    if piece.file is None:
        return {"type": "text", "text": {"preview_url": False, "body": piece.text}}
    kind = media.kind_of(piece.file)
    file = {"id": media.leave(piece.file, connection)}
    if piece.text:
        file["caption"] = piece.text
    if kind == "document":
        file["filename"] = piece.file.filename
    return {"type": kind, kind: file}


def _around(outbound: Outbound, whom: dict[str, str]) -> dict[str, Any]:
    """Statuses repeat the key: a sending whose answer we never got is known by it."""
    around: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual", **whom}
    return {**around, "biz_opaque_callback_data": str(outbound.key)} if outbound.key else around


def _check(outbound: Outbound) -> None:
    """Limits are said while somebody writes; what comes here all the same is not sent in part.

    Raises:
        Permanent: it does not fit.
    """
    if outbound.prepared is None and len(outbound.text.strip()) > (CAPABILITIES.max_length or 0):
        raise Permanent("It is too long for WhatsApp, which takes 4,096 characters.")
    for file in outbound.attachments:
        if len(file.content) > CAPABILITIES.files.size:
            raise Permanent(f"{file.filename} is too large for WhatsApp, which takes 100 MB.")


def _named(said: Payload) -> str:
    """What WhatsApp calls the message.

    Raises:
        Uncertain: it took it, but does not say.
    """
    name = next((one.text("id") for one in said.parts("messages")), "")
    if not name:
        raise provider.unread("WhatsApp")
    return name
