"""How bad a machine says its fault is, in its maker's word, as a ticket's priority."""

from __future__ import annotations

from typing import Final

NORMAL: Final = 2
_WORDS: Final = {
    4: ("emergency", "emerg", "fatal", "disaster", "critical", "crit", "page", "urgent", "alert", "p1", "sev1"),
    3: ("error", "err", "major", "high", "severe", "p2", "sev2"),
    2: ("warning", "warn", "minor", "medium", "normal", "average", "p3", "sev3"),
    1: ("info", "information", "informational", "notice", "low", "debug", "none", "p4", "sev4"),
}
_BY_WORD: Final = {word: priority for priority, words in _WORDS.items() for word in words}


def priority(word: str) -> int | None:
    """1 (low) to 4 (urgent); None for a word nobody uses for it."""
    return _BY_WORD.get(word.strip().casefold())
