"""A message as the calls of the Send API: words, then each file, which is left with Meta first and sent by its id.

Sources: messenger-platform/reference/send-api, /reference/attachment-upload-api, /policy/policy-overview (the tag).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels import pieces as in_pieces
from channels import provider
from channels.adapter import Outbound, Part, Permanent, WindowClosed
from channels.capabilities import length
from channels.meta.graph import window
from channels.meta.graph.asking import post, upload
from channels.meta.graph.connection import Connection
from channels.meta.pages.flavours import MB, Flavour
from channels.payloads import Payload

_OVER = "They wrote more than a day ago, and nothing automatic goes there now."


@dataclass(frozen=True, slots=True)
class Piece:
    """One call: words, or a file."""

    text: str = ""
    file: Part | None = None


def send(
    outbound: Outbound, connection: Connection, flavour: Flavour, whom: str, begin: Callable[[], None]
) -> tuple[str, ...]:
    """Send what was not sent before; what Meta calls all the pieces.

    Raises:
        SendError: `done` are the pieces that were sent.
    """
    _check(outbound, flavour)
    around = {"recipient": {"id": whom}, **_how(outbound)}

    def call(piece: Piece) -> str:
        message = _message(piece, connection, flavour)
        return _named(post(connection, "me/messages", {**around, "message": message}))

    return in_pieces.send(outbound, [partial(call, piece) for piece in pieces(outbound)], begin)


def pieces(outbound: Outbound) -> list[Piece]:
    """The calls of a message. They are the same at every try."""
    text = outbound.text.strip()
    words = [Piece(text)] if text else []
    return [*words, *(Piece(file=file) for file in outbound.attachments)]


def _how(outbound: Outbound) -> dict[str, str]:
    """Inside the window an answer; behind it a person of ours says so, and nothing automatic goes.

    Raises:
        WindowClosed: it is automatic, and too late.
    """
    if window.is_free(outbound.heard_at):
        return {"messaging_type": "RESPONSE"}
    if outbound.automatic:
        raise WindowClosed(_OVER)
    return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}


def _check(outbound: Outbound, flavour: Flavour) -> None:
    """Limits are said while somebody writes; what comes here all the same is not sent in part.

    Raises:
        Permanent: it does not fit.
    """
    most = flavour.able.max_length or 0
    if length(outbound.text.strip(), flavour.able.unit) > most:
        raise Permanent(f"It is too long for {flavour.name}, which takes {most:,} {flavour.able.unit}.")
    for file in outbound.attachments:
        if flavour.formats and not file.content_type.startswith(flavour.formats):
            raise Permanent(f"{flavour.name} takes pictures, sound, films and PDF. {file.filename} is none of them.")
        limit = flavour.sizes[_type(file)]
        if len(file.content) > limit:
            raise Permanent(f"{file.filename} is too large for {flavour.name}, which takes {limit // MB} MB.")


def _type(file: Part) -> str:
    what = file.content_type.partition("/")[0]
    return what if what in {"image", "audio", "video"} else "file"


def _message(piece: Piece, connection: Connection, flavour: Flavour) -> dict[str, Any]:
    if piece.file is None:
        return {"text": piece.text}
    what = _type(piece.file)
    attachment = {"attachment": {"type": what, "payload": {"is_reusable": True}}}
    fields = {"message": json.dumps(attachment), **({"platform": "instagram"} if flavour.about == "instagram" else {})}
    file = (piece.file.filename, piece.file.content, piece.file.content_type)
    left = upload(connection, "me/message_attachments", fields, {"filedata": file}).text("attachment_id")
    if not left:
        raise Permanent(f"{flavour.name} did not take {piece.file.filename}.")
    return {"attachment": {"type": what, "payload": {"attachment_id": left}}}


def _named(said: Payload) -> str:
    """What Meta calls the message.

    Raises:
        Uncertain: it took it, but does not say.
    """
    name = said.text("message_id")
    if not name:
        raise provider.unread("Meta")
    return name
