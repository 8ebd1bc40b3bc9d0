"""How patient a channel of machines is before it opens, closes and opens again: as its settings say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

LASTS, SETTLES, RETURNS = "lasts", "settles", "returns"
PRESETS = {LASTS: "0", SETTLES: "60", RETURNS: "240"}
MOST = {LASTS: 3600, SETTLES: 86_400, RETURNS: 43_200}
"""In the unit of each: seconds, seconds, minutes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`lasts`: a fault must be there for so long before anybody is told. `settles`: it must be over for so long before
    its ticket is closed. `returns`: within so long after its end it opens the same ticket again.
    """

    lasts: timedelta
    settles: timedelta
    returns: timedelta


def of(config: Mapping[str, Any]) -> Pace:
    """What the settings of a channel say; the presets where they say nothing."""
    lasts, settles, returns = (_number(config, name) for name in (LASTS, SETTLES, RETURNS))
    return Pace(timedelta(seconds=lasts), timedelta(seconds=settles), timedelta(minutes=returns))


def wrong(values: Mapping[str, str]) -> dict[str, str]:
    """What is no number in bounds, by field."""
    return {
        name: f"Enter a whole number between 0 and {most:,}."
        for name, most in MOST.items()
        if not _is_number(values.get(name) or PRESETS[name], most)
    }


def _number(config: Mapping[str, Any], name: str) -> int:
    value = str(config.get(name, PRESETS[name]))
    return int(value if _is_number(value, MOST[name]) else PRESETS[name])


def _is_number(value: str, most: int) -> bool:
    return value.isascii() and value.isdecimal() and len(value) < 9 and int(value) <= most
