"""A message in Slack's blocks: the words, and two buttons where an answer is wanted (docs.slack.dev/block-kit)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels.adapter import Outbound
from channels.payloads import Payload
from channels.slack.words import escaped

ACKNOWLEDGE = "kept_acknowledge"
PASS_ON = "kept_pass_on"  # noqa: S105 - the name of a button
OPEN = "kept_open"
"""Slack tells of a press on a link as well; it wants no more than to be heard."""
_WORDS = "kept_words"
"""By its blocks a message that is no part of a conversation is known when Slack tells of it."""
_SECTION = 3000
"""Characters a section's text may have."""
_PLAIN = 4000
"""Characters Slack advises for the text beside the blocks, which notifications show."""


def of(outbound: Outbound) -> list[dict[str, Any]]:
    """Sections and, for what takes answers, its buttons; each carries the number of the delivery."""
    words: list[dict[str, Any]] = [{**_section(outbound.text), "block_id": _WORDS}]
    return [*words, _buttons(outbound)] if outbound.answerable and not outbound.replaces else words


def plain(outbound: Outbound) -> str:
    """What a notification shows."""
    return escaped(outbound.subject or outbound.text)[:_PLAIN]


def is_page(drawn: Iterable[Payload]) -> bool:
    """Whether these are the blocks of a page, or of a word of the product's own."""
    return any(one.text("block_id") == _WORDS for one in drawn)


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": words[:_SECTION] or " ", "emoji": False}}


def _buttons(outbound: Outbound) -> dict[str, Any]:
    value = str(outbound.key)
    elements = [_button("On it", ACKNOWLEDGE, value, style="primary"), _button("Pass on", PASS_ON, value)]
    if outbound.link:
        elements.append({"type": "button", "action_id": OPEN, "text": _label("Open"), "url": outbound.link})
    return {"type": "actions", "block_id": "kept_page", "elements": elements}


def _button(words: str, action: str, value: str, **more: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _label(words), "value": value, **more}


def _label(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}
