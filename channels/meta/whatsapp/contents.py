"""What a message of WhatsApp says: its words, a line for what is neither word nor file, and files as their ids.

Source: business-messaging/whatsapp/webhooks/reference/messages, a page for each type.
"""

from __future__ import annotations

from channels.adapter import Part
from channels.payloads import Payload
from helpdesk.text.plain import neutral_filename

_FILES = {
    "image": ("picture.jpg", "image/jpeg"),
    "video": ("video.mp4", "video/mp4"),
    "audio": ("audio.ogg", "audio/ogg"),
    "document": ("file", "application/octet-stream"),
    "sticker": ("sticker.webp", "image/webp"),
}
_UNSEEN = "[Something WhatsApp does not pass on. Look there, or ask them to write it.]"


def text(message: Payload) -> str:
    """The words; with what a client shows in place of words."""
    what = message.text("type")
    said = message.part(what) if what and isinstance(message.fields.get(what), dict) else Payload({})
    lines = [_words(what, said), *_instead(message, what, said), *_advert(message)]
    return "\n".join(line for line in lines if line)


def files(message: Payload) -> list[Part]:
    """The file of a message; there is one at most."""
    what = message.text("type")
    if what not in _FILES:
        return []
    file, (name, kind) = message.part(what), _FILES[what]
    told = file.text("mime_type").partition(";")[0].strip().lower()
    kind = told if told.isascii() and "/" in told and len(told) < 100 else kind
    called = neutral_filename(file.text("filename") or name)
    reference = file.text("id")
    if not reference:
        return [Part(called, kind, b"", missing=f"{called} is not here: WhatsApp does not say where it is.")]
    return [Part(called, kind, b"", reference=reference)]


def _words(what: str, said: Payload) -> str:
    if what == "text":
        return said.text("body")
    if what == "button":
        return said.text("text")
    if what == "interactive":
        kind = said.text("type")
        chosen = said.part(kind) if kind in {"button_reply", "list_reply", "nfm_reply"} else Payload({})
        return "\n".join(filter(None, [chosen.text("title") or chosen.text("body"), chosen.text("description")]))
    return said.text("caption")


def _instead(message: Payload, what: str, said: Payload) -> list[str]:
    if what == "location":
        named = ", ".join(filter(None, [said.text("name"), said.text("address")]))
        place = f"{said.fields.get('latitude')}, {said.fields.get('longitude')}"
        return [f"[Place: {' · '.join(filter(None, [named, place]))}]"]
    if what == "contacts":
        return [_card(one) for one in message.parts("contacts")]
    if what == "order":
        products = said.parts("product_items")
        ordered = ", ".join(f"{one.fields.get('quantity')} × {one.text('product_retailer_id')}" for one in products)
        return [said.text("text"), f"[Order: {ordered}]"]
    if what in {"text", "button", "interactive", *_FILES}:
        return []
    return [_UNSEEN]


def _card(contact: Payload) -> str:
    phones = ", ".join(one.text("phone") for one in contact.parts("phones"))
    return f"[Contact: {' '.join(filter(None, [contact.part('name').text('formatted_name'), phones]))}]"


def _advert(message: Payload) -> list[str]:
    """The ad they came from, on their first message."""
    advert = message.part("referral")
    told = " ".join(filter(None, [advert.text("headline"), advert.text("source_url")]))
    return [f"[Came from an ad: {told}]"] if told else []
