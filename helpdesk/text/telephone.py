"""Telephone numbers as people type them, written as providers take them and name them: in E.164 (ITU-T)."""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""At most fifteen digits with the country's code."""
_BETWEEN = re.compile(r"[\s().\-/]")


def e164(typed: str) -> str:
    """From one typed with spaces, hyphens, dots and brackets, its country behind + or 00; empty when it is none."""
    bare = _BETWEEN.sub("", typed)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    return bare if _E164.fullmatch(bare) else ""
