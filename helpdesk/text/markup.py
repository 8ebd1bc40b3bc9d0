"""A look at untrusted HTML before it is parsed: is it small and shallow enough to be worth the parser's time?

The parser builds a tree; its time grows with the square of the depth, and unclosed formatting is copied into every
later block. `affordable` bounds both in one pass over the text. It errs on the side of refusing: an end tag counts
only where it closes the innermost element, which every HTML parser agrees on.
"""

from __future__ import annotations

import re
from html import unescape

MOST_BYTES = 1_000_000
MOST_DEPTH = 200
MOST_WORK = 500_000
"""Sum over all tags of the depth they stand at, and of the formatting they may copy."""
MOST_ATTRIBUTES = 2_000
MOST_REFERENCES = 50_000
MOST_MISPLACED = 5_000
"""Spaces in one tag, ampersands in all, tags where a table allows none: the parser compares each with the others."""

_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "basefont",
        "bgsound",
        "frame",
    }
)
_RAW = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"}
)
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_IMPLIED = {
    "p": ("p",), "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "option": ("option",),
    "td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr"),
    "tbody": ("td", "th", "tr", "tbody", "thead", "tfoot"), "thead": ("td", "th", "tr", "tbody"),
    "tfoot": ("td", "th", "tr", "tbody", "thead"),
}  # fmt: skip
"""A start tag, and the innermost elements it closes by itself."""
_TABLES = frozenset({"table", "tbody", "thead", "tfoot", "tr"})
_IN_TABLES = frozenset({"tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup", "col", "style", "script"})
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "br",
        "li",
        "tr",
        "td",
        "th",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "table",
        "ul",
        "ol",
        "hr",
    }
)

# Tokens as the HTML standard's tokeniser cuts them (13.2.5): quotes count only after "=".
_SPACE = r"[\t\n\f\r ]"
_NAME = r"(?:=[^\t\n\f\r />=]*+|[^\t\n\f\r />=]++)"
_VALUE = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|(?!["'])[^\t\n\f\r >]++|(?=>))"""
_TOKEN = re.compile(
    r"<!--(?:>|->|.*?(?:-->|--!>|\Z))"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\t\n\f\r />]*+)"
    rf"(?:[\t\n\f\r /]++|{_NAME}(?:{_SPACE}*+={_SPACE}*+{_VALUE})?+)*+(?:>|\Z)"
    r"|<[!?/][^>]*+>?",
    re.DOTALL,
)
_GAPS = re.compile(r"[\t\n\f\r /\"']+")
_OPENS = re.compile(r"<[a-zA-Z]")
MOST_WORDS = 200_000
"""Characters shown of what is too big or too deep; the raw message holds the rest."""


def affordable(html: str) -> bool:
    """Whether parsing `html` takes time and memory in proportion to its length."""
    if len(html) > MOST_BYTES or len(html.encode(errors="replace")) > MOST_BYTES:
        return False
    # Only inside SVG does CDATA hide tags; telling would take a parser, and no mail program writes it.
    if "<![CDATA[" in html or html.count("&") > MOST_REFERENCES:
        return False
    scan, at = _Scan(), 0
    while scan.fits and (token := _TOKEN.search(html, at)):
        at = scan.take(html, token)
    return scan.fits


def stripped(html: str) -> str:
    """The words of `html` without any tag, in time linear in its length; for what cannot be shown as HTML."""
    pieces, at = [], 0
    while token := _TOKEN.search(html, at):
        pieces.append(html[at : token.start()])
        at = token.end()
        name = (token["name"] or "").lower()
        if name in _BLOCKS:
            pieces.append("\n")
        elif name in _RAW and not token["end"]:
            at = _end_of_raw(html, at, name)
    pieces.append(html[at:])
    text = unescape("".join(pieces)[:MOST_WORDS])
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", text).strip()


class _Scan:
    """The open elements, counted so that the real tree is never deeper than twice this."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._formatting = 0
        self._work = 0
        self._junk = 0
        self._misplaced = 0

    @property
    def fits(self) -> bool:
        return (
            len(self._open) + self._junk <= MOST_DEPTH and self._work <= MOST_WORK and self._misplaced <= MOST_MISPLACED
        )

    def take(self, html: str, token: re.Match[str]) -> int:
        """Count one token; gives where the next may begin."""
        name = (token["name"] or "").lower()
        if len(token[0]) > MOST_ATTRIBUTES and len(_GAPS.findall(token[0])) > MOST_ATTRIBUTES:
            self._work += MOST_WORK + 1
        if not name:
            return token.end()
        if token["end"]:
            self.close(name)
            return token.end()
        self.open(name)
        return self.skip(html, token.end(), name) if name in _RAW else token.end()

    def open(self, name: str) -> None:
        for closes in _IMPLIED.get(name, ()):
            if self._open and self._open[-1] == closes:
                self._open.pop()
        self._work += 1 + len(self._open) // 32 + self._formatting
        self._misplaced += bool(self._open) and self._open[-1] in _TABLES and name not in _IN_TABLES
        if name in _VOID or name in _RAW:
            return
        self._open.append(name)
        self._formatting += name in _FORMATTING

    def close(self, name: str) -> None:
        if self._open and self._open[-1] == name:
            self._open.pop()
            self._formatting -= name in _FORMATTING

    def skip(self, html: str, at: int, name: str) -> int:
        """Step over raw text; tags in it count as open, for inside SVG they would be."""
        end = _end_of_raw(html, at, name)
        inside = html[at:end]
        self._junk += len(_OPENS.findall(inside)) if name != "style" else 0
        if name == "script" and "<!--" in inside:
            self._junk += MOST_DEPTH + 1
        return end


def _end_of_raw(html: str, at: int, name: str) -> int:
    found = re.compile(rf"</{name}(?=[\t\n\f\r />])", re.IGNORECASE).search(html, at)
    return found.start() if found else len(html)
