"""Header fields read by ourselves, in linear time: encoded words, parameters, message ids, dates."""

from __future__ import annotations

import binascii
import email.utils
import io
import re
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from channels.email import charsets

MESSAGE_IDS = 100
"""How many references are kept: the first and the newest."""

_PADDINGS = 1_000  # joined pieces of base64 are read; more of them than this are noise
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_CONTROLS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_FOLD = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ID = re.compile(r"<([^<>\s\x00-\x20\x7f]{1,512})>")
_BARE_ID = re.compile(r"[^<>\s@\x00-\x20\x7f]{1,250}@[^<>\s@\x00-\x20\x7f]{1,250}\Z")
_PARAMETER = re.compile(
    r";[ \t\r\n]*([^=;\s\"]{1,80})[ \t\r\n]*=[ \t\r\n]*(?:\"((?:[^\"\\]|\\.)*)\"?|([^;]*))", re.DOTALL
)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}\Z")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def text(raw: str) -> str:
    """A field as one line of Unicode: unfolded, encoded words decoded (RFC 2047), controls made spaces.

    `raw` is ASCII with surrogate escapes for bytes above 127, as the parser leaves it.
    """
    if "\n" in raw or "\r" in raw:
        raw = _FOLD.sub("", raw)
    if raw.isascii() and "=?" not in raw:
        return _CONTROLS.sub(" ", raw).strip()
    return _CONTROLS.sub(" ", charsets.clean(_words(eight_bit(raw)))).strip()


def name(raw: str) -> str:
    """A person's name: as `text`, also without the characters that turn the direction of writing."""
    return _BIDI.sub("", text(raw))


def content_type(raw: str) -> tuple[str, dict[str, str]]:
    """Type and parameters of a Content-Type field; the type is empty when it is malformed."""
    kind, parameters = parameterised(raw)
    return (kind if _TYPE.match(kind) else ""), parameters


def parameterised(raw: str) -> tuple[str, dict[str, str]]:
    """First word, lower case, and parameters (RFC 2045, RFC 2231) of a field."""
    word, _, _ = raw.partition(";")
    found: dict[str, str] = {}
    extended: dict[str, str] = {}
    for match in _PARAMETER.finditer(raw, len(word)):
        key, quoted, bare = match.groups()
        value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else bare.strip()
        (extended if "*" in key else found).setdefault(key.lower(), value)
    return word.strip().lower(), found | _continued(extended) if extended else found


def message_id(raw: str) -> str:
    """The one id of a Message-ID field in angle brackets; empty when missing or malformed."""
    value = raw.strip()
    if match := _ID.fullmatch(value):
        return charsets.clean(match.group())
    return charsets.clean(f"<{value}>") if _BARE_ID.match(value) else ""


def message_ids(raw: str) -> tuple[str, ...]:
    """All ids of a References or In-Reply-To field, in order, each once, without the middle of a very long chain."""
    found = list(dict.fromkeys(charsets.clean(match) for match in (f"<{one}>" for one in _ID.findall(raw))))
    return tuple(found if len(found) <= MESSAGE_IDS else found[:1] + found[1 - MESSAGE_IDS :])


def date(raw: str) -> datetime | None:
    """The instant of a Date field in UTC; None when it cannot be read."""
    try:
        found = email.utils.parsedate_to_datetime(raw[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def eight_bit(raw: str) -> str:
    """Bytes above 127, which no RFC but 6532 allows, read as UTF-8 or by guess."""
    return raw if raw.isascii() else charsets.decode(raw.encode("utf-8", "surrogateescape"))


def _words(raw: str) -> str:
    if "=?" not in raw:
        return raw
    pieces: list[str] = []
    waiting = bytearray()
    charset = ""
    end = 0
    for match in _WORD.finditer(raw):
        between = raw[end : match.start()]
        label = match[1].partition("*")[0]
        if between.strip() or label != charset or not waiting:
            # Words of one charset are joined before decoding: senders cut inside a character.
            pieces.append(charsets.decode(bytes(waiting), charset))
            waiting.clear()
            pieces.append(between if between.strip() or end == 0 else "")
        charset = label
        waiting += _word(match[2], match[3])
        end = match.end()
    pieces += [charsets.decode(bytes(waiting), charset), raw[end:]]
    return "".join(pieces)


def _word(encoding: str, content: str) -> bytes:
    octets = content.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(octets.replace(b" ", b"_"), header=True)
    return base64(octets)


def transfer_decoded(octets: bytes, encoding: str) -> bytes:
    """A body without its Content-Transfer-Encoding (RFC 2045 6); an unknown encoding is left as it is."""
    if encoding == "base64":
        return base64(octets)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uu(octets)
    return octets


def _uu(octets: bytes) -> bytes:
    decoded = bytearray()
    for raw in io.BytesIO(octets[max(octets.find(b"begin "), 0) :]):
        line = raw.strip(b"\r\n")
        if line.startswith(b"begin ") or line in {b"end", b"`", b""}:
            continue
        if len(decoded) > len(octets):
            break  # only lines that say they hold more than they do make it grow
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            # Some programs pad a line too far; its first character says how much of it counts.
            decoded += binascii.a2b_uu(line[: (((line[0] - 32) & 63) * 4 + 5) // 3])
    return bytes(decoded)


def base64(octets: bytes) -> bytes:
    """Base64 decoded as far as it goes: junk skipped, padding missing, padding in the middle."""
    if b"=" in octets.rstrip(b"=\r\n\t "):
        pieces = octets.split(b"=", _PADDINGS)
        pieces[-1] = pieces[-1].replace(b"=", b"")
        return b"".join(base64(piece) for piece in pieces if piece.strip())
    try:
        return binascii.a2b_base64(octets)
    except binascii.Error:
        pure = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
        whole = len(pure) // 4 * 4
        rest = pure[whole:]
        return binascii.a2b_base64(pure[:whole] + (rest + b"==" if len(rest) > 1 else b"")[:4])


def _continued(extended: dict[str, str]) -> dict[str, str]:
    """Join `name*0*`, `name*1` ... (RFC 2231) in order of their numbers."""
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for key, value in extended.items():
        base, _, rest = key.partition("*")
        number = rest.rstrip("*")
        if number.isascii() and (number.isdigit() or not number) and len(number) < 4:
            pieces.setdefault(base, {})[int(number or 0)] = (value, key.endswith("*"))
    return {base: _joined([numbered[at] for at in sorted(numbered)]) for base, numbered in pieces.items()}


def _joined(pieces: list[tuple[str, bool]]) -> str:
    first, encoded = pieces[0]
    label = ""
    if encoded and first.count("'") >= 2:
        label, _, first = first.split("'", 2)
    octets = bytearray()
    for at, (value, percent) in enumerate(pieces):
        part = (first if at == 0 else value).encode("utf-8", "surrogateescape")
        octets += unquote_to_bytes(part) if percent else part
    return charsets.decode(bytes(octets), label)
