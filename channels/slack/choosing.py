"""Which words in Slack become tickets, and whose they are, as an administrator chose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.adapter import Direction, Envelope, Kind
from channels.slack.reading import BY_HAND, US

TAKES = (
    ("direct", "Direct messages, and where our app is mentioned"),
    ("channels", "The same, and every message in the channels below"),
    ("by hand", "Only what somebody makes a ticket with the shortcut or the command"),
)
MEMBERS = (
    ("customers", "Customers, like everybody else"),
    ("staff", "Our own people: customers come from other workspaces by Slack Connect"),
)
_NOT_TO_US = "It was said in a channel, and not to us."
_NOT_BY_HAND = "Nobody made a ticket of it with the shortcut or the command."
_OF_OURS = "Somebody of ours wrote where no request is."


def choose(envelope: Envelope, config: Mapping[str, Any]) -> Envelope:
    """Answers in a conversation that has a ticket always join it."""
    if envelope.kind not in {Kind.MESSAGE, Kind.EDIT} or BY_HAND in envelope.delivered_to:
        return envelope
    if config.get("members") == "staff" and dict(envelope.facts).get("side") == "ours":
        return replace(envelope, direction=Direction.AGENT_ECHO, joins_only=_OF_OURS)
    takes = config.get("takes")
    if takes == "by hand":
        return replace(envelope, joins_only=_NOT_BY_HAND)
    if US in envelope.delivered_to or (takes == "channels" and _is_chosen(envelope, config)):
        return envelope
    return replace(envelope, joins_only=_NOT_TO_US)


def channels(typed: str) -> list[str]:
    """The ids in a list of channels."""
    return [one for one in re.split(r"[\s,;#]+", typed.upper()) if one]


def _is_chosen(envelope: Envelope, config: Mapping[str, Any]) -> bool:
    chosen = channels(str(config.get("channels", "")))
    return not chosen or dict(envelope.facts).get("channel") in chosen
