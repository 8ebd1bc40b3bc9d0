"""A strict reader of address fields (RFC 5322): what can be read in two ways is not read at all."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass

from channels.adapter import Party
from channels.email import headers

_TOKEN = re.compile(
    r"(?P<word>=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*\?=)"
    r'|(?P<quoted>"(?:[^"\\]|\\.)*")'
    r"|(?P<angle><[^<>]*>)"
    r"|(?P<mark>[,;:])"
    r"|(?P<text>[^,;:\"<>()=]+|=)"
    r"|(?P<stray>.)",
    re.DOTALL,
)
_ADDRESS = re.compile(r"([^\s@\"(),:;<>\[\]\\\x00-\x20\x7f]{1,64})@([^\s@\"(),:;<>\[\]\\\x00-\x20\x7f]{1,253})\Z")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_PLAIN = re.compile(
    r"\s*(?:([A-Za-z0-9][A-Za-z0-9 .'&/_-]{0,100})|\"([A-Za-z0-9 .,'&/_-]{0,100})\"\s*)?"
    r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,200})>\s*\Z",
)
_SHOWN = re.compile(r"[^\s<>\"'(),;:@]{1,64}@[^\s<>\"'(),;:@]{1,200}\.[^\s<>\"'(),;:@.]{2,}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One entry of an address field; `address` is empty when it could be read in two ways."""

    address: str
    name: str
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote, and why that cannot be believed as written (empty when it can)."""

    party: Party
    suspicion: str = ""


def parties(values: list[str]) -> tuple[Party, ...]:
    """Everybody in these fields whose address can be read, each address once."""
    found: dict[str, Party] = {}
    for value in values:
        for box in mailboxes(value):
            if box.address:
                found.setdefault(box.address, Party(box.address, box.name))
    return tuple(found.values())


def author(values: list[str]) -> Author:
    """The one author of the From fields (CVE-2023-27043: never the first thing that looks like an address)."""
    boxes = [box for value in values for box in mailboxes(value)]
    if not boxes:
        return Author(Party(""), "The message names no sender.")
    named = next((box.name for box in boxes if box.name), "")
    if any(box.ambiguous for box in boxes):
        return Author(Party("", named), "The sender's address cannot be read in one clear way.")
    if len({box.address for box in boxes}) > 1:
        return Author(Party("", named), "The message names several senders.")
    if len(values) > 1:
        return Author(Party(boxes[0].address, named), "The message has more than one From field.")
    return Author(Party(boxes[0].address, named), _disguise(boxes[0]))


def normal(address: str) -> str:
    """One address in lower case with its domain in ASCII (RFC 5890); empty when it is none."""
    match = _ADDRESS.match(address)
    if not match or address.startswith(".") or ".@" in address:
        return ""
    domain = _domain(match[2])
    return f"{match[1].lower()}@{domain}" if domain else ""


def mailboxes(raw: str) -> list[Mailbox]:
    """The entries of one address field, in order; groups are opened (RFC 5322 3.4)."""
    if plain := _PLAIN.match(raw):
        address = normal(plain[3])
        return [Mailbox(address, (plain[1] or plain[2] or "").strip(), ambiguous=not address)]
    return [box for entry in _entries(headers.eight_bit(raw)) if (box := entry.mailbox())]


def _disguise(box: Mailbox) -> str:
    shown = {normal(one) for one in _SHOWN.findall(box.name[:1000])} - {""}
    if shown and box.address not in shown:
        return "The sender's name shows another address than the one the message came from."
    return ""


def _domain(written: str) -> str:
    domain = written.lower().removesuffix(".")
    if not domain.isascii():
        try:
            # Only a mail with an international domain pays for the tables.
            idna = importlib.import_module("idna")
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            return ""
    return domain if _HOST.match(domain) else ""


class _Entry:
    """The tokens of one entry while it is read."""

    __slots__ = ("angles", "bare", "broken", "comments", "phrase", "quoted")

    def __init__(self) -> None:
        self.phrase: list[str] = []
        self.bare: list[str] = []
        self.quoted: list[str] = []
        self.angles: list[str] = []
        self.comments: list[str] = []
        self.broken = False

    def add(self, kind: str, token: str) -> None:
        if kind == "angle":
            self.broken = self.broken or bool(self.angles)
            self.angles.append(token[1:-1].strip())
            return
        if kind == "stray" or (self.angles and token.strip()):
            self.broken = True
        if kind == "quoted":
            token = re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
            self.quoted.append(token)
        else:
            self.bare.append(token)
        self.phrase.append(token)

    def mailbox(self) -> Mailbox | None:
        spoken = headers.name(" ".join("".join(self.phrase).split()))
        remark = headers.name(" ".join(self.comments))
        if self.angles:
            address = "" if self.broken else normal(self.angles[0])
            return Mailbox(address, spoken or remark, ambiguous=not address)
        written = "".join(self.bare).strip()
        if not written and not self.quoted and not self.broken:
            return None
        address = "" if self.broken or self.quoted else normal(written)
        return Mailbox(address, remark if address else spoken, ambiguous=not address)


def _entries(raw: str) -> list[_Entry]:
    entries = [_Entry()]
    grouped = False
    at = 0
    while at < len(raw):
        if raw[at] == "(":
            at = _comment(raw, at, entries[-1])
            continue
        match = _TOKEN.match(raw, at)
        assert match is not None
        kind, written = str(match.lastgroup), match.group()
        at = match.end()
        if written == '"':
            # A quotation that never ends: nothing after it can be trusted, nor read again in vain.
            entries[-1].add(kind, raw[at:])
            break
        if kind != "mark":
            entries[-1].add(kind, written)
        elif written == ":":
            grouped = _open_group(entries, already=grouped)
        else:
            grouped = grouped and written != ";"
            entries.append(_Entry())
    return entries


def _open_group(entries: list[_Entry], *, already: bool) -> bool:
    """A colon ends the name of a group; anywhere else, or after something like an address, it is a trick."""
    label = entries[-1]
    if already or label.broken or label.angles or "@" in "".join(label.phrase) or not label.phrase:
        label.broken = True
        return already
    entries[-1] = _Entry()
    return True


def _comment(raw: str, at: int, entry: _Entry) -> int:
    """Read a comment, which may hold comments; one that never ends spoils the entry."""
    depth = 0
    start = at
    while at < len(raw):
        if raw[at] == "\\":
            at += 1
        elif raw[at] == "(":
            depth += 1
        elif raw[at] == ")":
            depth -= 1
            if depth == 0:
                entry.comments.append(raw[start + 1 : at].strip())
                # A comment counts as a space, so an address cut in two by one is no address.
                entry.bare.append(" ")
                return at + 1
        at += 1
    entry.broken = True
    return at
