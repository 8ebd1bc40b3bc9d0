"""Time zones by name, and as people choose them; a folder is read for the names, so once."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """Every zone there is."""
    return frozenset(available_timezones())


@cache
def zone_choices() -> tuple[tuple[str, str], ...]:
    """Each with the words for it: ("America/New_York", "America/New York")."""
    return tuple((zone, zone.replace("_", " ")) for zone in sorted(zones()))
