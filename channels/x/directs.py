"""A direct message, in whichever of its two forms X tells it, one that is encrypted, and news that one was read.

v2: docs.x.com/x-api/direct-messages/lookup/integrate. The older form, `message_create`, comes with calls of both
activity APIs. X Chat is encrypted: what comes is cipher text for X's own programs, so all we can say is that it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from channels.adapter import Direction, Envelope, Kind, Part, Party, Progress
from channels.payloads import Payload
from channels.x import media, names, wording
from channels.x.posts import instant, party

CANNOT_READ = (
    "[An encrypted message in X Chat. It can be read in X alone: nobody but the two sides has its key, and this "
    "helpdesk is neither. Sign in at X to read it.]"
)
_EMPTY = (
    "[A direct message without words that X gives us. It may be encrypted, or of a kind only X shows. Sign in at X to "
    "read it.]"
)
_NO_WORDS = "Somebody came into the conversation, or left it."


@dataclass(frozen=True, slots=True)
class Direct:
    """Numbers are X's; `conversation` is a key of `channels.x.names`."""

    number: str
    conversation: str
    author: Party
    text: str
    files: tuple[Part, ...]
    at: datetime | None


def read(told: Payload, included: Payload, ours: str) -> Envelope:
    """One of the v2 form."""
    if told.text("event_type") != "MessageCreate":
        return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=_NO_WORDS)
    people = {one.text("id"): one for one in included.parts("users")}
    sender = told.text("sender_id")
    return _envelope(
        Direct(
            number=told.text("id"),
            conversation=names.directs(told.text("dm_conversation_id")),
            author=party(sender, people.get(sender), "username"),
            text=wording.plain(told.text("text"), told.part("entities").parts("urls")),
            files=tuple(media.of_keys(told, included)),
            at=instant(told.text("created_at"), "%Y-%m-%dT%H:%M:%S.%f%z"),
        ),
        ours,
    )


def read_older(told: Payload, people: Payload, ours: str) -> Envelope:
    """One of an activity API; `people` are by number."""
    made = told.part("message_create")
    sender, data = made.text("sender_id"), made.part("message_data")
    known = people.part(sender)
    known = known.part("data") if "data" in known else known  # the newer API wraps each
    attached = data.part("attachment").part("media")
    return _envelope(
        Direct(
            number=told.text("id"),
            conversation=names.between(made.part("target").text("recipient_id") or "0", sender or "0"),
            author=party(sender, known, "screen_name" if "screen_name" in known else "username"),
            text=wording.plain(data.text("text"), data.part("entities").parts("urls")),
            files=tuple(media.of_list([attached] if attached.fields else [])),
            at=_stamp(told.text("created_timestamp")),
        ),
        ours,
    )


def read_encrypted(told: Payload, ours: str) -> Envelope:
    """One of X Chat: who and when is told in the open."""
    sender = told.text("sender_id")
    if sender == ours:
        return Envelope("", Party(""), kind=Kind.NOTHING, suspicion="Somebody of ours wrote in X Chat, encrypted.")
    return Envelope(
        message_id=f"chat:{told.text('id')}",
        author=party(sender, None, ""),
        text=CANNOT_READ,
        date=_stamp(told.text("created_at_msec")),
        conversation_key=names.encrypted(told.text("conversation_id")),
    )


def was_read(told: Payload, ours: str) -> Envelope:
    """They have read up to here."""
    if told.text("sender_id") == ours:
        return Envelope("", Party(""), kind=Kind.NOTHING, suspicion="Somebody of ours read it.")
    name = names.direct(told.text("last_read_event_id"))
    return Envelope(name, Party(told.text("sender_id"), kind="x"), kind=Kind.DELIVERY, news=Progress.READ)


def _envelope(said: Direct, ours: str) -> Envelope:
    return Envelope(
        message_id=names.direct(said.number),
        author=said.author,
        text=said.text or ("" if said.files else _EMPTY),
        date=said.at,
        attachments=said.files,
        conversation_key=said.conversation,
        direction=Direction.AGENT_ECHO if said.author.address == ours else Direction.CUSTOMER,
    )


def _stamp(milliseconds: str) -> datetime | None:
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 15):
        return None
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
