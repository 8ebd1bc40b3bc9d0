"""An Update of the Bot API as an envelope (core.telegram.org/bots/api#update, #message).

What happens beside words (members, titles, pins) is nothing to us. Files come as ids; Telegram gives bots those of up
to 20 MB (#getfile).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from channels.adapter import Envelope, Kind, Part, Party, Quarantine
from channels.payloads import Payload
from helpdesk.text.plain import neutral_filename

KINDS = ("message", "edited_message", "message_reaction", "my_chat_member")
"""What we ask to be told (`allowed_updates`)."""
MOST_BYTES = 20 * 1000 * 1000
_FILES = {
    "document": ("file", "application/octet-stream"),
    "video": ("video.mp4", "video/mp4"),
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video_note": ("video.mp4", "video/mp4"),
}
"""How a file is called that has no name; documents stand last in a message that is an animation too."""
_NO_WORDS = "Something happened beside words."


def read(update: Payload) -> Envelope:
    """The envelope of one update.

    Raises:
        Quarantine: it is none.
    """
    update.needed("update_id")
    if "message" in update:
        return _message(update.part("message"), Kind.MESSAGE)
    if "edited_message" in update:
        return _message(update.part("edited_message"), Kind.EDIT)
    if "message_reaction" in update:
        return _reaction(update.part("message_reaction"))
    if "my_chat_member" in update:
        return _nothing(update.part("my_chat_member"), "They stopped our bot, or let it in again.")
    return Envelope("", Party(""), kind=Kind.NOTHING, suspicion="Telegram told something we did not ask for.")


def _message(message: Payload, kind: Kind) -> Envelope:
    chat = message.part("chat").needed("id")
    text = _text(message)
    files = tuple(_files(message))
    if not text and not files:
        return _nothing(message, _NO_WORDS)
    spoken = Envelope(
        message_id=f"{chat}:{message.needed('message_id')}",
        author=_author(message),
        text=text,
        kind=kind,
        delivered_to=tuple(_addressed(message)),
        date=_instant(message.number("edit_date") if kind is Kind.EDIT else message.number("date")),
        in_reply_to=_answered(message, chat),
        attachments=files,
        conversation_key=str(chat),
        facts=_facts(message),
    )
    if text.partition(" ")[0].partition("@")[0] == "/start":
        return replace(spoken, kind=Kind.HELLO)
    return spoken


def _nothing(message: Payload, why: str) -> Envelope:
    chat = message.part("chat").needed("id")
    return Envelope("", _author(message), kind=Kind.NOTHING, suspicion=why, conversation_key=str(chat))


def _reaction(told: Payload) -> Envelope:
    """core.telegram.org/bots/api#messagereactionupdated: the signs of one person, before and now."""
    chat = told.part("chat").needed("id")
    signs = [one.text("emoji") for one in told.parts("new_reaction") if one.text("type") == "emoji"]
    return Envelope(
        message_id=f"{chat}:{told.needed('message_id')}",
        author=_party(told.part("user")) if "user" in told else _party(told.part("actor_chat")),
        text="".join(signs),
        kind=Kind.REACTION,
        date=_instant(told.number("date")),
        conversation_key=str(chat),
        facts=_facts(told),
    )


def _author(message: Payload) -> Party:
    """Who wrote; an administrator of a group may write as the group."""
    return _party(message.part("from")) if "from" in message else _party(message.part("sender_chat"))


def _party(who: Payload) -> Party:
    number = who.needed("id")
    name = " ".join(filter(None, [who.text("first_name"), who.text("last_name")])) or who.text("title")
    return Party(str(number), " ".join(name.split())[:200] or who.text("username")[:200], kind="telegram")


def _text(message: Payload) -> str:
    """The words, those under a picture too; with what a client shows in place of words, and links behind words."""
    text = message.text("text") or message.text("caption")
    entities = message.parts("entities") or message.parts("caption_entities")
    hidden = [one.text("url") for one in entities if one.text("type") == "text_link"]
    lines = [text, *hidden, *_instead_of_words(message)]
    return "\n".join(line for line in lines if line)


def _instead_of_words(message: Payload) -> list[str]:
    said = []
    if "sticker" in message:
        said.append(f"[Sticker {message.part('sticker').text('emoji')}]")
    if "contact" in message:
        card = message.part("contact")
        said.append(f"[Contact: {card.text('first_name')} {card.text('last_name')} {card.text('phone_number')}]")
    if "location" in message:
        place = message.part("location").fields
        if not all(isinstance(place.get(name), (int, float)) for name in ("latitude", "longitude")):
            raise Quarantine("It names a place that is none.")
        said.append(f"[Place: {place['latitude']}, {place['longitude']}]")
    if "poll" in message:
        said.append(f"[Poll: {message.part('poll').text('question')}]")
    return said


def _files(message: Payload) -> list[Part]:
    number = message.needed("message_id")
    found = [_part(message.part(name), *_FILES[name]) for name in _FILES if name in message]
    if "animation" in message:
        found = found[1:] if "document" in message else found  # the same file is told twice
    if sizes := message.parts("photo"):
        largest = max(sizes, key=lambda one: one.number("file_size") or one.number("width") or 0)
        found.append(_part(largest, f"photo-{number}.jpg", "image/jpeg"))
    return found


def _part(file: Payload, name: str, content_type: str) -> Part:
    called = neutral_filename(file.text("file_name") or name)
    kind = file.text("mime_type").lower()
    kind = kind if kind.isascii() and "/" in kind and len(kind) < 100 else content_type
    size = file.number("file_size") or 0
    if size > MOST_BYTES:
        too_large = f"{called} is not here: Telegram gives us files of up to 20 MB, and this one is larger."
        return Part(called, kind, b"", missing=too_large)
    reference = file.text("file_id")
    if not reference:
        raise Quarantine("It names a file without an id.")
    return Part(called, kind, b"", reference=reference)


def _answered(message: Payload, chat: int) -> str:
    earlier = message.part("reply_to_message").number("message_id")
    return f"{chat}:{earlier}" if earlier is not None else ""


def _facts(message: Payload) -> tuple[tuple[str, str], ...]:
    return (("type", message.part("chat").text("type")),)


def _addressed(message: Payload) -> list[str]:
    """The names it calls, in small letters without the @, and whom it answers."""
    text = message.text("text") or message.text("caption")
    units = text.encode("utf-16-le")
    named = []
    for one in message.parts("entities") or message.parts("caption_entities"):
        if one.text("type") in {"mention", "bot_command"}:
            start, length = 2 * (one.number("offset") or 0), 2 * (one.number("length") or 0)
            said = units[start : start + length].decode("utf-16-le", "replace")
            named.append(said.rpartition("@")[2].lower() if "@" in said else "")
    answered = message.part("reply_to_message").part("from")
    return [name for name in (*named, answered.text("username").lower()) if name]


def _instant(seconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError, ValueError):
        return None
