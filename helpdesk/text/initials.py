"""The two letters and the quiet tint that stand for somebody without a picture."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

TINTS = 6


@lru_cache(2_000)
def initials(name: str) -> str:
    """One or two capitals: of the first and last word, or the first two letters of a single one; "?" of nothing."""
    words = ["".join(letter for letter in word if letter.isalnum()) for word in name.split()]
    words = [word for word in words if word]
    if not words:
        return "?"
    letters = words[0][:2] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()[:2]


def tint(identity: int | str) -> int:
    """A number from 1 to 6, always the same for the same id."""
    return crc32(str(identity).encode()) % TINTS + 1
