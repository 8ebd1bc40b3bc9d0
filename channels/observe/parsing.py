"""A feed's bytes as entries: RSS and Atom of every age by feedparser, behind limits of our own.

Nothing in here asks the network: feedparser is given bytes, never an address. It may clean no HTML either; the one
sanitiser does that. A document that declares entities, or an encoding that could hide them, is refused (XML bombs),
and so is one that would take long to read.
"""

from __future__ import annotations

import calendar
import hashlib
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax import SAXException

import feedparser

from channels.adapter import Retryable
from channels.doors import Json
from channels.observe.looking import Told, named

log = logging.getLogger(__name__)

MOST_ENTRIES = 100
MOST_TAGS = 20_000
MOST_REFERENCES = 100_000
"""Signs of `<` and `&` in a whole feed: the parser takes some microseconds for each, in a process that others share."""
_HEAD = 1000
_ENTITY = re.compile(rb"<!\s*(?:ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
_SUBSET = re.compile(rb"<!\s*DOCTYPE[^>\[]{0,2000}\[", re.IGNORECASE)
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]{1,40})""", re.IGNORECASE)
_ENCODINGS = re.compile(
    r"(?:utf-?(?:8|16)(?:-?[bl]e)?|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-12\d\d|cp12\d\d|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5|shift[_-]jis|sjis|euc-(?:jp|kr)|ks_c_5601-1987)\Z",
    re.IGNORECASE,
)
"""Those in which the letters of a tag are themselves, so that a declaration cannot hide."""
_NO_FEED = "What is at this address is no feed that can be read."
_TOO_MUCH = "This feed has more parts than are read. Ask for a shorter one."
_BOMB = "This feed declares entities of its own, which feeds do not need. It is not read."


def entries(body: bytes, content_type: str, url: str) -> list[Told]:
    """The newest hundred posts of a feed, the oldest first.

    Raises:
        Retryable: it is no feed, or one we do not read; the sentence says why.
    """
    _refuse_bombs(body, content_type)
    said = _parsed(body, content_type, url)
    if not said.get("version") or (not said.entries and isinstance(said.get("bozo_exception"), SAXException)):
        raise Retryable(_NO_FEED)
    told = [_told(one) for one in said.entries[:MOST_ENTRIES]]
    return list(reversed([one for one in told if one.post]))


def _parsed(body: bytes, content_type: str, url: str) -> Any:
    headers = {"content-type": content_type, "content-location": url}
    try:
        return feedparser.parse(
            BytesIO(body), response_headers=headers, resolve_relative_uris=True, sanitize_html=False
        )
    except Exception as error:
        log.exception("feed_unreadable")
        raise Retryable(_NO_FEED) from error


def _refuse_bombs(body: bytes, content_type: str) -> None:
    plain = body.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n")
    if not plain.startswith(b"<"):
        raise Retryable(_NO_FEED)
    declared = [one.decode() for one in _DECLARED.findall(plain[:_HEAD])] + _CHARSET.findall(content_type[:_HEAD])
    if any(not _ENCODINGS.match(one) for one in declared):
        raise Retryable(f"This feed is written in {declared[0]}, which is not read.")
    if plain.count(b"<") > MOST_TAGS or plain.count(b"&") > MOST_REFERENCES:
        raise Retryable(_TOO_MUCH)
    if _ENTITY.search(plain) or _SUBSET.search(plain[: 64 * 1024]):
        raise Retryable(_BOMB)


def _told(entry: Any) -> Told:
    """One entry as values of ours: what feedparser gives differs from feed to feed."""
    html = next(iter(_bodies(entry)), "")
    fields: Json = {
        "url": str(entry.get("link", "")),
        "title": str(entry.get("title", "")),
        "html": html,
        "author": str(entry.get("author", "")),
        "posted": _instant(entry),
    }
    if not (fields["title"] or html):
        return Told("", {})
    content = hashlib.sha256(f"{fields['url']}\n{fields['title']}\n{html}".encode("utf-8", "replace")).hexdigest()
    return Told(named(str(entry.get("id") or entry.get("link") or f"sha256:{content}")), fields)


def _bodies(entry: Any) -> Iterator[str]:
    """What an entry says, the longest form first: HTML; plain text has its signs escaped."""
    details = [*entry.get("content", ()), *filter(None, [entry.get("summary_detail")])]
    for detail in sorted(details, key=lambda one: -len(str(one.get("value", "")))):
        value = str(detail.get("value", ""))
        if value:
            yield _escaped(value) if detail.get("type") == "text/plain" else value


def _escaped(text: str) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{safe}</p>".replace("\n", "<br>")


def _instant(entry: Any) -> str:
    # `get` would take one for the other, with a warning that this ends some day
    at = next((entry[name] for name in ("published_parsed", "updated_parsed") if name in entry), None)
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(calendar.timegm(at), UTC).isoformat()
    except (ValueError, OverflowError, TypeError, OSError):
        return ""
