"""Untrusted HTML made safe to show: an allow-list over the parsed tree, and nothing edits the string afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import nh3
from markupsafe import Markup

from helpdesk.text.markup import affordable, stripped
from helpdesk.text.plain import to_html

RemoteImages = Callable[[str], str] | None
"""Gives our own address for a remote image; None keeps remote images blocked."""

_TAGS = {
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
}
_DROPPED = {
    "script",
    "style",
    "title",
    "svg",
    "math",
    "template",
    "noscript",
    "iframe",
    "object",
    "embed",
    "applet",
    "audio",
    "video",
    "canvas",
    "frameset",
    "noframes",
    "noembed",
    "xmp",
    "plaintext",
}
"""Elements whose content goes with them."""
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\x00-\x20]", re.IGNORECASE)
_REMOTE = re.compile(r"https?://[^\x00-\x20]", re.IGNORECASE)
_NUMBERS = {"width", "height", "start", "colspan", "rowspan"}
_RELATION = "noopener noreferrer nofollow"

_PROPERTIES = {
    "color",
    "background-color",
    "font-size",
    "font-weight",
    "font-style",
    "font-family",
    "font-variant",
    "line-height",
    "letter-spacing",
    "text-align",
    "text-decoration",
    "text-transform",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
    "max-width",
    "min-width",
    "height",
    "max-height",
    "min-height",
    "margin",
    "margin-top",
    "margin-right",
    "margin-bottom",
    "margin-left",
    "padding",
    "padding-top",
    "padding-right",
    "padding-bottom",
    "padding-left",
    "border",
    "border-top",
    "border-right",
    "border-bottom",
    "border-left",
    "border-color",
    "border-style",
    "border-width",
    "border-radius",
    "border-collapse",
    "border-spacing",
    "display",
    "direction",
    "list-style-type",
    "table-layout",
}
_LOADS = re.compile(r"url|image|src|expression|var\s*\(|attr\s*\(|env\s*\(|@|\\|/\*|<|!", re.IGNORECASE)
"""What can fetch, hide or reach out of a declaration; one occurrence drops the whole style attribute."""


@dataclass(frozen=True, slots=True)
class Clean:
    """HTML that may be shown, what was kept back, and whether it had to be shown as plain text."""

    html: Markup
    blocked: tuple[str, ...] = ()
    """Addresses of remote images that are not shown, in order, each once."""
    as_text: bool = False


def sanitise(html: str, *, cids: Mapping[str, str], remote: RemoteImages = None) -> Clean:
    """Clean one message body for showing inside a page of ours.

    `cids` maps a Content-ID (without angle brackets) to our address of that attachment. Links keep http, https,
    mailto and tel; nothing keeps style, class, id or name. What is too big or too deep comes back as its words alone.
    """
    if not affordable(html):
        return Clean(to_html(stripped(html)), as_text=True)
    images = _Images(cids, remote)
    cleaned = _clean(html, images, styled=False)
    return Clean(Markup(cleaned), tuple(images.blocked))  # noqa: S704 - the one place that vouches for foreign HTML


def original_document(html: str, *, cids: Mapping[str, str], remote: RemoteImages = None) -> str:
    """A whole document for "Original formatting": as `sanitise`, with harmless style attributes kept.

    It is meant for an address of its own in a sandboxed frame, under a policy that allows inline styles alone.
    """
    body = _clean(html, _Images(cids, remote), styled=True) if affordable(html) else to_html(stripped(html))
    head = '<meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Original formatting</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


@dataclass(slots=True)
class _Images:
    """Where the pictures of one message may come from; remembers what was kept back and what it allowed."""

    cids: Mapping[str, str]
    remote: RemoteImages
    blocked: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    def source(self, src: str) -> str | None:
        """Our address for a picture, or None."""
        src = src.strip()
        if src[:4].lower() == "cid:":
            return self._allow(self.cids.get(src[4:].strip("<>")))
        if not _REMOTE.match(src):
            return None
        if self.remote is not None:
            return self._allow(self.remote(src))
        if src not in self.blocked:
            self.blocked.append(src)
        return None

    def _allow(self, ours: str | None) -> str | None:
        if ours is not None:
            self.allowed.add(ours)
        return ours


def _clean(html: str, images: _Images, *, styled: bool) -> str:
    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "src" and tag != "img":  # a script or frame that goes anyway is no picture kept back
            return None
        return _attribute(images, name, value)

    attributes = {**_ATTRIBUTES, "*": _ATTRIBUTES["*"] | {"style"}} if styled else _ATTRIBUTES
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=attributes,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        # Ours are relative; whatever else is relative would point into this product, so it goes.
        url_relative=lambda url: url if url in images.allowed else None,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel=_RELATION,
        filter_style_properties=_PROPERTIES if styled else None,
    )


def _attribute(images: _Images, name: str, value: str) -> str | None:
    """The value an attribute may keep, or None; runs on the tree, after entities are resolved."""
    if name == "src":
        return images.source(value)
    if name == "href":
        return value if _LINK.match(value.strip()) else None
    if name in _NUMBERS:
        return value if value.isdecimal() and len(value) < 5 else None
    if name == "style":
        return None if _LOADS.search(value) else value
    return value
