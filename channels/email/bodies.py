"""The words of a message and its attachments, gathered from the tree of parts."""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass, field

from channels.adapter import Part
from channels.email import charsets, filenames, headers, plaintext, tnef
from channels.email.structure import Section

BODY_CHARACTERS = 1_000_000
"""A longer body is cut here and also kept whole as an attachment."""

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_FILES_OF_TEXT = frozenset({"text/calendar", "text/csv", "text/vcard", "text/rtf"})
_SUBJECT = re.compile(rb"^subject:[ \t]*([^\r\n]{0,500})", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Body:
    """What a person wrote. `html` is as it came; `text` is never empty when only HTML came."""

    text: str
    html: str
    attachments: tuple[Part, ...]
    protected: str
    written_as_text: bool
    """False when `text` was made from `html`."""


@dataclass(slots=True)
class _Piece:
    """One stretch of the body, in one form or two."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class _Gathered:
    pieces: list[_Piece] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    protected: str = ""


def of(root: Section) -> Body:
    """Body and attachments of a message."""
    gathered = _Gathered()
    _gather(root, gathered, related=False, only=True)
    text = "\n\n".join(filter(None, (_text_of(piece) for piece in gathered.pieces)))
    html = _html_of(gathered.pieces)
    return Body(
        text=_capped(text),
        html=_capped(html),
        attachments=tuple(_numbered(gathered.parts, html)),
        protected=gathered.protected or _armoured(text),
        written_as_text=any(piece.text is not None for piece in gathered.pieces),
    )


def _gather(section: Section, into: _Gathered, *, related: bool, only: bool) -> None:
    if not section.children:
        _leaf(section, into, related=related, only=only)
    elif section.type == "multipart/alternative":
        _alternative(section, into, related=related)
    else:
        into.protected = into.protected or _PROTECTIONS.get(section.type, "")
        inner = related or section.type == "multipart/related"
        for child in section.children:
            _gather(child, into, related=inner, only=False)


_PROTECTIONS = {"multipart/signed": "signed", "multipart/encrypted": "encrypted"}


def _alternative(section: Section, into: _Gathered, *, related: bool) -> None:
    """The same words in several forms: the first plain one and the last HTML one are the body."""
    forms = _Gathered()
    for child in section.children:
        _gather(child, forms, related=related, only=False)
    into.parts += forms.parts
    into.protected = into.protected or forms.protected
    texts = [piece.text for piece in forms.pieces if piece.text is not None]
    htmls = [piece.html for piece in forms.pieces if piece.html is not None]
    if texts or htmls:
        # An empty plain form beside a full HTML one is a sender's mistake, not a message without words.
        plain = next((text for text in texts if text.strip()), None if htmls else "")
        into.pieces.append(_Piece(plain, htmls[-1] if htmls else None))


def _leaf(section: Section, into: _Gathered, *, related: bool, only: bool) -> None:
    into.protected = into.protected or _protection(section)
    kind, _ = headers.parameterised(section.first("content-disposition"))
    name = filenames.of(section)
    if _is_body(section, into, kind, name, only=only):
        _body(section, into)
        return
    if section.type in _TNEF or name.lower() == "winmail.dat":
        opened = tnef.opened(section.content)
        if opened is not None:
            into.parts += opened.parts
            if opened.text or opened.html:
                into.pieces.append(_Piece(opened.text or None, opened.html or None))
            return
    into.parts.append(_part(section, kind, name, related=related))


def _is_body(section: Section, into: _Gathered, kind: str, name: str, *, only: bool) -> bool:
    if kind == "attachment":
        return False
    if name and (into.pieces or kind or not section.type.startswith("text/")):
        return False
    # A lone part of a text type nobody knows is still what the person wrote (RFC 2046 4.1.4).
    if only and _is_unknown_text(section):
        return True
    return section.type in {"text/plain", "text/html"} or _unparted(section)


def _is_unknown_text(section: Section) -> bool:
    return section.type.startswith("text/") and section.type not in _FILES_OF_TEXT


def _unparted(section: Section) -> bool:
    """A multipart in which no part was found: its boundary is missing or never comes."""
    return section.type.startswith("multipart/")


def _body(section: Section, into: _Gathered) -> None:
    content = section.content
    is_html = section.type == "text/html"
    label = section.parameters.get("charset", "")
    if is_html and not charsets.codec(label) and (meta := _META_CHARSET.search(content, 0, 2048)):
        label = meta[1].decode("ascii")
    text = charsets.decode(content, label).replace("\r\n", "\n").replace("\r", "\n")
    shown = _capped(text)
    into.pieces.append(_Piece(html=shown) if is_html else _Piece(text=_flowed(shown, section.parameters)))
    if shown is not text:
        name = filenames.invented(section.type).replace("attachment", "message")
        into.parts.append(Part(name, section.type, content))


def _flowed(text: str, parameters: dict[str, str]) -> str:
    """Lines joined again that the sender's program broke (RFC 3676)."""
    if parameters.get("format", "").lower() != "flowed":
        return text
    gap = -1 if parameters.get("delsp", "").lower() == "yes" else None
    lines: list[str] = []
    run: list[str] = []
    depth = 0
    for line in text.split("\n"):
        words = line.lstrip(">")
        level = len(line) - len(words)
        words = words.removeprefix(" ")
        if run and level != depth:
            lines.append(_quoted(run, depth))
            run = []
        depth = level
        if words.endswith(" ") and words != "-- ":
            run.append(words[:gap])
            continue
        lines.append(_quoted([*run, words], level))
        run = []
    return "\n".join([*lines, _quoted(run, depth)] if run else lines)


def _quoted(run: list[str], depth: int) -> str:
    return (">" * depth + " " if depth else "") + "".join(run)


def _protection(section: Section) -> str:
    if section.type in _SIGNATURES:
        return "signed"
    if section.type in _SMIME:
        return "signed" if section.parameters.get("smime-type", "").lower() == "signed-data" else "encrypted"
    return "encrypted" if section.type == "application/pgp-encrypted" else ""


def _armoured(text: str) -> str:
    start = text[:2000]
    if "-----BEGIN PGP MESSAGE-----" in start:
        return "encrypted"
    return "signed" if "-----BEGIN PGP SIGNED MESSAGE-----" in start else ""


def _part(section: Section, kind: str, name: str, *, related: bool) -> Part:
    content = section.content
    cid = section.first("content-id").strip().strip("<>").strip()
    if not name and section.type == "message/rfc822":
        subject = _SUBJECT.search(content, 0, 2**16)
        title = subject[1].decode("ascii", "surrogateescape") if subject else "message"
        name = filenames.neutral(headers.text(title).replace("/", "-") + ".eml")
    return Part(
        filename=name or filenames.invented(section.type),
        content_type=section.type,
        content=content,
        inline=(kind == "inline" and section.type.startswith("image/")) or bool(cid and (related or kind == "inline")),
        cid=charsets.clean(headers.text(cid))[:250],
    )


def _numbered(parts: list[Part], html: str) -> list[Part]:
    """The parts, with those the HTML shows marked as inline whatever their disposition said."""
    if "cid:" not in html.lower():
        return parts
    return [
        Part(part.filename, part.content_type, part.content, inline=True, cid=part.cid)
        if part.cid and not part.inline and f"cid:{part.cid}" in html
        else part
        for part in parts
    ]


def _text_of(piece: _Piece) -> str:
    if piece.text is not None:
        return piece.text.strip("\n")
    return plaintext.from_html(piece.html or "")


def _html_of(pieces: list[_Piece]) -> str:
    if not any(piece.html is not None for piece in pieces):
        return ""
    return "<br>\n".join(
        piece.html if piece.html is not None else f"<pre>{entities.escape(piece.text or '')}</pre>"
        for piece in pieces
        if (piece.html or piece.text or "").strip()
    )


def _capped(body: str) -> str:
    return body if len(body) <= BODY_CHARACTERS else body[:BODY_CHARACTERS]
