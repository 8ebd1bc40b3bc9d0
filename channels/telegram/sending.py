"""A message as the calls that send it: words, and each file by a call of its own, in their order.

Words of up to 1,024 UTF-16 units go under a single file as its caption (core.telegram.org/bots/api#sendphoto,
#senddocument); pictures of up to 10 MB as pictures, everything else of up to 50 MB as documents. A call that failed
says what was sent before it, so that another try goes on there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from channels import pieces as in_pieces
from channels.adapter import Outbound, Part, Permanent
from channels.capabilities import Capabilities, Files, Unit, length
from channels.provider import Answer
from channels.telegram.asking import ask, post
from channels.telegram.connection import Connection
from helpdesk import http

CAPABILITIES = Capabilities(
    max_length=4096,
    unit=Unit.UTF16,
    files=Files(count=10, size=50 * 1000 * 1000),
    threads=True,
)
_CAPTION = 1024
_PICTURE = 10 * 1000 * 1000
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_UPLOAD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Piece:
    """One call: words alone, or a file with or without words under it."""

    text: str
    file: Part | None = None


def pieces(outbound: Outbound) -> list[Piece]:
    """The calls of a message. They are the same at every try."""
    text, files = outbound.text.strip(), outbound.attachments
    if len(files) == 1 and length(text, Unit.UTF16) <= _CAPTION:
        return [Piece(text, files[0])]
    words = [Piece(text)] if text else []
    return [*words, *(Piece("", file) for file in files)]


def send(outbound: Outbound, connection: Connection, chat: str, begin: Callable[[], None]) -> tuple[str, ...]:
    """Send what was not sent before; what Telegram calls all the pieces.

    Raises:
        SendError: `done` are the pieces that were sent.
    """
    _check(outbound)

    def call(place: int, piece: Piece) -> str:
        return _named(chat, _send(connection, chat, piece, outbound.in_reply_to if place == 0 else ""))

    calls = [partial(call, place, piece) for place, piece in enumerate(pieces(outbound))]
    return in_pieces.send(outbound, calls, begin)


def _check(outbound: Outbound) -> None:
    """Limits are said while somebody writes; what comes here too long all the same is not sent in part.

    Raises:
        Permanent: it does not fit.
    """
    if length(outbound.text.strip(), CAPABILITIES.unit) > (CAPABILITIES.max_length or 0):
        raise Permanent("It is too long for Telegram, which takes 4,096 characters.")
    if any(len(file.content) > CAPABILITIES.files.size for file in outbound.attachments):
        raise Permanent("A file is too large for Telegram, which takes 50 MB from us.")


def _send(connection: Connection, chat: str, piece: Piece, answers: str) -> Answer:
    reply = {"message_id": int(answers), "allow_sending_without_reply": True} if answers.isdecimal() else None
    if piece.file is None:
        no_preview = {"is_disabled": True}
        return ask(
            connection, "sendMessage",
            chat_id=chat, text=piece.text, reply_parameters=reply, link_preview_options=no_preview,
        )  # fmt: skip
    is_picture = piece.file.content_type in _PICTURES and len(piece.file.content) <= _PICTURE
    method, name = ("sendPhoto", "photo") if is_picture else ("sendDocument", "document")
    fields = {"chat_id": chat, "caption": piece.text, "reply_parameters": json.dumps(reply) if reply else ""}
    body, kind = http.multipart(
        {field: value for field, value in fields.items() if value},
        {name: (piece.file.filename, piece.file.content, piece.file.content_type)},
    )
    return post(connection, method, body, kind, seconds=_UPLOAD_SECONDS)


def _named(chat: str, sent: Answer) -> str:
    """What Telegram calls the message.

    Raises:
        Uncertain: it took it, but does not say.
    """
    return f"{chat}:{sent.part('result').needed('message_id')}"
