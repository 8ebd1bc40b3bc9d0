"""An event of the Cloud API as an envelope (business-messaging/whatsapp/webhooks/reference).

A person is known by their number (`wa_id`), and since 2026 by a business-scoped user id too, which is always there when
the number may be missing because they go by a user name. Both change together when they take another number; a system
message says so (/business-scoped-user-ids). So a conversation is named by the user id, and by the number before one
was known.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from channels.adapter import Direction, Envelope, Kind, Party, Progress
from channels.meta.graph import batches
from channels.meta.graph.refusals import words_of
from channels.meta.whatsapp import contents
from channels.meta.whatsapp.splitting import number_of
from channels.payloads import Payload

KIND = "whatsapp"
NUMBER = "number"
"""The fact of a conversation that says by which of our numbers it is held."""
WA_ID = "wa_id"
"""The fact that says which number of theirs we may write to."""
_NEWS = {
    "delivered": Progress.DELIVERED,
    "read": Progress.READ,
    "played": Progress.READ,
    "failed": Progress.FAILED,
}
_NOT_ASKED = "Meta told something we did not ask for."


def read(payload: Payload) -> Envelope:
    """The envelope of one event.

    Raises:
        Quarantine: it is none.
    """
    changes = batches.only(payload).parts("changes")
    value = changes[0].part("value") if changes else Payload({})
    envelope = _about(value)
    return replace(envelope, facts=(*envelope.facts, (NUMBER, number_of(value))))


def _about(value: Payload) -> Envelope:
    if messages := value.parts("messages"):
        return _message(messages[0], value)
    if statuses := value.parts("statuses"):
        return _status(statuses[0])
    if echoes := value.parts("message_echoes"):
        return _echo(echoes[0], value)
    return _nothing(_NOT_ASKED)


def _message(message: Payload, value: Payload) -> Envelope:
    what = message.text("type")
    if "group_id" in message:
        return _nothing("It was said in a group.")
    if what == "system":
        return _moved(message)
    spoken = _spoken(message, value)
    if what in {"edit", "revoke", "reaction"}:
        return _of_another(spoken, what, message.part(what))
    if what == "request_welcome":
        return replace(spoken, kind=Kind.HELLO)
    text, files = contents.text(message), contents.files(message)
    if not text and not files:
        return _nothing("Something happened beside words.")
    answered = message.part("context").text("id")
    return replace(spoken, message_id=message.text("id"), text=text, attachments=tuple(files), in_reply_to=answered)


def _of_another(spoken: Envelope, what: str, told: Payload) -> Envelope:
    """An edit, a deletion, or a sign at a message."""
    if what == "reaction":
        return replace(spoken, kind=Kind.REACTION, message_id=told.text("message_id"), text=told.text("emoji"))
    name = told.text("original_message_id")
    if what == "revoke":
        return replace(spoken, kind=Kind.DELETE, message_id=name)
    return replace(spoken, kind=Kind.EDIT, message_id=name, text=contents.text(told.part("message")))


def _spoken(message: Payload, value: Payload) -> Envelope:
    """Of whom and where."""
    contact = next(iter(value.parts("contacts")), Payload({}))
    number = message.text("from") or contact.text("wa_id")
    user = message.text("from_user_id") or contact.text("user_id")
    profile = contact.part("profile")
    name = " ".join((profile.text("name") or profile.text("username")).split())[:200]
    return Envelope(
        message_id="",
        author=Party(number or user, name, KIND, also=(user,) if number and user else ()),
        date=_instant(message.text("timestamp")),
        conversation_key=user or number,
        conversation_before=(number,) if number and user else (),
        facts=((WA_ID, number),) if number else (),
    )


def _moved(message: Payload) -> Envelope:
    """They have another number, and with it another user id: words of the system, not of theirs."""
    told = message.part("system")
    before = [message.text("from"), told.text("previous_user_id")]
    after = [told.text("wa_id") or told.text("new_wa_id"), told.text("user_id")]
    number, user = after
    if told.text("type") not in {"user_changed_number", "user_changed_user_id", "customer_changed_number"}:
        return _nothing("WhatsApp says something of their account.")
    if not any(before) or not any(after):
        return _nothing("WhatsApp says that they have another number, and not which.")
    was = tuple(one for one in before if one)
    return Envelope(
        message_id="",
        author=Party(number or user, kind=KIND, also=(user,) if number and user else ()),
        author_before=was,
        kind=Kind.MOVED,
        date=_instant(message.text("timestamp")),
        conversation_key=user or number,
        conversation_before=(*reversed(was), number) if user and number else tuple(reversed(was)),
        facts=((WA_ID, number),),
    )


def _status(status: Payload) -> Envelope:
    """How far a sending got; that WhatsApp has it we know from its answer."""
    news, name = _NEWS.get(status.text("status")), status.text("id")
    if news is None or not name:
        return _nothing("WhatsApp has it." if status.text("status") == "sent" else _NOT_ASKED)
    errors = status.parts("errors")
    reason = words_of(errors[0].number("code") or 0) if errors and news is Progress.FAILED else ""
    return Envelope(
        name, Party(""), kind=Kind.DELIVERY, news=news, suspicion=reason, date=_instant(status.text("timestamp")),
        sending=_key(status.text("biz_opaque_callback_data")),
    )  # fmt: skip


def _echo(message: Payload, value: Payload) -> Envelope:
    """Somebody of ours wrote in the WhatsApp Business app (smb_message_echoes)."""
    contact = next(iter(value.parts("contacts")), Payload({}))
    number = message.text("to") or contact.text("wa_id")
    user = message.text("to_user_id") or contact.text("user_id")
    what = message.text("type")
    if what in {"edit", "revoke", "reaction"}:
        return _nothing("Somebody of ours changed their own message.")
    return Envelope(
        message_id=message.text("id"),
        author=Party("", "WhatsApp Business app", KIND),
        text=contents.text(message),
        attachments=tuple(contents.files(message)),
        date=_instant(message.text("timestamp")),
        conversation_key=user or number,
        conversation_before=(number,) if number and user else (),
        direction=Direction.AGENT_ECHO,
    )


def _nothing(why: str) -> Envelope:
    return Envelope("", Party(""), kind=Kind.NOTHING, suspicion=why)


def _key(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) < 19 else 0


def _instant(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None
    except (OverflowError, OSError, ValueError):
        return None
