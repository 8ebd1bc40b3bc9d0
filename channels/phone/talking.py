"""What the provider is told to do while it waits: take an answer to a page, greet a caller, ring one of us, record.

All of it comes to one address of ours. `delivery` in it names a sending of ours; `step` where a forwarded call is.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.adapter import Quarantine
from channels.doors import Call, House, Prompt
from channels.payloads import Payload
from channels.phone import fields, greetings, reading, speaking
from channels.phone.connection import Connection
from helpdesk.text import telephone

_DIGITS = ("1", "2")
_LONGEST = 2000
_GOOD_BYE = "Good-bye."
_ANSWERED = "It answers a page."
_OURS = "It is news of what the product sent itself."
_SCREENED = "It asks somebody of ours to take a call."


def prompt(call: Call, connection: Connection, house: House) -> Prompt:
    """What to answer; nothing to do for what cannot be read, which is kept aside."""
    try:
        said = fields.read(call.raw)
        name = fields.name_of(said)
    except Quarantine:
        return _twiml(speaking.EMPTY)
    if "step" in call.query:
        return _twiml(_screen(call.query["step"], connection), name, _SCREENED)
    delivery_id = _number(call.query.get("delivery", ""))
    if delivery_id:
        return _about_ours(delivery_id, said, name, connection, house)
    if reading.is_incoming_message(Payload(dict(said))):
        return _message(said, name, house)
    return _twiml(_call(said, connection, house))


def _about_ours(delivery_id: int, said: Mapping[str, str], name: str, connection: Connection, house: House) -> Prompt:
    """A digit pressed in a call of ours, or how far a sending of ours got."""
    sid = said.get("MessageSid") or said.get("CallSid") or ""
    if "Digits" in said:
        return _twiml(_digit(delivery_id, sid, said, connection, house), name, _ANSWERED)
    word = said.get("MessageStatus") or said.get("CallStatus") or ""
    is_done = house.told(delivery_id, sid, word, said.get("ErrorCode", ""))
    return _twiml(speaking.EMPTY, name, _OURS if is_done else "")


def _digit(delivery_id: int, sid: str, said: Mapping[str, str], connection: Connection, house: House) -> str:
    digit = said["Digits"]
    if digit not in _DIGITS:
        words = house.asks(delivery_id)
        action = f"{connection.hooks}?delivery={delivery_id}"
        return speaking.asking(words, action) if words else speaking.saying(_GOOD_BYE)
    heard = house.answered(delivery_id, said.get("To", ""), digit, how="call", key=f"call:{sid}:{digit}")
    return speaking.saying(heard or _GOOD_BYE)


def _message(said: Mapping[str, str], name: str, house: House) -> Prompt:
    """An answer to what we sent to this number lately; any other text message is a customer's."""
    words, key = said.get("Body", "")[:_LONGEST], f"sms:{said['MessageSid']}"
    heard = house.answered(None, said.get("From", ""), words, how="sms", key=key)
    if heard is None:
        return _twiml(speaking.EMPTY)
    return _twiml(speaking.answering(heard) if heard else speaking.EMPTY, name, _ANSWERED)


def _call(said: Mapping[str, str], connection: Connection, house: House) -> str:
    """The next step of a call that came in."""
    if said.get("Direction", "inbound") != "inbound" or "From" not in said or "CallSid" not in said:
        return speaking.EMPTY
    greeting = greetings.of(house.language(said["From"]))
    if "RecordingUrl" in said:
        return speaking.saying(greeting.thanks, greeting.voice)
    if "DialCallStatus" in said:
        is_over = said["DialCallStatus"] in {"completed", "answered"}
        return speaking.EMPTY if is_over else _voicemail(greeting, connection)
    if said.get("CallStatus") not in {"ringing", "in-progress"}:
        return speaking.EMPTY
    number = _forward(connection, house)
    if number and number != said["From"]:
        return speaking.forwarding(number, connection.hooks)
    return _voicemail(greeting, connection)


def _voicemail(greeting: greetings.Greeting, connection: Connection) -> str:
    words = connection.greeting or greeting.leave.format(name=connection.name)
    voice = "" if connection.greeting else greeting.voice
    return speaking.recording(words, voice, connection.hooks, transcribes=connection.transcribes)


def _forward(connection: Connection, house: House) -> str:
    """The number to ring first; empty for none."""
    if not connection.forward:
        return ""
    return telephone.e164(connection.forward) or telephone.e164(house.on_duty(connection.forward))


def _screen(step: str, connection: Connection) -> str:
    if step != "screen":
        return speaking.EMPTY  # a key was pressed: the two are connected
    return speaking.screening(f"A call for {connection.name}. Press any key to take it.", connection.hooks)


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


def _twiml(body: str, name: str = "", how: str = "") -> Prompt:
    return Prompt(body, speaking.TYPE, {name: how} if how else {})
