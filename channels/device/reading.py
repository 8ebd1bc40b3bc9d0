"""A stored report as an envelope, by the form it came in."""

from __future__ import annotations

from channels.adapter import Envelope, Kind, Party, Quarantine
from channels.device import alertmanager, cloudevents, plain
from channels.payloads import Payload

_RETAINED = "The broker kept it from before we listened: how things stand, and no news."


def read(stored: Payload) -> Envelope:
    """The envelope of one report.

    Raises:
        Quarantine: it says too little, or in a way that cannot be used.
    """
    form, body, key_id = stored.text("form"), stored.part("body"), stored.number("key")
    if stored.flag("retained"):
        return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=_RETAINED)
    if form == "alert":
        labels = stored.fields.get("labels") or alertmanager.LABELS
        return alertmanager.read(body, [str(one) for one in labels], key_id)
    if form == "cloud":
        return cloudevents.read(body, key_id)
    if form == "plain":
        return plain.read(body, device=stored.text("device"), fault=stored.text("fault"), key_id=key_id)
    raise Quarantine("It is none of the forms that are known.")
