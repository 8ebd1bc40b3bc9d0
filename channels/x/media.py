"""Files of posts and direct messages: pictures by their address, videos by that of their best variant.

v2 tells them in `includes.media` by `media_keys` (docs.x.com/x-api/fundamentals/data-dictionary#media), events of the
Account Activity API in `extended_entities.media` or in the attachment itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from channels.adapter import Part, Quarantine
from channels.payloads import Payload
from channels.x.client import is_media
from helpdesk.text.plain import neutral_filename

_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_PICTURE = "photo"


def of_keys(owner: Payload, included: Payload) -> list[Part]:
    """The files a v2 object names by key."""
    keys = strings(owner.part("attachments"), "media_keys")
    known = {one.text("media_key"): one for one in included.parts("media")}
    return _parts(known[key] for key in keys if key in known)


def of_list(told: Iterable[Payload]) -> list[Part]:
    """The files an event tells in full."""
    return _parts(told)


def strings(owner: Payload, name: str) -> list[str]:
    """A list of texts.

    Raises:
        Quarantine: it is none.
    """
    found = owner.fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Quarantine("It is not JSON as this channel sends it.")
    return found


def _parts(told: Iterable[Payload]) -> list[Part]:
    return [_part(number, one) for number, one in enumerate(told, start=1)][:10]


def _part(number: int, told: Payload) -> Part:
    """One file; X names none, so it is named by its place."""
    if told.text("type") == _PICTURE:
        url = told.text("url") or told.text("media_url_https") or told.text("media_url")
        ending = url.partition("?")[0].rpartition(".")[2].lower()
        kind = _TYPES.get(ending, "image/jpeg")
        name = neutral_filename(f"picture-{number}.{ending if ending in _TYPES else 'jpg'}")
    else:
        url, kind, name = _best(told), "video/mp4", f"video-{number}.mp4"
    if not is_media(url):
        return Part(name, kind, b"", missing=f"{name} is not here: X does not say where it is. Look at it there.")
    return Part(name, kind, b"", reference=url)


def _best(told: Payload) -> str:
    variants = told.parts("variants") or told.part("video_info").parts("variants")
    films = [one for one in variants if one.text("content_type") == "video/mp4"]
    rates = {one.text("url"): one.number("bit_rate") or one.number("bitrate") or 0 for one in films}
    return max(rates, key=lambda url: rates[url]) if rates else ""
