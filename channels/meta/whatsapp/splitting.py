"""A call of the Cloud API as its events, each with the name it will have when it comes again.

Messages, statuses and echoes of one change come apart; each keeps the change's metadata and the contact it is of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from channels.adapter import Arrival
from channels.meta.graph import batches
from channels.payloads import Payload

ABOUT = "whatsapp_business_account"
LISTS = ("messages", "statuses", "message_echoes", "errors")
_NAMING = ("from", "from_user_id", "recipient_id", "recipient_user_id", "to")
"""Fields of an event that say whose it is."""


def split(raw: bytes) -> Sequence[Arrival]:
    """The events.

    Raises:
        Quarantine: it is not a call of this platform.
    """
    return [one for entry in batches.entries(raw, ABOUT) for one in _of_entry(entry)]


def number_of(value: Payload) -> str:
    """Our number that a change is about, with its plus."""
    digits = "".join(one for one in value.part("metadata").text("display_phone_number") if one in "0123456789")
    return f"+{digits}" if digits else ""


def _of_entry(entry: Payload) -> Iterator[Arrival]:
    for change in entry.parts("changes"):
        value = change.part("value")
        events = [(where, one) for where in LISTS for one in value.parts(where)]
        around = {name: found for name, found in value.fields.items() if name not in LISTS}
        contacts = _Contacts(value)
        for where, event in events:
            inside = {**around, "contacts": contacts.of(event), where: [event.fields]}
            yield _arrival(entry, change, inside, _name(where, event))
        if not events:
            yield _arrival(entry, change, value.fields, "")


def _arrival(entry: Payload, change: Payload, value: dict[str, Any], name: str) -> Arrival:
    inside = {"changes": [{"field": change.text("field"), "value": value}]}
    return batches.alone(ABOUT, entry, inside, name, number_of(change.part("value")))


class _Contacts:
    """The people of a change, found by their names: of a thousand events each may be another's."""

    def __init__(self, value: Payload) -> None:
        self._all = value.parts("contacts")
        self._places: dict[str, list[int]] = {}
        for place, one in enumerate(self._all):
            for name in {one.text("wa_id"), one.text("user_id")} - {""}:
                self._places.setdefault(name, []).append(place)

    def of(self, event: Payload) -> list[dict[str, Any]]:
        """Those whose event it is; the only one there is where it does not say."""
        own = {place for name in _NAMING for place in self._places.get(event.text(name), ())}
        places = sorted(own) or range(len(self._all) if len(self._all) == 1 else 0)
        return [self._all[place].fields for place in places]


def _name(where: str, event: Payload) -> str:
    """Empty when nothing names it: then its bytes do."""
    name = event.text("id")
    if not name:
        return ""
    if where == "statuses":
        return f"{event.text('status')}:{name}"
    return f"echo:{name}" if where == "message_echoes" else f"message:{name}"
