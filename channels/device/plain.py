"""Our own form of a report: one JSON object with device and fault, or several in `events`."""

from __future__ import annotations

from channels.adapter import Envelope, Kind, Party
from channels.device import telling
from channels.device.telling import Words
from channels.payloads import Payload

_TEST = "It was a test: it reached us, and nobody was told."


def read(event: Payload, *, device: str = "", fault: str = "", key_id: int | None = None) -> Envelope:
    """The envelope; `device` and `fault` are what its topic says of it, which is believed before its own words.

    Raises:
        Quarantine: it says too little, or in a way that cannot be used.
    """
    words = Words(
        device=device or event.text("device"),
        fault=fault or event.text("fault"),
        state=event.text("state"),
        title=event.text("title"),
        text="\n\n".join(filter(None, [event.text("text"), telling.listed(event.part("data"))])),
        serial=event.text("serial"),
        severity=event.text("severity"),
        at=event.text("at"),
    )
    told = telling.envelope(words, key_id)
    if event.flag("test"):
        return Envelope("", Party(told.author.address), kind=Kind.NOTHING, suspicion=_TEST)
    return told
