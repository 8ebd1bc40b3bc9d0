"""What the provider tells as an envelope: a text message, how far one of ours got, news of a call.

A conversation is a number of ours with a number of theirs, written or spoken; a call of somebody who withheld their
number is one by itself.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.adapter import CallNews, Envelope, Kind, Part, Party, Progress, Quarantine
from channels.payloads import Payload
from channels.phone import refusals
from channels.phone.fields import recording_of

STOPS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
STARTS = frozenset({"start", "yes", "unstop"})
"""Words that Twilio itself takes as a wish, when they are all somebody writes (help.twilio.com, "Twilio support for
opt-out keywords")."""
WITHHELD = "call:"
"""How the conversation with somebody who withheld their number begins."""
MOST_BYTES = 30 * 1000 * 1000
_MOST_FILES = 10
"""twilio.com/docs/messaging/guides/accepted-mime-types: so many in one message."""
_NEWS = {
    "delivered": Progress.DELIVERED, "read": Progress.READ, "undelivered": Progress.FAILED, "failed": Progress.FAILED,
    "canceled": Progress.FAILED,
}  # fmt: skip
_NUMBER = re.compile(r"[+0-9A-Za-z:.@ _-]{1,64}\Z")
_HIDDEN = frozenset(
    {"", "anonymous", "restricted", "blocked", "unknown", "unavailable", "withheld", "private",
     "+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"}
)  # fmt: skip
"""What stands for a caller who does not say; the numbers spell the words (help.twilio.com, "Why am I getting calls from
these strange numbers")."""
_OURS = "It is a call that we made."
_ENDS = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


def read(told: Payload) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: it is none.
    """
    if "TranscriptionSid" in told:
        return _transcript(told)
    if "RecordingSid" in told or "RecordingUrl" in told:
        return _recording(told)
    if "MessageSid" in told:
        return _news(told) if "MessageStatus" in told else _message(told)
    if "CallSid" not in told:
        raise Quarantine("It names neither a message nor a call.")
    if told.text("Direction").startswith("outbound") or "ParentCallSid" in told:
        return _nothing(_OURS)
    return _call(told)


def caller(told: Payload, call: str) -> tuple[Party, str]:
    """Who rings, and the key of the conversation with them."""
    number = told.text("From").strip()
    if number.lower() in _HIDDEN or not _NUMBER.match(number):
        return Party(f"{WITHHELD}{call}", "Withheld number", kind="phone"), f"{WITHHELD}{call}"
    return Party(number, " ".join(told.text("CallerName").split())[:200], kind="phone"), number


def is_incoming_message(told: Payload) -> bool:
    return "MessageSid" in told and "MessageStatus" not in told


def _message(told: Payload) -> Envelope:
    number = told.text("From").strip()
    if not _NUMBER.match(number):
        raise Quarantine("It does not say who wrote it.")
    text = told.text("Body")
    wish = told.text("OptOutType").lower() or _wish(text)
    said = Envelope(
        message_id=told.text("MessageSid"),
        author=Party(number, " ".join(told.text("ProfileName").split())[:200], kind="phone"),
        text=text,
        attachments=tuple(_files(told)),
        conversation_key=number,
    )
    if wish in {"stop", "start"}:
        return replace(said, kind=Kind.AUTO_REPLY, facts=(("stopped", "yes" if wish == "stop" else ""),))
    if not text and not said.attachments:
        return replace(said, text="[An empty message]")
    return said


def _wish(text: str) -> str:
    word = text.strip().rstrip(".!").lower()
    return "stop" if word in STOPS else "start" if word in STARTS - {"yes"} else ""


def _files(told: Payload) -> list[Part]:
    """MMS: each file by its address at the provider."""
    said = told.text("NumMedia")
    count = min(int(said), _MOST_FILES) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    found = []
    for place in range(count):
        kind = told.text(f"MediaContentType{place}").lower()
        kind = kind if kind.isascii() and "/" in kind and len(kind) < 100 else "application/octet-stream"
        ending = mimetypes.guess_extension(kind) or ""
        url = told.text(f"MediaUrl{place}")
        if not url.startswith(("https://", "http://")):
            raise Quarantine("It names a file without saying where it is.")
        found.append(Part(f"file-{place + 1}{ending}", kind, b"", reference=url))
    return found


def _news(told: Payload) -> Envelope:
    word = told.text("MessageStatus").lower()
    news = _NEWS.get(word)
    if news is None:
        return _nothing(f"It is on its way: {word[:40]}.")
    why = refusals.words_of(told.text("ErrorCode")) if news is Progress.FAILED else ""
    return Envelope(told.text("MessageSid"), Party(""), kind=Kind.DELIVERY, news=news, suspicion=why)


def _call(told: Payload) -> Envelope:
    name = told.text("CallSid")
    author, key = caller(told, name)
    return Envelope(
        message_id=name,
        author=author,
        subject="Call from somebody who withheld their number" if key.startswith(WITHHELD) else f"Call from {key}",
        kind=Kind.CALL,
        date=_instant(told.text("Timestamp")),
        conversation_key=key,
        call=_call_news(told),
    )


def _call_news(told: Payload) -> CallNews:
    if "DialCallStatus" in told:
        if told.text("DialCallStatus") not in {"completed", "answered"}:
            return CallNews(is_first=True)
        return CallNews(is_first=True, answered=True, spoken=_seconds(told, "DialCallDuration"))
    ended = told.text("CallStatus") in _ENDS
    return CallNews(is_first=True, ended=ended, seconds=_seconds(told, "CallDuration"))


def _recording(told: Payload) -> Envelope:
    """By the action of Record, which says who rang, or by its callback, which does not."""
    status, url = told.text("RecordingStatus"), told.text("RecordingUrl")
    if status not in {"", "completed"} or not url:
        return _nothing("There is no recording.")
    if not url.startswith(("https://", "http://")):
        raise Quarantine("It names a recording without saying where it is.")
    name, is_first = told.text("CallSid"), "From" in told
    author, key = caller(told, name) if is_first else (Party("", kind="phone"), "")
    file = Part("voicemail.mp3", "audio/mpeg", b"", reference=f"{url}.mp3")
    return Envelope(
        message_id=name,
        author=author,
        subject=f"Call from {key}" if is_first else "",
        kind=Kind.CALL,
        conversation_key=key,
        attachments=(file,),
        call=CallNews(
            is_first=is_first, recording=recording_of(told.fields), recorded=_seconds(told, "RecordingDuration") or 0
        ),
    )


def _transcript(told: Payload) -> Envelope:
    heard = told.text("TranscriptionText").strip()
    if told.text("TranscriptionStatus") not in {"", "completed"} or not heard:
        return _nothing("The provider understood nothing of the recording.")
    return Envelope(told.text("CallSid"), Party("", kind="phone"), kind=Kind.CALL, call=CallNews(transcript=heard))


def _nothing(why: str) -> Envelope:
    return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=why)


def _seconds(told: Payload, name: str) -> int | None:
    said = told.text(name)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def _instant(said: str) -> datetime | None:
    """RFC 2822, as status callbacks have it."""
    try:
        return parsedate_to_datetime(said).astimezone(UTC) if said else None
    except (ValueError, TypeError, OverflowError):
        return None
