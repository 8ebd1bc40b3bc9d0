"""What proves that somebody is the visitor: a token their page keeps, and a link that came by mail.

A page that began the conversation has one half of a proof, a page that was opened by the link has the other: what the
link gives out names the mailbox it came to, so that nobody is taken for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from channels import signing
from helpdesk.now import now

LINK_LASTS = timedelta(days=14)
_VISIT = "chat-visit"
_RESUMED = "chat-resumed"
_LINK = "chat-resume"
_KEY = re.compile(r"[0-9a-z]{2,40}\Z")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose conversation a page goes on with; `mailbox` is where its link came to, empty for the page that began it."""

    key: str
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a mail: whose conversation, and to which address it went."""

    key: str
    email: str


def mint(channel_key: str, key: str, *, mailbox: str = "") -> str:
    """The token of a visit; it says the key first, so that the page knows its conversation by it."""
    if mailbox:
        return signing.sign(_RESUMED, channel_key, key, signing.packed(mailbox)).partition(".")[2]
    return signing.sign(_VISIT, channel_key, key).partition(".")[2]


def read(channel_key: str, token: str) -> Holder | None:
    """Who has this token; None when it is not ours, or another chat's."""
    whole = f"{channel_key}.{token}"
    began, resumed = signing.read(_VISIT, whole, 2), signing.read(_RESUMED, whole, 3)
    found = began or resumed
    if found is None or not _KEY.match(found[1]):
        return None
    return Holder(found[1], signing.unpacked(resumed[2]) if resumed is not None else "")


def link(channel_key: str, key: str, email: str) -> str:
    """What the link of a mail carries."""
    ends = int((now() + LINK_LASTS).timestamp())
    return signing.sign(_LINK, channel_key, key, signing.packed(email), str(ends))


def follow(channel_key: str, token: str) -> Link | None:
    """Where a link leads; None when it is not ours, another chat's, or too old."""
    found = signing.read(_LINK, token, 4)
    if found is None or found[0] != channel_key or int(found[3]) < now().timestamp():
        return None
    return Link(found[1], signing.unpacked(found[2]))
