"""What X calls things, as this channel names them: posts, direct messages, and the conversations they are said in.

In public every customer has a conversation of their own within a thread: what one is answered is not another's ticket.
Direct messages between two carry both numbers, the smaller first (docs.x.com/x-api/direct-messages/lookup/integrate).
"""

from __future__ import annotations

import re

_PUBLIC = re.compile(r"public:\d{1,20}:\d{1,20}\Z")
_DIRECT = re.compile(r"dm:(\d{1,20}(?:-\d{1,20})?)\Z")
_POST = re.compile(r"post:(\d{1,20})\Z")
_ENCRYPTED = "chat:"


def post(number: str) -> str:
    return f"post:{number}"


def direct(number: str) -> str:
    return f"dm:{number}"


def public(thread: str, customer: str) -> str:
    return f"public:{thread}:{customer}"


def directs(number: str) -> str:
    """The conversation X calls so."""
    first, dash, second = number.partition("-")
    if dash and first.isdecimal() and second.isdecimal():
        return between(first, second)
    return f"dm:{number}"


def between(one: str, other: str) -> str:
    """The conversation of two accounts."""
    low, high = sorted((one, other), key=int)
    return f"dm:{low}-{high}"


def encrypted(number: str) -> str:
    return f"{_ENCRYPTED}{number}"


def is_public(key: str) -> bool:
    return _PUBLIC.match(key) is not None


def is_encrypted(key: str) -> bool:
    return key.startswith(_ENCRYPTED)


def direct_of(key: str) -> str:
    """What X calls this conversation of direct messages; empty when it is none."""
    found = _DIRECT.match(key)
    return found[1] if found else ""


def post_of(name: str) -> str:
    """The number of the post of this name; empty when it is none."""
    found = _POST.match(name)
    return found[1] if found else ""
