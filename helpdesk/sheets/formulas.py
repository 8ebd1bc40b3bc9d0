"""Text that a spreadsheet would take for a formula, and how it is told that it is text."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"[\s\x00-\x1f\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠﹢﹣﹦﹫]|[\t\r\n]")
"""What it begins with once the invisible is left out; a tab or a break of line alone may begin a new cell."""


def is_formula(text: str) -> bool:
    """Whether a program may work this out instead of showing it."""
    return not text[:1].isalnum() and _FORMULA.match(text) is not None


def harmless(text: str) -> str:
    """The same behind an apostrophe where it would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
