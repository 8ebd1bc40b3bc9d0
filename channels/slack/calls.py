"""What Slack calls us with, taken apart: events, shortcuts and commands to keep, presses to hear, and what to answer.

Events come as JSON; interactions as a form with one field `payload`, and commands as a form of their own
(docs.slack.dev/apis/events-api, /reference/interaction-payloads, /interactivity/implementing-slash-commands). What a
socket brings is the same without the form.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import parse_qsl

from channels.adapter import Arrival, Quarantine
from channels.doors import Press, Reply
from channels.payloads import Payload, load
from channels.slack import blocks

_WORDS = {blocks.ACKNOWLEDGE: "ack", blocks.PASS_ON: "pass"}
_MOST_FIELDS = 100
_THANKS = "Thank you. We have it, and answer in your direct messages with this app."
_NO_WORDS = "Write what you need behind the command, and we take it from there."


def split(raw: bytes) -> Sequence[Arrival]:
    """What is to be kept of one call, each by the name Slack gives it again; nothing for a press, or a question.

    Raises:
        Quarantine: Slack sends nothing like it.
    """
    payload = unwrapped(raw)
    kind = payload.text("type")
    if kind in {"url_verification", "block_actions"}:
        return []
    kept = json.dumps(payload.fields, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if "command" in payload:
        return [Arrival(f"command:{_needed(payload, 'trigger_id')}", kept)] if payload.text("text").strip() else []
    if kind == "event_callback":
        return [Arrival(f"event:{_needed(payload, 'event_id')}", kept)]
    if kind == "app_rate_limited":
        return [Arrival(f"limited:{payload.needed('minute_rate_limited')}", kept)]
    return [Arrival(f"{kind}:{_needed(payload, 'trigger_id')}", kept)]


def presses(raw: bytes) -> Sequence[Press]:
    """Buttons of pages (docs.slack.dev/reference/interaction-payloads/block_actions-payload): who, which, on what."""
    try:
        payload = unwrapped(raw)
        if payload.text("type") != "block_actions":
            return ()
        user, place = payload.part("user").text("id"), payload.part("container")
        stands = [place.text("channel_id"), place.text("message_ts")]
        found = [(one.text("action_id"), one.text("value")) for one in payload.parts("actions")]
    except Quarantine:
        return ()  # `split` keeps it aside
    return [
        Press(int(value), f"slack:{action}", user, _WORDS[action], ":".join(stands) if all(stands) else "")
        for action, value in found
        if action in _WORDS and value.isascii() and value.isdigit() and len(value) < 19
    ]


def reply(raw: bytes) -> Reply:
    """Slack shows people what a command is answered with, and checks its question's answer; else it wants silence."""
    try:
        payload = unwrapped(raw)
        if payload.text("type") == "url_verification":
            return _json({"challenge": payload.text("challenge")})
        if "command" in payload:
            words = _THANKS if payload.text("text").strip() else _NO_WORDS
            return _json({"response_type": "ephemeral", "text": words})
    except Quarantine:
        pass
    return Reply("")


def unwrapped(raw: bytes) -> Payload:
    """The object of a call, out of its form if it came in one.

    Raises:
        Quarantine: it is none.
    """
    if raw.lstrip()[:1] == b"{" or b"=" not in raw[:200]:
        return load(raw)
    try:
        text = raw.decode("ascii")
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"))
    except ValueError as error:
        raise Quarantine("It is not a form as Slack sends it.") from error
    if "payload" in fields:
        return load(fields["payload"].encode())
    if "command" not in fields:
        raise Quarantine("It is not a form as Slack sends it.")
    return Payload(dict(fields))


def _needed(payload: Payload, name: str) -> str:
    found = payload.text(name)
    if not found or len(found) > 300:
        raise Quarantine("It does not say which one it is.")
    return found


def _json(said: dict[str, str]) -> Reply:
    return Reply(json.dumps(said), "application/json")
