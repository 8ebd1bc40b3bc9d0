"""Words in Slack's markup as plain text, and plain text as words that no markup hides in.

Source: docs.slack.dev/messaging/formatting-message-text: <@U1>, <#C1|name>, <!here>, <https://x|label>, and &, < and >
as entities.
"""

from __future__ import annotations

import re

_MARK = re.compile(r"<([^<>]{1,4000})>")


def plain(text: str, ours: frozenset[str] = frozenset()) -> str:
    """What a person reads. `ours` are ids of our app's user: a mention of it that begins the words only calls us."""
    for user in ours:
        text = re.sub(rf"\A\s*<@{re.escape(user)}(\|[^<>]*)?>[\s,:]*", "", text)
    return _unescaped(_MARK.sub(lambda found: _read(found[1]), text))


def mentions(text: str, user: str) -> bool:
    """Whether the words call this user."""
    return f"<@{user}>" in text or f"<@{user}|" in text


def escaped(words: str) -> str:
    """Without Slack's own marks: a customer's subject must not mention everybody or hide a link.

    The three characters of docs.slack.dev/messaging/formatting-message-text#escaping.
    """
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _read(mark: str) -> str:
    target, _, label = mark.partition("|")
    if target[0] == "@":
        return f"@{label or target[1:]}"
    if target[0] == "#":
        return f"#{label or target[1:]}"
    if target[0] == "!":
        return label or f"@{target[1:].partition('^')[0]}"
    address = target.removeprefix("mailto:").removeprefix("tel:")
    return address if not label or label in target else f"{label} ({address})"


def _unescaped(words: str) -> str:
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
