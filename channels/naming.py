"""Names of a source made unique here: two bots may give two messages the same number."""

from __future__ import annotations


def qualified(channel_id: int, name: str) -> str:
    """What names it among all channels; empty stays empty."""
    return f"{channel_id}/{name}" if name else ""


def bare(name: str) -> str:
    """What its source calls it."""
    return name.partition("/")[2]
