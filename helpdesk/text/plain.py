"""Plain text: shown as HTML, cut to a line, quoted in a reply, made safe as a file name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

_LINK = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"'`\\^{|}\x00-\x1f\x7f]{1,2000})"
    r"|(?P<mail>\b[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,63})@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b)",
    re.IGNORECASE,
)
_TRAILING = ".,:;!?…»”’"
_PAIRS = {")": "(", "]": "["}
_RESERVED = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
LONGEST_NAME = 150


def to_html(text: str) -> Markup:
    """Paragraphs and lines of `text`, with addresses turned into links; only <p>, <br>, <a> and text come out."""
    blocks = re.split(r"\n[ \t]*\n\s*", visible(text, keep="\n\t").strip())
    return _joined(piece for block in blocks if block for piece in ("<p>", _lines(block), "</p>"))


def snippet(text: str, length: int = 140) -> str:
    """The beginning of `text` on one line, without characters that hide or turn text; at most `length` of them."""
    line = " ".join(visible(text[: length * 20], keep="\n\t").split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    whole = cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut
    return whole.rstrip(" ,.;:") + "…"


def quote(text: str, *, author: str, at: datetime, zone: ZoneInfo) -> str:
    """`text` as it is quoted under a reply: one line saying who and when, then each line behind "> "."""
    local = at.astimezone(zone)
    lead = f"On {local.day} {local:%B %Y} at {local:%H:%M}, {snippet(author, 80)} wrote:"
    lines = visible(text, keep="\n\t").strip().splitlines()
    return "\n".join([lead, *(f"> {line}" if not line.startswith(">") else f">{line}" for line in lines)])


def neutral_filename(name: str, fallback: str = "file") -> str:
    """A file name without path, control or direction characters, safe to show and to save anywhere."""
    last = re.split(r"[/\\]", visible(unicodedata.normalize("NFC", name)))[-1]
    plain = " ".join(_RESERVED.sub("_", last).split()).strip(". ")
    if not plain:
        return fallback
    if _DEVICES.match(plain):
        plain = f"_{plain}"
    stem, dot, extension = plain.rpartition(".")
    if not dot or len(extension) > 16:
        return plain[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(extension) - 1]}.{extension}"


def visible(text: str, keep: str = "") -> str:
    """`text` without control, direction and other invisible characters, but for those in `keep`.

    Joiners stay: Persian, Hindi and emoji need them.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    odd = {letter for letter in set(lines) if not letter.isprintable()}
    hidden = {ord(letter): None for letter in odd if letter not in keep and _hides(letter)}
    return lines.translate(hidden) if hidden else lines


def _hides(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} and letter not in "\u200c\u200d"


def _lines(block: str) -> str:
    return "<br>".join(_linked(line) for line in block.split("\n"))


def _linked(line: str) -> str:
    if "@" not in line and "://" not in line:  # most lines; looking closer takes ten times as long
        return escape(line)
    pieces, at = [], 0
    for found in _LINK.finditer(line):
        words = _trimmed(found[0])
        href = _target(words, mail=found["mail"] is not None)
        if href is None:
            continue
        pieces += [escape(line[at : found.start()]), _anchor(href, words)]
        at = found.start() + len(words)
    return "".join([*pieces, escape(line[at:])])


def _anchor(href: str, words: str) -> str:
    return f'<a href="{escape(href)}" target="_blank" rel="noopener noreferrer nofollow">{escape(words)}</a>'


def _joined(pieces: Iterable[str]) -> Markup:
    return Markup("".join(pieces))  # noqa: S704 - every piece is a tag of ours or escaped


def _trimmed(words: str) -> str:
    """An address without the punctuation of the sentence around it; brackets stay where they pair."""
    while words:
        last = words[-1]
        unpaired = last in _PAIRS and words.count(last) > words.count(_PAIRS[last])
        if last not in _TRAILING and not unpaired:
            return words
        words = words[:-1]
    return words


def _target(words: str, *, mail: bool) -> str | None:
    """Where a link goes, or None when it is not an address after all."""
    if mail:
        return f"mailto:{words}"
    try:
        parts = urlsplit(words)
        host = parts.hostname
    except ValueError:
        return None
    return words if parts.scheme.lower() in {"http", "https"} and host else None
