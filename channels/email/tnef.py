"""winmail.dat opened one level deep (MS-OXTNEF), small ones only; what does not open stays an attachment."""

from __future__ import annotations

import importlib
import logging
import struct
from dataclasses import dataclass

from channels.adapter import Part
from channels.email import charsets, filenames

logging.getLogger("tnefparse").setLevel(logging.CRITICAL + 1)

BYTES = 10 * 2**20

_SIGNATURE = b"\x78\x9f\x3e\x22"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a winmail.dat held."""

    text: str
    html: str
    parts: tuple[Part, ...]


def opened(content: bytes) -> Opened | None:
    """Body and files of `content`; None when it is too large, damaged or holds nothing."""
    if len(content) > BYTES or not content.startswith(_SIGNATURE):
        return None
    # Imported on the first winmail.dat only: it costs 2 MB, and few mails have one.
    reader = importlib.import_module("tnefparse")
    try:
        found = reader.TNEF(content, do_checksum=False)
        parts = tuple(_part(one) for one in found.attachments)
        result = Opened(_words(found.body), _words(found.htmlbody), parts)
    except _DAMAGE:
        return None
    return result if result.text or result.html or result.parts else None


# What the reader's indexing and struct arithmetic raise on damaged input.
_DAMAGE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, LookupError, OverflowError, AssertionError,
    UnboundLocalError, RecursionError, ArithmeticError, NotImplementedError, struct.error,
)  # fmt: skip


def _part(attachment: object) -> Part:
    data = getattr(attachment, "data", b"")
    try:
        long_name = attachment.long_filename()  # type: ignore[attr-defined]
    except _DAMAGE:
        long_name = ""
    name = filenames.neutral(_words(long_name))
    return Part(
        filename=name or filenames.invented("application/octet-stream"),
        content_type=filenames.type_of(name),
        content=bytes(data) if isinstance(data, (bytes, bytearray)) else b"",
    )


def _words(value: object) -> str:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else ""
    if isinstance(value, bytes):
        return charsets.decode(value.rstrip(b"\x00"))
    return charsets.clean(value) if isinstance(value, str) else ""
