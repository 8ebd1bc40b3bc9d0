"""Text messages and calls that leave, and what goes in a conversation.

POST /2010-04-01/Accounts/{AccountSid}/Messages.json with To, From, Body, StatusCallback
(twilio.com/docs/messaging/api/message-resource) and .../Calls.json with To, From, Twiml, StatusCallback, Timeout
(twilio.com/docs/voice/api/call-resource); 201 and a JSON object with `sid`. There is no key that makes a second request
harmless, so a request that broke off is `Uncertain`.
"""

from __future__ import annotations

from channels.adapter import Outbound, Outcome, Permanent, Result
from channels.capabilities import Capabilities, Files, Talk
from channels.phone import refusals, speaking
from channels.phone.asking import ask, sid
from channels.phone.connection import Connection
from channels.phone.reading import WITHHELD

LONGEST = 1600
"""Twilio refuses a longer body with error 21617."""
_RING_SECONDS = 30
"""Voice mail begins to answer behind this on many networks."""
_COST = "A text is paid by the part: 160 characters, 70 with any beyond the basic letters; from two parts 153 and 67."
"""3GPP TS 23.038 and 23.040: seven bits a letter or sixteen, and a header that joins the parts."""
_STOPPED = "They answered STOP, so nothing may be sent until they write START. Call them, or write another way."
_WITHHELD = "They withheld their number, so nothing can be sent back. Reach them another way."


def capabilities(talk: Talk) -> Capabilities:
    """What goes to one number."""
    closed = _STOPPED if talk.facts.get("stopped") else _WITHHELD if talk.key.startswith(WITHHELD) else ""
    return Capabilities(max_length=LONGEST, files=Files(count=0), can_initiate=True, cost_hint=_COST, closed=closed)


def one(outbound: Outbound, connection: Connection, address: str) -> Result:
    """Text or call one number.

    Raises:
        SendError: as `channels.adapter` names them.
    """
    if outbound.conversation and len(outbound.text) > LONGEST:
        raise Permanent(f"It is too long for a text message, which takes {LONGEST:,} characters.")
    what, form = ("Calls", _call(outbound, connection)) if outbound.how == "call" else ("Messages", _text(outbound))
    common = {"To": address, "From": connection.number, "StatusCallback": _hook(connection, outbound)}
    answer = ask(connection, "POST", f"/{what}.json", {**common, **form})
    if answer.status not in {200, 201}:
        return refusals.read(answer, address)
    return Result(address, Outcome.ACCEPTED, external_id=sid(answer))


def _text(outbound: Outbound) -> dict[str, str]:
    """A page that is too long is cut rather than refused."""
    return {"Body": outbound.text[:LONGEST]}


def _call(outbound: Outbound, connection: Connection) -> dict[str, str]:
    words = outbound.speech or outbound.text
    said = speaking.asking(words, _hook(connection, outbound)) if outbound.answerable else speaking.saying(words)
    return {"Twiml": said, "Timeout": str(_RING_SECONDS)}


def _hook(connection: Connection, outbound: Outbound) -> str:
    """Our address for news of this delivery, which may come before the answer with its `sid` does."""
    return f"{connection.hooks}?delivery={outbound.key}"
