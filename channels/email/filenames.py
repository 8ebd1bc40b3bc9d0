"""Names of attachments that neither lead anywhere nor look like something else."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

from channels.email import headers
from channels.email.structure import Section

LENGTH = 120

_PATH = re.compile(r".*[/\\]", re.DOTALL)
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def of(section: Section) -> str:
    """The neutral name a part gives itself (RFC 2183, 2231, and encoded words); empty when it gives none."""
    _, disposition = headers.parameterised(section.first("content-disposition"))
    return neutral(disposition.get("filename") or section.parameters.get("name") or "")


def neutral(raw: str) -> str:
    """`raw` without path, control, bidi and invisible characters, at most LENGTH long with its extension kept."""
    name = headers.text(raw)
    if not name.isascii():
        name = "".join(one for one in name if unicodedata.category(one) not in _INVISIBLE)
    name = " ".join(_PATH.sub("", name).split()).strip(". ")
    if len(name) <= LENGTH:
        return name
    extension = _EXTENSION.search(name)
    tail = extension.group() if extension else ""
    return name[: LENGTH - len(tail)].rstrip() + tail


def invented(content_type: str) -> str:
    """A name for a part that has none."""
    return "attachment" + (_USUAL.get(content_type) or mimetypes.guess_extension(content_type) or "")


def type_of(name: str) -> str:
    """The content type a file's name suggests."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


_USUAL = {
    "text/plain": ".txt",
    "text/html": ".html",
    "image/jpeg": ".jpg",
    "application/octet-stream": ".bin",
    "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m",
    "text/calendar": ".ics",
}
