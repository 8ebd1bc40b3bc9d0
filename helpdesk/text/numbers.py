"""Whole numbers as addresses and forms write them: ids, counts, places in a list."""

from __future__ import annotations

BIGGEST = 2**63
"""No id of the database is as large."""
_LONGEST = len(str(BIGGEST))


def whole(text: str, *, below: int = BIGGEST) -> int | None:
    """The number of ASCII digits, from 0 up to but without `below`; None of anything else, however long it is."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        return None
    number = int(text)
    return number if number < below else None
