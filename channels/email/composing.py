"""An Outbound to the bytes of a mail: one builder, in which no value can add a header or a recipient."""

from __future__ import annotations

import binascii
import hashlib
import io
import quopri
import re
from email._policybase import Compat32
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.utils import format_datetime
from urllib.parse import quote

from channels.adapter import Outbound, Part, Party, Permanent
from channels.email import addresses, charsets, filenames, headers, machines
from helpdesk.now import now

_LINE = 76
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}\Z")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")
_SPECIALS = re.compile(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]")
_CID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,250}\Z")


def compose(outbound: Outbound, *, loop_id: str) -> bytes:
    """The mail as it goes over the wire, lines ending in CRLF; the same Outbound with a date gives the same bytes.

    `loop_id` is our own address, by which we know the mail should it come back.

    Raises:
        Permanent: an address or the Message-ID cannot be sent as it is.
    """
    message = _content(outbound)
    for name, value in _fields(outbound, loop_id):
        message.add_header(name, value)
    wire = io.BytesIO()
    BytesGenerator(wire, mangle_from_=False, policy=_WIRE).flatten(message)
    return wire.getvalue()


class _Wire(Compat32):
    """Fields leave as they were built here: folded, encoded, ASCII."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}\r\n".encode("ascii")


_WIRE = _Wire(linesep="\r\n")


def _fields(outbound: Outbound, loop_id: str) -> list[tuple[str, str]]:
    """Every header but those of the content, in order. Values are safe already."""
    fields = [
        ("Date", format_datetime(outbound.date or now())),
        ("From", _mailbox(outbound.sender)),
        ("To", _people(outbound, "to") or "undisclosed-recipients:;"),
        ("Cc", _people(outbound, "cc")),
        ("Reply-To", _mailbox(outbound.reply_to) if outbound.reply_to else ""),
        ("Subject", _line(outbound.subject, "Subject")),
        ("Message-ID", _own_id(outbound.external_id)),
        ("In-Reply-To", _their_id(outbound.in_reply_to)),
        ("References", "\r\n ".join(filter(None, map(_their_id, outbound.references)))),
        (machines.LOOP_HEADER, _address(loop_id)),
    ]
    if outbound.automatic:
        fields += [
            ("Auto-Submitted", "auto-replied"),
            ("X-Auto-Response-Suppress", "All"),
            ("Precedence", "bulk"),
        ]
    return [("MIME-Version", "1.0"), *((name, value) for name, value in fields if value)]


def _their_id(name: str) -> str:
    """An id of somebody else's; empty when it is none, or not ASCII: such a one cannot go where SMTPUTF8 is unknown."""
    found = headers.message_id(name)
    return found if found.isascii() else ""


def _own_id(external_id: str) -> str:
    message_id = headers.message_id(external_id)
    if not message_id or not message_id.isascii():
        raise Permanent("The message has no usable Message-ID.")
    return message_id


def _people(outbound: Outbound, role: str) -> str:
    people = (one for one in outbound.recipients if one.role == role)
    return ",\r\n ".join(_mailbox(Party(one.address, one.name)) for one in people)


def _mailbox(party: Party) -> str:
    address = _address(party.address)
    name = _one_line(party.name)
    if not name:
        return address
    if not name.isascii() or "=?" in name or len(name) > _LINE:
        return f"{_words(name, '')}\r\n <{address}>"
    if _SPECIALS.search(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address}>"


def _address(written: str) -> str:
    address = addresses.normal(written.strip())
    if not address:
        raise Permanent("An address of this message is not one that mail can be sent to.")
    if not address.isascii():
        raise Permanent("An address with letters outside ASCII before the @ cannot be reached from here.")
    # Only the domain was made lower case for everyone; some servers tell names apart by case.
    return f"{written.strip().rpartition('@')[0]}@{address.rpartition('@')[2]}"


def _one_line(text: str) -> str:
    return " ".join(_UNFIT.sub(" ", text).split())


def _line(text: str, name: str) -> str:
    """Unstructured text, encoded where a reader could otherwise find something else in it (RFC 2047)."""
    text = _one_line(text)
    if not text.isascii() or "=?" in text or any(len(word) > _LINE for word in text.split(" ")):
        return _words(text, name)
    lines = [""]
    for word in text.split(" "):
        room = _LINE - (len(name) + 2 if len(lines) == 1 else 1)
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _words(text: str, name: str) -> str:
    return Header(text, "utf-8", maxlinelen=_LINE, header_name=name or None).encode(linesep="\r\n")


def _content(outbound: Outbound) -> Message:
    """mixed(alternative(plain, related(html, images)), files), as little of it as is needed."""
    shown = [part for part in outbound.attachments if part.inline and _CID.match(part.cid) and outbound.html]
    files = [part for part in outbound.attachments if part not in shown]
    words = _text(outbound.text, "plain")
    if outbound.html:
        page = _text(outbound.html, "html")
        if shown:
            page = _multipart("related", [page, *map(_file, shown)], outbound.external_id)
        words = _multipart("alternative", [words, page], outbound.external_id)
    return _multipart("mixed", [words, *map(_file, files)], outbound.external_id) if files else words


def _multipart(kind: str, parts: list[Message], seed: str) -> Message:
    """A multipart whose boundary follows from the Message-ID, so that a second sending is the same mail."""
    boundary = hashlib.sha256(f"{kind} {seed}".encode("utf-8", "replace")).hexdigest()[:32]
    message: Message = Message(policy=_WIRE)
    message.add_header("Content-Type", f'multipart/{kind};\r\n boundary="=_{boundary}"')
    message.set_payload(list(parts))
    return message


def _text(text: str, kind: str) -> Message:
    text = charsets.clean(text).replace("\r\n", "\n").replace("\r", "\n")
    text = text if text.endswith("\n") else f"{text}\n"
    message: Message = Message(policy=_WIRE)
    octets = text.encode("utf-8")
    if text.isascii() and max(map(len, text.split("\n"))) <= 2 * _LINE and not _CONTROLLED.search(text):
        message.add_header("Content-Type", f"text/{kind}; charset=us-ascii")
        message.add_header("Content-Transfer-Encoding", "7bit")
        message.set_payload(text)
        return message
    message.add_header("Content-Type", f"text/{kind}; charset=utf-8")
    if len(octets.translate(None, bytes(range(128)))) * 4 > len(octets):
        message.add_header("Content-Transfer-Encoding", "base64")
        message.set_payload(_base64(octets.replace(b"\n", b"\r\n")))
    else:
        message.add_header("Content-Transfer-Encoding", "quoted-printable")
        encoded = quopri.encodestring(octets).decode("ascii")
        # Mail stores put ">" before such a line, which would break signatures over the body.
        message.set_payload(_FROM.sub("=46rom ", encoded))
    return message


_FROM = re.compile(r"^From ", re.MULTILINE)
_CONTROLLED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|^From |[ \t]$", re.MULTILINE)


def _file(part: Part) -> Message:
    kind = part.content_type.lower()
    if not _TYPE.match(kind) or kind.startswith(("multipart/", "message/")):
        # Attached messages may not be encoded (RFC 2046 5.2.1); as plain bytes they arrive unharmed.
        kind = "application/octet-stream"
    message: Message = Message(policy=_WIRE)
    message.add_header("Content-Type", kind)
    message.add_header("Content-Transfer-Encoding", "base64")
    name = _filename(filenames.neutral(_one_line(part.filename)) or filenames.invented(kind))
    shown = part.inline and _CID.match(part.cid)
    message.add_header("Content-Disposition", f"{'inline' if shown else 'attachment'}{name}")
    if shown:
        message.add_header("Content-ID", f"<{part.cid}>")
    message.set_payload(_base64(part.content))
    return message


def _filename(name: str) -> str:
    """The filename parameter, in RFC 2231 pieces when it is long or not ASCII."""
    if name.isascii() and len(name) < _LINE - 20:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n filename="{escaped}"'
    pieces = [quote(one, safe="") for one in name]
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > 50:
            lines.append("")
        lines[-1] += piece
    lines[0] = f"utf-8''{lines[0]}"
    return "".join(f";\r\n filename*{at}*={line}" for at, line in enumerate(lines))


def _base64(octets: bytes) -> str:
    lines = (binascii.b2a_base64(octets[at : at + 57]).decode("ascii") for at in range(0, len(octets), 57))
    return "".join(lines)
