"""CloudEvents 1.0 over HTTP: one event as JSON, one with its attributes in headers, or several in one call.

Source: github.com/cloudevents/spec, cloudevents/bindings/http-protocol-binding.md and formats/json-format.md. Its
`data` may be a report of our own form; else the device is its subject, or the end of its source, and the fault its
type, whose last word may say the state: com.example.compressor.overheat.recovered.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from channels.adapter import Envelope, Quarantine
from channels.device import plain, telling
from channels.device.telling import Words
from channels.payloads import Payload, clean

SEVERAL = "application/cloudevents-batch+json"
_PREFIX = "ce-"


def is_one(body: Payload) -> bool:
    return "specversion" in body


def is_binary(headers: Mapping[str, str]) -> bool:
    return "ce-specversion" in headers


def from_binary(headers: Mapping[str, str], raw: bytes) -> dict[str, Any]:
    """The same event in its JSON form."""
    given = {
        key.removeprefix(_PREFIX): clean(unquote(text)) for key, text in headers.items() if key.startswith(_PREFIX)
    }
    text = clean(raw.decode("utf-8", "replace"))
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not text.strip():
        return given
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return {**given, "data": json.loads(text)}
        except (ValueError, RecursionError) as error:
            raise Quarantine("Its data is not the JSON it says it is.") from error
    return {**given, "data": text}


def name(event: Payload) -> str:
    """Source and id together are unique (section "REQUIRED Attributes" of the specification).

    Raises:
        Quarantine: a required attribute is missing.
    """
    missing = [one for one in ("id", "source", "type") if not event.text(one)]
    if missing or not event.text("specversion").startswith("1."):
        raise Quarantine(f"It is no CloudEvent of version 1: {', '.join(missing) or 'specversion'}.")
    return f"{event.text('source')} {event.text('id')}"


def read(event: Payload, key_id: int | None = None) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: it says too little, or in a way that cannot be used.
    """
    name(event)
    data = _data(event)
    kind, _, last = event.text("type").rpartition(".")
    says_state = bool(kind) and telling.knows(last)
    state = data.text("state") or (last if says_state else "")
    fault = data.text("fault") or (kind if says_state else event.text("type"))
    device = data.text("device") or event.text("subject") or event.text("source").rstrip("/").rpartition("/")[2]
    if data.flag("test"):
        return plain.read(Payload({**data.fields, "device": device, "fault": fault}), key_id=key_id)
    words = Words(
        device=device,
        fault=fault,
        state=state,
        title=data.text("title"),
        text="\n\n".join(filter(None, [data.text("text"), telling.listed(_rest(data))])),
        serial=data.text("serial"),
        severity=data.text("severity") or event.text("severity"),
        at=event.text("time"),
    )
    return telling.envelope(words, key_id)


def _data(event: Payload) -> Payload:
    found = event.fields.get("data")
    if isinstance(found, dict):
        return Payload(found)
    if found is None and event.text("data_base64"):
        try:
            found = base64.b64decode(event.text("data_base64"), validate=True).decode("utf-8", "replace")
        except binascii.Error as error:
            raise Quarantine("Its data is not base64.") from error
    return Payload({"text": clean(str(found))} if found is not None else {})


def _rest(data: Payload) -> Payload:
    """What the data says beside the report."""
    known = {"device", "fault", "state", "title", "text", "serial", "severity", "at", "id", "test", "data"}
    return Payload({key: value for key, value in data.fields.items() if key not in known})
