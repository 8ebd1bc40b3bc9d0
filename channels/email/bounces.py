"""Delivery reports: who was not reached, why, and which of our messages it was (RFC 3464, and what came before it)."""

from __future__ import annotations

import email
import importlib
import logging
import re

from channels.adapter import Bounce
from channels.email import addresses, charsets, headers
from channels.email.structure import Section

REPORTS = 100
"""How many recipients of one report are kept."""

# The detectors log every failure with a traceback and pieces of the mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

_HEURISTIC_BYTES = 256 * 2**10
_FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*([^\n]{0,1000}(?:\n[ \t][^\n]{0,1000}){0,5})", re.MULTILINE)
_RETURNED = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers"},
)
_BLOCKS = re.compile(r"\n[ \t]*\n")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ORIGINAL = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,512}>)", re.IGNORECASE | re.MULTILINE)
_FAILED = re.compile(
    r"undeliver|returned mail|delivery (?:status|fail|has failed)|failure notice|mail delivery|unzustellbar|"
    r"non remis|no se pudo entregar|nicht zugestellt|delayed",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delayed|warning|verzögert|retard", re.IGNORECASE)


def of(root: Section, raw: bytes, *, subject: str) -> tuple[Bounce, ...]:
    """The failures and delays a message reports; empty when it reports none."""
    sections = _sections(root)
    original = _original(sections, raw)
    found = [bounce for one in sections if _is_report(one) for bounce in _reported(one, original)]
    if not found:
        found = _failed_recipients(root, subject, original) or _guessed(raw, original)
    return tuple(dict.fromkeys(found))[:REPORTS]


def looks_like_one(root: Section, *, subject: str) -> bool:
    """True for what a mail server itself sends when something was not delivered."""
    if root.type == "multipart/report":
        return root.parameters.get("report-type", "delivery-status").lower() == "delivery-status"
    return "x-failed-recipients" in root.fields or bool(_FAILED.search(subject))


def _sections(section: Section) -> list[Section]:
    return [section, *(inner for child in section.children for inner in _sections(child))]


def _is_report(section: Section) -> bool:
    return section.type in {"message/delivery-status", "message/global-delivery-status"}


def _reported(section: Section, original: str) -> list[Bounce]:
    """One bounce for each recipient block of a message/delivery-status part."""
    content = section.content[:_HEURISTIC_BYTES]
    text = charsets.decode(content).replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for block in _BLOCKS.split(text):
        fields = {key.lower(): " ".join(value.split()) for key, value in _FIELD.findall(block)}
        recipient = _address(fields.get("final-recipient", "")) or _address(fields.get("original-recipient", ""))
        if not recipient:
            continue
        status = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
        code = status[1] if status else ""
        found.append(Bounce(recipient, code, fields.get("action", "").lower() or _action(code), original))
    return found


def _address(field: str) -> str:
    """The address of `rfc822; someone@example.org`."""
    _, _, written = field.rpartition(";")
    return addresses.normal(written.strip().strip("<>\"'"))


def _action(status: str) -> str:
    return "delayed" if status.startswith("4") else "failed"


def _original(sections: list[Section], raw: bytes) -> str:
    """The Message-ID of the returned message, from its copy or, failing that, from the text around it."""
    for section in sections:
        if section.type in _RETURNED:
            match = _ORIGINAL.search(section.content, 0, _HEURISTIC_BYTES)
            if match:
                return headers.message_id(match[1].decode("ascii", "replace"))
    own = sections[0].first("message-id").strip()
    body = raw[: _HEURISTIC_BYTES * 4]
    for match in _ORIGINAL.finditer(body):
        found = headers.message_id(match[1].decode("ascii", "replace"))
        if found != own:
            return found
    return ""


def _failed_recipients(root: Section, subject: str, original: str) -> list[Bounce]:
    """Exim and others name the recipients in a header of their own."""
    action = "delayed" if _DELAYED.search(subject) else "failed"
    people = addresses.parties(root.fields.get("x-failed-recipients", []))
    return [Bounce(party.address, "", action, original) for party in people]


def _guessed(raw: bytes, original: str) -> list[Bounce]:
    """What the patterns of old and odd mail servers find."""
    # Imported on the first bounce that follows no RFC only: it brings seventeen detectors.
    detect = importlib.import_module("flufl.bounce").all_failures
    message = email.message_from_bytes(raw[:_HEURISTIC_BYTES])
    if not message.get("from", "").strip():
        # One detector indexes the sender without looking whether there is one, which would end the search.
        del message["from"]
        message["From"] = "mailer-daemon@localhost"
    try:
        delayed, failed = detect(message)
    except Exception:  # noqa: BLE001 - seventeen foreign detectors on hostile text; none of them may cost us the message
        return []
    return [
        Bounce(address, "", action, original)
        for found, action in ((failed, "failed"), (delayed, "delayed"))
        for one in sorted(found)
        if (address := addresses.normal(one.decode("ascii", "replace")))
    ]
