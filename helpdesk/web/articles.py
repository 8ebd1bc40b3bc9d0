"""A message worked out to the last word, so that drawing thirty of them is putting them in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.now import now
from helpdesk.text.initials import initials, tint
from helpdesk.text.plain import to_html
from helpdesk.text.timeleft import when
from helpdesk.tickets.models import Message
from helpdesk.web.assets import CHANNEL_WORDS

_KINDS = {"auto_reply": "Automatic reply", "bounce": "Delivery report", "list": "Mailing list"}


@dataclass(frozen=True, slots=True)
class Sign:
    """A word beside the author's name, as the kit's `tag` takes it."""

    words: str
    tone: str = "line"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant for who looks: short to read, whole on hover, and for machines."""

    short: str
    whole: str
    iso: str


@dataclass(frozen=True, slots=True)
class Article:
    """A message as it is drawn."""

    author: str
    says: str
    """What a screen reader is told when it comes in."""
    classes: str
    initials: str
    """Empty of a machine, which has a picture."""
    tint: int
    by: str
    """The channel it came by; empty of our own words."""
    sign: Sign | None
    at: Moment
    words: str
    """HTML; empty where it has a layout of its own, or was taken back."""
    whole: str
    """HTML with everything that was folded away; empty when that is nothing."""
    is_changed: bool
    is_spoken: bool
    """By a person outside, so it can become a ticket of its own."""
    has_more: bool
    """There is a menu under it."""
    has_foot: bool


def drawn(message: Message, zone: ZoneInfo) -> Article:
    """For a message with everything it is shown with (`timeline.WHOLE`)."""
    is_ours = message.direction != "in"
    is_changed = message.edited_at is not None and message.deleted_at is None
    is_spoken = not is_ours and not message.from_machine
    has_more = bool(message.source_html or message.inbound_id or is_spoken)
    author = _author(message)
    return Article(
        author=author,
        says="" if is_ours else f"New message from {author}",
        classes=_classes(message),
        initials="" if message.contact is not None and message.contact.kind == "device" else initials(author),
        tint=tint((message.contact_id if message.agent is None else message.agent_id) or 0),
        by="" if is_ours else CHANNEL_WORDS.get(message.channel_kind, message.channel_kind),
        sign=_sign(message),
        at=_moment(message.created_at, zone),
        words="" if message.deleted_at or message.body_html else to_html(message.reply_text or message.body_text),
        whole="" if is_ours else _folded(message),
        is_changed=is_changed,
        is_spoken=is_spoken,
        has_more=has_more,
        has_foot=has_more or is_changed or _has_extras(message),
    )


def _author(message: Message) -> str:
    person = message.agent or message.contact
    return person.name if person is not None else message.author_name


def _classes(message: Message) -> str:
    note = " msg--note" if message.is_note else ""
    ours = " msg--ours" if message.direction == "out" else ""
    return f"msg{note}{ours}{' msg--machine' if message.from_machine else ''}"


def _sign(message: Message) -> Sign | None:
    if message.is_note:
        return Sign("Team only", "note", "lock")
    if message.is_unconfirmed:
        return Sign("Unconfirmed address", "warm", "circle-help")
    if message.kind in _KINDS:
        return Sign(_KINDS[message.kind])
    if message.deleted_at is not None:
        return Sign("Deleted", icon="trash-2")
    return Sign("Changed", icon="pencil") if message.edited_at is not None else None


def _folded(message: Message) -> str:
    """The whole text, where more was said than the new words."""
    text = message.body_text
    return to_html(text) if text and text.strip() != message.reply_text.strip() else ""


def _moment(at: datetime, zone: ZoneInfo) -> Moment:
    return Moment(when(at, now(), zone), f"{at.astimezone(zone):%A %-d %B %Y, %H:%M}", at.isoformat())


def _has_extras(message: Message) -> bool:
    """Files, blocked images, or something to say about its sending."""
    sending = message.delivery
    told = sending is not None and (sending.state != "sent" or bool(sending.reason or sending.progress))
    return told or bool(message.attachments or message.missing_files or message.remote_images)
