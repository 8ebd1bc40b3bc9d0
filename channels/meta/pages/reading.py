"""An event of the Messenger Platform as an envelope (messenger-platform/reference/webhook-events).

A conversation is one person with one page or account, and is named by that person's page-scoped id.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from channels.adapter import Direction, Envelope, Kind, Party, Progress
from channels.meta.graph import batches
from channels.meta.pages import attachments
from channels.meta.pages.flavours import Flavour
from channels.payloads import Payload

ACCOUNT = "account"
"""The fact of a conversation that says whose it is: the id of our page or account."""
_STARTS = frozenset({"GET_STARTED", "GET_STARTED_PAYLOAD"})
_ELSEWHERE = "Another app of ours has this conversation now."
_NOT_ASKED = "Meta told something we did not ask for."


def read(payload: Payload, flavour: Flavour) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: it is none.
    """
    entry = batches.only(payload)
    events = entry.parts("messaging")
    if not events:
        return _nothing(_ELSEWHERE if "standby" in entry else _NOT_ASKED, entry.text("id"))
    event = events[0]
    envelope = _about(event, flavour, entry.text("id"))
    return replace(envelope, facts=((ACCOUNT, entry.text("id")),))


def _about(event: Payload, flavour: Flavour, account: str) -> Envelope:
    if "message" in event:
        return _message(event, flavour, account)
    read_it = next((how for what, how in _OTHERS.items() if what in event), None)
    return read_it(event, flavour) if read_it is not None else _nothing(_NOT_ASKED, account)


def _message(event: Payload, flavour: Flavour, account: str) -> Envelope:
    message = event.part("message")
    if message.flag("is_deleted"):
        return replace(_spoken(event, flavour, Kind.DELETE), message_id=message.text("mid"))
    echo = message.flag("is_echo")
    spoken = replace(
        _spoken(event, flavour, Kind.MESSAGE, echo=echo),
        message_id=message.text("mid"),
        text=_text(message, flavour),
        in_reply_to=message.part("reply_to").text("mid"),
        attachments=tuple(attachments.files(message)),
    )
    if not spoken.message_id or not (spoken.text or spoken.attachments):
        return _nothing("Something happened beside words.", account)
    return spoken


def _text(message: Payload, flavour: Flavour) -> str:
    """The words, with a line for what is no file, and one for what Meta keeps to itself."""
    hidden = message.flag("is_unsupported")
    unseen = [f"[Something {flavour.name} does not pass on. Look there, or ask them to write it.]"] if hidden else []
    advert = message.part("referral").part("ads_context_data").text("ad_title")
    came = [f"[Came from an ad: {advert}]"] if advert else []
    lines = [message.text("text"), *attachments.lines(message), *unseen, *came]
    return "\n".join(line for line in lines if line)


def _edit(event: Payload, flavour: Flavour) -> Envelope:
    edit = event.part("message_edit")
    return replace(_spoken(event, flavour, Kind.EDIT), message_id=edit.text("mid"), text=edit.text("text"))


def _arrival(event: Payload, flavour: Flavour) -> Envelope:
    """They came by a link or an ad, and have said nothing yet."""
    return _spoken(event, flavour, Kind.HELLO)


def _reaction(event: Payload, flavour: Flavour) -> Envelope:
    sign = event.part("reaction")
    shown = sign.text("emoji") or sign.text("reaction")
    taken_away = sign.text("action") == "unreact"
    spoken = _spoken(event, flavour, Kind.REACTION)
    return replace(spoken, message_id=sign.text("mid"), text="" if taken_away else shown)


def _news(event: Payload, flavour: Flavour) -> Envelope:
    """Of one message by its name, or of all up to an instant: the watermark."""
    what, news = ("read", Progress.READ) if "read" in event else ("delivery", Progress.DELIVERED)
    told = event.part(what)
    mids = told.fields.get("mids")
    mid = told.text("mid") or (str(mids[0]) if isinstance(mids, list) and mids else "")
    spoken = _spoken(event, flavour, Kind.DELIVERY)
    if mid:
        return replace(spoken, message_id=mid, news=news)
    until = _instant(told.number("watermark"))
    return replace(spoken, date=until, news=news) if until else _nothing(_NOT_ASKED, "")


def _postback(event: Payload, flavour: Flavour) -> Envelope:
    """A button was pressed: what stood on it is what they say. The first button of a conversation says nothing yet."""
    postback = event.part("postback")
    begins = postback.text("payload").upper() in _STARTS
    spoken = _spoken(event, flavour, Kind.HELLO if begins else Kind.MESSAGE)
    who, at = spoken.author.address, event.number("timestamp") or 0
    text = postback.text("title") or postback.text("payload")
    return replace(spoken, message_id=postback.text("mid") or f"postback:{who}:{at}", text=text)


def _spoken(event: Payload, flavour: Flavour, kind: Kind, *, echo: bool = False) -> Envelope:
    """Of whom and where; an echo is what somebody of ours said to the recipient."""
    sender, recipient = event.part("sender").text("id"), event.part("recipient").text("id")
    customer = recipient if echo else sender
    return Envelope(
        message_id="",
        author=Party(sender, kind=flavour.kind) if not echo else Party("", flavour.name, kind=flavour.kind),
        kind=kind,
        date=_instant(event.number("timestamp")),
        conversation_key=customer,
        direction=Direction.AGENT_ECHO if echo else Direction.CUSTOMER,
    )


def _nothing(why: str, account: str) -> Envelope:
    return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=why, facts=((ACCOUNT, account),))


def _instant(milliseconds: int | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (OverflowError, OSError, ValueError):
        return None


_OTHERS = {
    "message_edit": _edit,
    "reaction": _reaction,
    "delivery": _news,
    "read": _news,
    "postback": _postback,
    "referral": _arrival,
    "optin": _arrival,
}
"""By the field an event has."""
