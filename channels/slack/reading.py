"""What Slack tells as an envelope: events, the shortcut "make a ticket" and the slash command.

Sources: docs.slack.dev/apis/events-api (the outer event), /reference/events/message and its subtypes,
/reference/interaction-payloads/shortcuts-interaction-payload, /interactivity/implementing-slash-commands.

A direct conversation with our app is one conversation; elsewhere a thread is one, by the time stamp of its first
message. Somebody is named by workspace and user together: with Slack Connect people of other workspaces write.
"""

from __future__ import annotations

from dataclasses import replace

from channels.adapter import Envelope, Kind, Party, Progress
from channels.payloads import Payload
from channels.slack import blocks, files, words
from channels.slack.names import instant, name, stamp
from channels.slack.signs import sign

US = "us"
"""Among `delivered_to`: it was said to us, and by the shortcut or the command, made a ticket by a person."""
BY_HAND = "by hand"
_SPOKEN = frozenset({"", "file_share", "me_message", "thread_broadcast"})
"""Subtypes of somebody's own words."""
_BESIDE = "Something happened beside words."
_BESIDE_WORDS = {
    "tokens_revoked": "The app was taken out of the workspace, or its token was revoked.",
    "app_uninstalled": "The app was taken out of the workspace.",
    "app_rate_limited": "Slack kept events back for a minute, for there were too many. Look there for what is missing.",
    "file_shared": "The message with the file comes by itself.",
}


class Outer:
    """What stands around an event: whose app it is for."""

    def __init__(self, payload: Payload) -> None:
        authorized = payload.parts("authorizations")
        first = authorized[0] if authorized else Payload({})
        self.home = name(first.text("team_id") or payload.text("context_team_id") or payload.text("team_id"))
        self.app = payload.text("api_app_id")
        self.ours = frozenset(one.text("user_id") for one in authorized if one.flag("is_bot") and one.text("user_id"))
        self.is_shared = payload.flag("is_ext_shared_channel")


def read(payload: Payload) -> Envelope:
    """The envelope of one event, shortcut or command.

    Raises:
        Quarantine: it is none.
    """
    kind = payload.text("type")
    if "command" in payload:
        return _command(payload)
    if kind == "message_action":
        return _shortcut(payload)
    if kind == "event_callback":
        return _event(payload.part("event"), Outer(payload))
    return _nothing(_BESIDE_WORDS.get(kind, _BESIDE))


def _event(event: Payload, outer: Outer) -> Envelope:
    about = event.text("type")
    if about in {"message", "app_mention"}:
        return _message(event, outer)
    if about in {"reaction_added", "reaction_removed"}:
        return _reaction(event, outer)
    return _nothing(_BESIDE_WORDS.get(about, _BESIDE))


def _message(event: Payload, outer: Outer) -> Envelope:
    subtype = event.text("subtype")
    channel, kind = name(event.text("channel")), event.text("channel_type")
    if subtype == "message_changed":
        return _changed(event, channel, kind, outer)
    if subtype == "message_deleted":
        before = event.part("previous_message")
        return _taken_back(before, channel, kind, stamp(event.text("deleted_ts")), event, outer)
    if _is_ours(event, outer):
        return _echo(event, channel)
    if subtype == "bot_message" or "bot_id" in event or event.text("user") == "USLACKBOT":
        return _nothing("A bot wrote it.")
    if subtype not in _SPOKEN or "user" not in event:
        return _nothing(_BESIDE)
    return _spoken(event, channel, kind, outer)


def _spoken(said: Payload, channel: str, kind: str, outer: Outer) -> Envelope:
    """Somebody's words, with the files that go with them."""
    at = stamp(said.text("ts"))
    root = stamp(said.text("thread_ts")) if "thread_ts" in said else ""
    author, is_direct = _author(said, outer), kind == "im" or (not kind and channel.startswith("D"))
    text, attached = said.text("text"), tuple(files.of(said))
    spoken = "\n".join(filter(None, [words.plain(text, outer.ours), *_shared(said)]))
    if not spoken and not attached:
        return _nothing(_BESIDE)
    to_us = is_direct or said.text("type") == "app_mention" or any(words.mentions(text, one) for one in outer.ours)
    return Envelope(
        message_id=f"{channel}:{at}",
        author=author,
        text=spoken,
        delivered_to=(US,) if to_us else (),
        date=instant(at),
        in_reply_to=f"{channel}:{root}" if root and root != at else "",
        attachments=attached,
        conversation_key=f"dm:{author.address}" if is_direct else f"{channel}:{root or at}",
        facts=_facts(channel, root if is_direct else root or at, author, outer),
    )


def _changed(event: Payload, channel: str, kind: str, outer: Outer) -> Envelope:
    """New words, or a message that went and left a mark because there are answers to it."""
    now, before = event.part("message"), event.part("previous_message")
    if now.text("subtype") == "tombstone":
        return _taken_back(before, channel, kind, stamp(now.text("ts")), event, outer)
    if _is_ours(now, outer) or "bot_id" in now or "user" not in now:
        return _nothing("A message of a bot was changed.")
    told = _spoken(now, channel, kind, outer)
    if told.kind is Kind.NOTHING:
        return told
    edited = now.part("edited").text("ts")
    return replace(told, kind=Kind.EDIT, date=instant(stamp(edited or event.text("ts"))), attachments=())


def _taken_back(before: Payload, channel: str, kind: str, at: str, event: Payload, outer: Outer) -> Envelope:  # noqa: PLR0913, PLR0917 - what a deletion is told with
    if _is_ours(before, outer) or "bot_id" in before:
        return _nothing("A message of a bot was deleted.")
    author = _author(before, outer) if "user" in before else Party("", kind="slack")
    root = stamp(before.text("thread_ts")) if "thread_ts" in before else at
    return Envelope(
        message_id=f"{channel}:{at}",
        author=author,
        kind=Kind.DELETE,
        date=instant(stamp(event.text("event_ts") or event.text("ts"))),
        conversation_key=f"dm:{author.address}" if kind == "im" else f"{channel}:{root}",
    )


def _reaction(event: Payload, outer: Outer) -> Envelope:
    """A sign at a message. It does not say of which workspace its author is, so in shared channels nobody is sure."""
    item, user = event.part("item"), name(event.text("user"))
    if item.text("type") != "message" or user in outer.ours:
        return _nothing(_BESIDE)
    channel, at = name(item.text("channel")), stamp(item.text("ts"))
    return Envelope(
        message_id=f"{channel}:{at}",
        author=Party("" if outer.is_shared else f"{outer.home}:{user}", kind="slack"),
        text=sign(event.text("reaction")) if event.text("type") == "reaction_added" else "",
        kind=Kind.REACTION,
        date=instant(stamp(event.text("event_ts"))),
        conversation_key=f"{channel}:{at}",
    )


def _echo(event: Payload, channel: str) -> Envelope:
    """What we said ourselves stands there now. Pages and files are no words of a ticket's conversation."""
    if event.text("subtype") == "file_share" or blocks.is_page(event.parts("blocks")):
        return _nothing("We said it ourselves.")
    return Envelope(
        message_id=f"{channel}:{stamp(event.text('ts'))}",
        author=Party("", kind="slack"),
        kind=Kind.DELIVERY,
        news=Progress.DELIVERED,
    )


def _shortcut(payload: Payload) -> Envelope:
    """Somebody made a ticket of a message that stands there; whoever wrote it is the customer."""
    said, channel = payload.part("message"), name(payload.part("channel").text("id"))
    outer = Outer(Payload({"team_id": payload.part("team").text("id"), "api_app_id": payload.text("api_app_id")}))
    kind = "im" if channel.startswith("D") else "channel"
    told = _spoken(said, channel, kind, outer)
    if told.kind is Kind.NOTHING:
        return _nothing("The message has no words.")
    return replace(told, delivered_to=(US, BY_HAND))


def _command(payload: Payload) -> Envelope:
    """Words behind a slash command. They stand in no channel, so they are answered in the direct conversation."""
    user, team = name(payload.text("user_id")), name(payload.text("team_id"))
    author = Party(f"{team}:{user}", payload.text("user_name")[:200], kind="slack")
    return Envelope(
        message_id=f"command:{payload.text('trigger_id')}",
        author=author,
        text=words.plain(payload.text("text").strip()),
        delivered_to=(US, BY_HAND),
        conversation_key=f"dm:{author.address}",
        facts=(("thread", ""),),
        begins=True,
    )


def _author(said: Payload, outer: Outer) -> Party:
    """Who wrote; a bot, where somebody made a ticket of its words."""
    team = next(filter(None, (said.text(one) for one in ("user_team", "source_team", "team"))), outer.home)
    if "user" not in said:
        bot = said.text("username") or said.part("bot_profile").text("name")
        return Party(f"{name(team)}:{name(said.text('bot_id'))}", bot[:200] or "A bot", kind="slack")
    return Party(f"{name(team)}:{name(said.text('user'))}", kind="slack")


def _is_ours(said: Payload, outer: Outer) -> bool:
    app = said.text("app_id") or said.part("bot_profile").text("app_id")
    return said.text("user") in outer.ours or (bool(outer.app) and app == outer.app and "bot_id" in said)


def _shared(said: Payload) -> list[str]:
    """Words of messages that were passed on; what a link unfolds into is nobody's words."""
    passed = [one for one in said.parts("attachments") if one.flag("is_share") or one.flag("is_msg_unfurl")]
    return [words.plain(one.text("text") or one.text("fallback")) for one in passed]


def _facts(channel: str, thread: str, author: Party, outer: Outer) -> tuple[tuple[str, str], ...]:
    side = "ours" if author.address.startswith(f"{outer.home}:") else "theirs"
    return (("channel", channel), ("side", side), ("thread", thread))


def _nothing(why: str) -> Envelope:
    return Envelope("", Party("", kind="slack"), kind=Kind.NOTHING, suspicion=why)
