"""What hangs at a message: files that are fetched by their address, and what stands in place of words."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from channels.adapter import Part
from channels.payloads import Payload
from helpdesk.text.plain import neutral_filename

_FILES = {
    "image": ("picture.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("audio.mp4", "audio/mp4"),
    "file": ("file", "application/octet-stream"),
    "animated_image": ("picture.gif", "image/gif"),
    "story_mention": ("story", "application/octet-stream"),
}
"""How a file is called whose address does not say."""
_LIKES = frozenset({369239263222822, 369239343222814, 369239383222810})
_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "mp4": "video/mp4", "mov": "video/quicktime", "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac",
    "ogg": "audio/ogg", "wav": "audio/wav", "pdf": "application/pdf",
}  # fmt: skip
_WORDS = {"story_mention": "[They name you in their story]"}


def files(message: Payload) -> list[Part]:
    """Those that can be fetched."""
    found = [_part(one) for one in message.parts("attachments") if _is_file(one)]
    story = message.part("reply_to").part("story").text("url")
    return [*found, _named(story, "story", "application/octet-stream")] if story else found


def lines(message: Payload) -> list[str]:
    """What the others say, one line each."""
    story = ["[About your story]"] if "story" in message.part("reply_to") else []
    return [*story, *filter(None, (_line(one) for one in message.parts("attachments")))]


def _is_file(attachment: Payload) -> bool:
    payload = attachment.part("payload")
    return attachment.text("type") in _FILES and bool(payload.text("url")) and not _is_like(payload)


def _is_like(payload: Payload) -> bool:
    return payload.number("sticker_id") in _LIKES


def _part(attachment: Payload) -> Part:
    return _named(attachment.part("payload").text("url"), *_FILES[attachment.text("type")])


def _named(url: str, name: str, content_type: str) -> Part:
    """Called as its address ends, where that looks like a name."""
    last = unquote(urlsplit(url).path.rpartition("/")[2])
    ending = last.rpartition(".")[2].lower()
    known = ending in _TYPES or (content_type == "application/octet-stream" and 1 < len(ending) < 6)
    called = last if "." in last and known else name
    return Part(neutral_filename(called), _TYPES.get(ending, content_type), b"", reference=url)


def _line(attachment: Payload) -> str:
    what, payload = attachment.text("type"), attachment.part("payload")
    if what in _WORDS:
        return _WORDS[what]
    if _is_like(payload):
        return "👍"
    if _is_file(attachment):
        return ""
    if what == "location":
        place = payload.part("coordinates").fields
        return f"[Place: {place.get('lat')}, {place.get('long')}]"
    title = attachment.text("title") or payload.text("title")
    address = attachment.text("url") or attachment.text("URL") or payload.text("url")
    return f"[{' '.join(filter(None, [_SHARED.get(what, 'Shared'), title, address]))}]"


_SHARED = {"reel": "Reel", "ig_reel": "Reel", "ig_post": "Post", "share": "Shared", "template": "Template"}
