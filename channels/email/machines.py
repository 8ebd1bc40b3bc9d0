"""Was this written by a person? Automatic answers, lists, loops and delivery reports (RFC 3834, RFC 2919)."""

from __future__ import annotations

import re

from channels.adapter import Bounce, Kind
from channels.email import bounces, threading
from channels.email.structure import Section

LOOP_HEADER = "X-Kept-Loop"
"""Every mail we send carries it; its value is the address it was sent for."""

_LIST_FIELDS = ("list-id", "list-post", "list-unsubscribe", "x-mailing-list", "x-mailman-version")
_ROBOT_FIELDS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-fc-machinegenerated", "x-cron-env",
)  # fmt: skip
_UNREAD = re.compile(
    r"(?:(?:do|please)[._-]?not[._-]?reply|no[._-]?reply|mailer-daemon|postmaster|listserv|majordomo|bounces?)"
    r"(?:[._+-][^@]*)?@|owner-[^@]+@|[^@]+-(?:request|bounces?)(?:\+[^@]*)?@|[^@]+[._-]no[._-]?reply@",
    re.IGNORECASE,
)
_SUPPRESSED = re.compile(r"\b(?:all|oof|autoreply)\b", re.IGNORECASE)
_SYSTEM_SENDER = re.compile(r"(?:mailer-daemon|mail-daemon|postmaster|double-bounce)(?:\+[^@]*)?@", re.IGNORECASE)
_ROBOT_PRECEDENCE = frozenset({"bulk", "junk", "auto_reply", "auto-reply"})


def classify(
    root: Section, raw: bytes, *, author: str, subject: str, own_addresses: frozenset[str],
) -> tuple[Kind, tuple[Bounce, ...]]:  # fmt: skip
    """What kind of message this is, and what it reports as not delivered."""
    if _is_loop(root, author, own_addresses):
        return Kind.LOOP, ()
    if _from_system(root, author) or root.type == "multipart/report" or "x-failed-recipients" in root.fields:
        reported = bounces.of(root, raw, subject=subject)
        if reported or bounces.looks_like_one(root, subject=subject):
            return Kind.BOUNCE, reported
        return Kind.AUTO_REPLY, ()
    if _is_list(root):
        return Kind.LIST, ()
    return (Kind.AUTO_REPLY if _is_automatic(root) else Kind.MESSAGE), ()


def is_unread(address: str) -> bool:
    """Whether its name says that no person reads what is sent there (RFC 3834, 2): no-reply@, owner-list@."""
    return bool(_UNREAD.match(address))


def _is_loop(root: Section, author: str, own_addresses: frozenset[str]) -> bool:
    marks = {value.strip().lower() for value in root.fields.get(LOOP_HEADER.lower(), ())}
    if marks & own_addresses:
        return True
    return author in own_addresses and threading.is_own(root.first("message-id").strip())


def _from_system(root: Section, author: str) -> bool:
    if root.first("return-path").strip() == "<>":
        return True
    return bool(_SYSTEM_SENDER.match(author or root.first("from").strip(" <")))


def _is_list(root: Section) -> bool:
    """A list, unless the message says of itself that it is an automatic answer."""
    if _word(root, "auto-submitted") == "auto-replied":
        return False
    return any(field in root.fields for field in _LIST_FIELDS) or _word(root, "precedence") == "list"


def _is_automatic(root: Section) -> bool:
    if _word(root, "auto-submitted") not in {"", "no"} or _word(root, "precedence") in _ROBOT_PRECEDENCE:
        return True
    if any(_word(root, field) not in {"no", "false"} for field in _ROBOT_FIELDS if field in root.fields):
        return True
    return bool(_SUPPRESSED.search(root.first("x-auto-response-suppress")))


def _word(root: Section, field: str) -> str:
    return root.first(field).partition(";")[0].partition("(")[0].strip().lower()
