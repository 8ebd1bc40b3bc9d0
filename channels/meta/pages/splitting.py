"""A call of the Messenger Platform as its events, each with the name it will have when it comes again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from channels.adapter import Arrival
from channels.meta.graph import batches
from channels.meta.pages.flavours import Flavour
from channels.payloads import Payload

EVENTS = ("message", "message_edit", "reaction", "delivery", "read", "postback", "referral")
"""The field an event has, that says what it is (messenger-platform/reference/webhook-events)."""
_LISTS = ("messaging", "standby", "changes")


def split(raw: bytes, flavour: Flavour) -> Sequence[Arrival]:
    """The events.

    Raises:
        Quarantine: it is not a call of this platform.
    """
    return [one for entry in batches.entries(raw, flavour.about) for one in _of_entry(entry, flavour)]


def _of_entry(entry: Payload, flavour: Flavour) -> Iterator[Arrival]:
    account = entry.text("id")
    for where in _LISTS:
        for event in entry.parts(where):
            for one in _apart(event):
                yield batches.alone(flavour.about, entry, {where: [one.fields]}, _name(one), account)


def _apart(event: Payload) -> list[Payload]:
    """News that several messages were delivered is news of each."""
    names: Any = event.part("delivery").fields.get("mids")
    if not isinstance(names, list) or len(names) < 2:
        return [event]
    delivery = event.part("delivery").fields
    return [Payload({**event.fields, "delivery": {**delivery, "mids": [name]}}) for name in names]


def _name(event: Payload) -> str:
    """Empty when nothing names it: then its bytes do."""
    what = next((field for field in EVENTS if field in event), "")
    inner = event.part(what) if what else Payload({})
    who, at = event.part("sender").text("id"), event.fields.get("timestamp")
    mids = inner.fields.get("mids")
    mid = inner.text("mid") or (str(mids[0]) if isinstance(mids, list) and mids else "")
    if what == "message" and mid:
        word = "echo" if inner.flag("is_echo") else "deleted" if inner.flag("is_deleted") else "message"
        return f"{word}:{mid}"
    if what == "reaction":
        return f"reaction:{mid}:{who}:{at}:{inner.text('action')}"
    if what and mid:
        return f"{what}:{mid}:{inner.fields.get('num_edit', '')}".rstrip(":")
    return f"{what}:{who}:{inner.fields.get('watermark') or at}" if what and who else ""
