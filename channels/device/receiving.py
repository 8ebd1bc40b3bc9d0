"""One call, or one message of a broker, taken apart: each report is an arrival with a name of its own.

What is stored is {"form", "key", "body"} with what else its reading needs, so that it can be read again by itself.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.adapter import Arrival, Quarantine
from channels.device import alertmanager, cloudevents
from channels.payloads import MOST_BYTES, Payload, load
from helpdesk.now import now

MOST_EVENTS = 5000
_IDEMPOTENCY = "idempotency-key"


@dataclass(frozen=True, slots=True)
class _Event:
    """`name` is empty where it has none: then it is news each time it comes."""

    form: str
    body: dict[str, Any]
    name: str = ""


def take_apart(
    headers: Mapping[str, str], raw: bytes, labels: Sequence[str], key_id: int | None = None
) -> list[Arrival]:
    """The reports of one call. Header names are lower case; an Idempotency-Key stands for the whole call.

    Raises:
        Quarantine: it is none of the forms that are known.
    """
    events = _events(headers, raw)
    if len(events) > MOST_EVENTS:
        raise Quarantine(f"It holds more than {MOST_EVENTS} reports.")
    given = headers.get(_IDEMPOTENCY, "").strip()
    names = [f"key {key_id} {given} {place}" if given else one.name for place, one in enumerate(events)]
    return [_arrival(one, name, labels, key_id) for one, name in zip(events, names, strict=True)]


def stored(form: str, body: dict[str, Any], **more: Any) -> bytes:
    """As it is kept."""
    return json.dumps({"form": form, **more, "body": body}, ensure_ascii=False).encode("utf-8", "replace")


def digest(name: str) -> str:
    """A name of a length that fits; one nobody has when there is none."""
    if not name:
        return f"once:{secrets.token_hex(16)}"
    return f"named:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def name_of(event: Payload) -> str:
    """Of a report of our own form: its id, which is its device's."""
    return f"id {event.text('device')} {event.text('id')}" if event.text("id") else ""


def _events(headers: Mapping[str, str], raw: bytes) -> list[_Event]:
    if cloudevents.is_binary(headers):
        return [_cloud(cloudevents.from_binary(headers, raw))]
    if headers.get("content-type", "").partition(";")[0].strip().lower() == cloudevents.SEVERAL:
        return [_cloud(one) for one in _several(raw)]
    body = load(raw)
    if cloudevents.is_one(body):
        return [_cloud(body.fields)]
    if alertmanager.is_one(body):
        hour = now().strftime("%Y-%m-%dT%H")
        return [_Event("alert", one.fields, f"alert {alertmanager.name(one, hour)}") for one in body.parts("alerts")]
    if "events" in body:
        return [_Event("plain", one.fields, name_of(one)) for one in body.parts("events")]
    if "device" not in body or "fault" not in body:
        raise Quarantine("It is no report: it needs a device and a fault. See the guide for administrators.")
    return [_Event("plain", body.fields, name_of(body))]


def _several(raw: bytes) -> list[dict[str, Any]]:
    """A batch is a list, which is read as the one field of an object, within the same limits."""
    if len(raw) > MOST_BYTES:
        raise Quarantine("It is too large.")
    return [one.fields for one in load(b'{"batch": ' + (raw.strip() or b"null") + b"}").parts("batch")]


def _cloud(fields: dict[str, Any]) -> _Event:
    return _Event("cloud", fields, f"cloud {cloudevents.name(Payload(fields))}")


def _arrival(event: _Event, name: str, labels: Sequence[str], key_id: int | None) -> Arrival:
    more: dict[str, Any] = {"labels": list(labels)} if event.form == "alert" else {}
    return Arrival(digest(name), stored(event.form, event.body, key=key_id, **more))
