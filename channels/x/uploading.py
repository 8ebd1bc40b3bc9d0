"""Files for a post or a direct message, by X's upload: initialize, append in pieces, finalize, status until ready.

Source: docs.x.com/x-api/media/quickstart/media-upload-chunked and /best-practices, by the addresses of v2; tweepy knows
those of v1.1 alone, which X has removed. A file that nobody was shown yet harms nobody, so a cut is never in doubt.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from channels.adapter import Part, Permanent, Retryable
from channels.payloads import Payload
from channels.x.client import client, signing
from channels.x.connection import Connection, X
from channels.x.failures import ask, refuse

TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4")
MOST_BYTES = 512 * 1000 * 1000
_PICTURE, _ANIMATION = 5 * 1000 * 1000, 15 * 1000 * 1000
_PIECE = 4 * 1024 * 1024
"""X takes up to 5 MB of a file at once."""
_SECONDS = 60.0
_PATIENCE, _LEAST, _LONGEST = 120.0, 0.2, 10.0


def check(files: tuple[Part, ...], *, together: bool) -> None:
    """Refuse what X would not take; `together` in one post.

    Raises:
        Permanent: and why.
    """
    for file in files:
        if file.content_type not in TYPES:
            raise Permanent(f"{file.filename} does not go by X, which takes JPEG, PNG, WebP, GIF and MP4 files alone.")
        if len(file.content) > _most(file):
            raise Permanent(f"{file.filename} is too large for X, which takes {_most(file) // 10**6} MB of its kind.")
    moving = [file for file in files if not _is_still(file)]
    if together and moving and len(files) > 1:
        raise Permanent("X takes four pictures, one GIF or one video with a post. Send them one by one.")
    if together and len(files) > 4:
        raise Permanent("X takes four pictures with a post. Send the others with another answer.")


def upload(file: Part, connection: Connection, purpose: str) -> str:
    """The number X gives the file; `purpose` is "tweet" or "dm".

    Raises:
        SendError: X does not take it, now or ever.
    """
    asked = client(connection, seconds=_SECONDS)
    wanted = {
        "media_type": file.content_type,
        "total_bytes": len(file.content),
        "media_category": f"{purpose}_{_category(file)}",
    }
    begun = _asked(asked, "POST", "/2/media/upload/initialize", json=wanted).part("data")
    number = begun.text("id")
    if not number.isdecimal():
        raise Retryable("X did not say what it calls the file.")
    for place in range(0, max(1, len(file.content)), _PIECE):
        _append(asked, connection, number, place // _PIECE, file.content[place : place + _PIECE])
    ended = _asked(asked, "POST", f"/2/media/upload/{number}/finalize").part("data")
    _wait(asked, number, ended, file.filename)
    return number


def _asked(asked: Any, method: str, route: str, **more: Any) -> Payload:
    return ask(lambda: asked.request(method, route, user_auth=True, **more).json(), is_read=True)


def _append(asked: Any, connection: Connection, number: str, place: int, piece: bytes) -> None:
    def send() -> Any:
        response = asked.session.request(
            "POST",
            f"{X}/2/media/upload/{number}/append",
            data={"segment_index": str(place)},
            files={"media": ("piece", piece, "application/octet-stream")},
            auth=signing(connection),
        )
        if response.status_code >= 300:
            refuse(response)
        return {}

    ask(send, is_read=True)


def _wait(asked: Any, number: str, told: Payload, filename: str) -> None:
    """Until X has made of a video what it shows; pictures are ready at once."""
    until = time.monotonic() + _PATIENCE
    while "processing_info" in told:
        going = told.part("processing_info")
        if going.text("state") == "succeeded":
            return
        if going.text("state") == "failed":
            raise Permanent(f"X could not read {filename}. Send it in another form.")
        if time.monotonic() > until:
            raise Retryable(f"X is still working on {filename}.")
        threading.Event().wait(min(_LONGEST, max(_LEAST, going.number("check_after_secs") or 0)))
        params = {"command": "STATUS", "media_id": number}
        told = _asked(asked, "GET", "/2/media/upload", params=params).part("data")


def _is_still(file: Part) -> bool:
    return file.content_type.startswith("image/") and file.content_type != "image/gif"


def _category(file: Part) -> str:
    if file.content_type == "image/gif":
        return "gif"
    return "image" if _is_still(file) else "video"


def _most(file: Part) -> int:
    if file.content_type == "image/gif":
        return _ANIMATION
    return _PICTURE if _is_still(file) else MOST_BYTES
