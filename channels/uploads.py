"""Files that strangers send to a page of ours: streamed into the store, told of by name, read again when filed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO, Protocol

from channels.adapter import Part, Quarantine
from channels.payloads import Payload
from helpdesk import blobs
from helpdesk.errors import Invalid
from helpdesk.text.plain import neutral_filename
from helpdesk.web.rasters import raster_type

MOST = 10
LARGEST = 25 * 1000 * 1000
"""Bytes of one file; the whole request has the limit that mail has."""


class Sent(Protocol):
    """A file of a form."""

    filename: str | None
    stream: BinaryIO | Any


def take(files: Iterable[Sent]) -> list[dict[str, Any]]:
    """Store each, and what is told of it.

    Raises:
        Invalid: there are too many, or one is too large.
        blobs.NoRoom: the disk is full.
    """
    chosen = [one for one in files if one.filename]
    if len(chosen) > MOST:
        raise Invalid(
            "That are too many files.", {"file": f"{MOST} files go with one message. Send the others after it."}
        )
    return [_stored(one) for one in chosen]


def part(payload: Payload) -> Part:
    """A stored file with its bytes.

    Raises:
        Quarantine: it is gone.
    """
    try:
        content = blobs.get(payload.text("sha256"))
    except (ValueError, FileNotFoundError) as error:
        raise Quarantine("A file of it is gone.") from error
    return Part(payload.text("name"), payload.text("type"), content)


def _stored(one: Sent) -> dict[str, Any]:
    name = neutral_filename(one.filename or "")
    one.stream.seek(0, 2)
    if one.stream.tell() > LARGEST:
        raise Invalid(
            "A file is too large.", {"file": f"{name} is larger than {LARGEST // 10**6} MB. Send it in parts."}
        )
    one.stream.seek(0)
    kind = raster_type(one.stream.read(64)) or "application/octet-stream"
    one.stream.seek(0)
    digest, size = blobs.take(one.stream)
    return {"name": name, "type": kind, "sha256": digest, "size": size}
