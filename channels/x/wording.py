"""Words as their author typed them: links in full, X's own escapes undone, the name of whom it goes to left out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from channels.payloads import Payload

_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_OF_ITS_OWN = re.compile(r"https://(?:x|twitter)\.com/(?:\w+/status/\d+/(?:photo|video)/\d+|messages/media/\d+)\Z")
"""A link that X sets for a file of the same message."""
_CALLED = re.compile(r"\s*@(\w{1,15})\b[:,]?\s*")


def plain(text: str, links: Iterable[Payload]) -> str:
    """With each short link in its full length; X escapes three characters alone."""
    for one in links:
        short, full = one.text("url"), one.text("expanded_url")
        if short and full:
            text = text.replace(short, "" if _OF_ITS_OWN.match(full) or "media_key" in one else full)
    for escape, character in _ESCAPES:
        text = text.replace(escape, character)
    return text.strip()


def without_names(text: str, carried: int, own: frozenset[str]) -> str:
    """Without the names it begins with: the first `carried` are X's doing, and ours says nothing to us.

    What is names alone stays as it is.
    """
    rest, left = text, carried
    while found := _CALLED.match(rest):
        if left <= 0 and found[1].lower() not in own:
            break
        rest, left = rest[found.end() :], left - 1
    return rest or text


def names_at_start(text: str) -> int:
    """How many names it begins with."""
    count, rest = 0, text
    while found := _CALLED.match(rest):
        count, rest = count + 1, rest[found.end() :]
    return count
