"""What service is grouped and filtered by: a name for the address, and the column of `VolumeFact`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType

from sla.volume.models import VolumeFact

Filters = Mapping[str, str]
"""Dimension -> value as text; the empty value stands for none."""

ALL = "all"
TOPIC = "topic"
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "customer": VolumeFact.organization_id.key,
        "team": VolumeFact.team_id.key,
        "agent": VolumeFact.agent_id.key,
        "channel": VolumeFact.channel_kind.key,
        "hour": VolumeFact.hour.key,
        "when": VolumeFact.is_out.key,
    }
)
"""Those that are a column; a topic is one of several."""
DIMENSIONS = (*COLUMNS, TOPIC)
NUMBERED = frozenset({"customer", "team", "agent", "hour", TOPIC})
WHEN = {"in": "In working hours", "out": "Outside working hours"}
FEW = ("team", "agent", "channel", "hour", "when", TOPIC)
"""Those of which there are never many values."""


def pair(one: str, other: str) -> str:
    """The name of the tallies of two dimensions of `FEW`, in whichever order they are given."""
    return "+".join(sorted((one, other), key=FEW.index))


PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {pair(one, other): (one, other) for one, other in combinations(FEW, 2)}
)
"""Tallies of two of them at once: "team+channel" with keys such as "3|email"."""


def tallied(asked: set[str]) -> str | None:
    """The name of the tallies that answer what is asked by these dimensions; None where there are none."""
    names = sorted(asked)
    if len(names) < 2:
        return names[0] if names else ALL
    name = pair(*names) if len(names) == 2 and set(names) <= set(FEW) else None
    return name if name in PAIRS else None
