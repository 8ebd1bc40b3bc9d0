"""HTML to text a person can read, in bounded time whatever the HTML."""

from __future__ import annotations

import html as entities
import re

import inscriptis
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError

TREE_CHARACTERS = 200_000
TREE_DEPTH = 200

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_UNCOUNTED = frozenset(
    "area base br col embed hr img input link meta param source track wbr p li dt dd option".split(),
)
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"])
_HIDDEN = re.compile(r"<(script|style|head|title)\b", re.IGNORECASE)
_COMMENT_OR_TAG = re.compile(r"<!--|<[!/?a-zA-Z]")
_BLOCK = frozenset(
    "p div br tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote pre hr section article".split(),
)
_BLANKS = re.compile(r"[ \t\u00a0]+")
_LINES = re.compile(r"\n{3,}")


def from_html(html: str) -> str:
    """The readable text of `html`."""
    if fits_a_tree(html):
        try:
            return _tidy(inscriptis.get_text(html, _CONFIG))
        except (LxmlError, ValueError, RecursionError, LookupError, AttributeError, TypeError):
            # The converter knows documents, not attacks; what it cannot take is stripped below.
            pass
    return _tidy(_stripped(html))


def fits_a_tree(html: str) -> bool:
    """True when `html` is small and flat enough for tools that build a tree of it."""
    if len(html) > TREE_CHARACTERS:
        return False
    if html.count("<") < TREE_DEPTH:
        return True
    depth = deepest = 0
    for closing, tag in _TAG.findall(html):
        if tag.lower() not in _UNCOUNTED:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest <= TREE_DEPTH


def _stripped(html: str) -> str:
    """Text without tags, in one pass."""
    kept: list[str] = []
    at = 0
    while (match := _COMMENT_OR_TAG.search(html, at)) is not None:
        kept.append(entities.unescape(" ".join(html[at : match.start()].split())))
        at, tag = _behind(html, match.start())
        kept.append("\n" if tag in _BLOCK else " ")
    kept.append(entities.unescape(" ".join(html[at:].split())))
    return "".join(kept)


def _behind(html: str, at: int) -> tuple[int, str]:
    """Where the text goes on after the tag or comment at `at`, and the tag's name."""
    if html.startswith("<!--", at):
        end = html.find("-->", at)
        return (end + 3 if end >= 0 else len(html)), ""
    hidden = _HIDDEN.match(html, at)
    if hidden:
        closing = re.compile(f"</{hidden[1]}", re.IGNORECASE).search(html, at)
        at = closing.start() if closing else len(html)
    end = html.find(">", at)
    named = _TAG.match(html, at)
    return (end + 1 if end >= 0 else len(html)), (named[2].lower() if named else "")


def _tidy(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).rstrip() for line in text.replace("\r", "").split("\n"))
    return _LINES.sub("\n\n", "\n".join(lines)).strip("\n")
