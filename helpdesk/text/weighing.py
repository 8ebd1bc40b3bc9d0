"""Weighed length, as X counts: a link is 23, an emoji 2 however it is put together, most letters 1, CJK and the rest 2.

Source: docs.x.com/fundamentals/counting-characters and the third configuration of twitter-text. A host without
https:// is a link there when it ends in a known domain; where that is not sure the longer count is taken.
"""

from __future__ import annotations

import re
import unicodedata

LINK = 23
_LIGHT = ((0x0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Code points of weight 1."""
_KNOWN = (
    "com|net|org|info|biz|io|dev|app|edu|gov|mil|int|shop|store|online|site|tech|xyz|ai|me|tv|co|cloud|blog|news|live"
)
_URL = re.compile(
    r"https?://[^\s<>\"'，。、）)\]]+|(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?P<top>[a-z]{2,24})\b(?:/[^\s<>\"']*)?",
    re.IGNORECASE,
)
_TOP = re.compile(rf"(?:{_KNOWN})\Z", re.IGNORECASE)
_COUNTRY = re.compile(r"[^/]+\.[^/]+\.[a-z]{2}(?:/|\Z)|[^/]+\.[a-z]{2}/", re.IGNORECASE)
"""A country's domain is a link with a path behind it or a third name before it."""
_ENDS = ".,;:!?…"
"""What stands behind a link and is none of it."""
_PICTURE = (
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d\u3297\u3299]"
)
_TURNED = "[\u00a9\u00ae\u203c\u2049\u2122\u2139](?=\ufe0f)"
"""Signs that are pictures when they are asked to be."""
_ONE = f"(?:{_PICTURE}|{_TURNED})\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:\u200d{_ONE})*")


def weighed(text: str) -> int:
    """How long `text` is for X."""
    whole, total, place = unicodedata.normalize("NFC", text), 0, 0
    for found in _URL.finditer(whole):
        link = found[0].rstrip(_ENDS)
        total += _words(whole[place : found.start()]) + (LINK if _is_link(found) else max(LINK, _words(link)))
        place = found.start() + len(link)
    return total + _words(whole[place:])


def has_link(text: str) -> bool:
    """Whether X would make a link of anything in it."""
    return any(_is_link(found) for found in _URL.finditer(text))


def _is_link(found: re.Match[str]) -> bool:
    """Whether it is one for sure; else it may be two words with a full stop between them."""
    top = found["top"]
    return top is None or bool(_TOP.match(top) or _COUNTRY.match(found[0]))


def _words(text: str) -> int:
    pictures = len(_EMOJI.findall(text))
    return 2 * pictures + sum(1 if _is_light(one) else 2 for one in _EMOJI.sub("", text))


def _is_light(one: str) -> bool:
    return any(first <= ord(one) <= last for first, last in _LIGHT)
