"""The fields of a call of the provider's, which come as a form or as JSON, and the name of the event they tell of.

Twilio documents each kind by its fields alone, and they tell the kinds apart: messages
(twilio.com/docs/messaging/guides/webhook-request, /track-outbound-message-status), calls
(twilio.com/docs/voice/twiml#request-parameters, /voice/api/call-resource#statuscallback), Dial, Record and its
callbacks (twilio.com/docs/voice/twiml/dial, /record).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs

from channels.adapter import Quarantine
from channels.payloads import clean, load

MOST_FIELDS = 300
_NEITHER = "It names neither a message nor a call."


def values(raw: bytes) -> dict[str, list[str]]:
    """Every field of a form with its values, none of them trimmed.

    Raises:
        Quarantine: there are too many.
    """
    try:
        return parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Quarantine(f"It has more than {MOST_FIELDS} fields.") from error


def read(raw: bytes) -> dict[str, str]:
    """The first value of each field, of a form or a JSON object.

    Raises:
        Quarantine: it is neither, or what it holds is no text.
    """
    if not raw.startswith(b"{"):
        return {name: clean(one[0]) for name, one in values(raw).items()}
    payload = load(raw)
    return {name: payload.text(name) for name in payload.fields}


def name_of(fields: Mapping[str, str]) -> str:
    """What names the event, the same when it comes again: whose news it is, and what it says.

    Raises:
        Quarantine: it is about nothing we know.
    """
    message, call = fields.get("MessageSid", ""), fields.get("CallSid", "")
    if fields.get("TranscriptionSid"):
        return _named("transcript", fields["TranscriptionSid"], fields.get("TranscriptionStatus", ""))
    if recording := recording_of(fields):
        return _named("recording", recording, fields.get("RecordingStatus", ""))
    if message:
        return _named("message", message, fields.get("MessageStatus", ""))
    if not call:
        raise Quarantine(_NEITHER)
    if "DialCallStatus" in fields:
        return _named("dialled", call, fields["DialCallStatus"])
    if "Digits" in fields:
        return _named("digits", call, fields["Digits"])
    return _named("call", call, fields.get("CallStatus", ""))


def recording_of(fields: Mapping[str, str]) -> str:
    """What the provider calls a recording: Record's action names it by its address alone."""
    return fields.get("RecordingSid", "") or fields.get("RecordingUrl", "").rpartition("/")[2]


def _named(*said: str) -> str:
    """Readable while it is as short as the provider's names are."""
    whole = ":".join(said)
    return whole if len(whole) < 150 else f"{said[0]}:{hashlib.sha256(whole.encode()).hexdigest()}"
