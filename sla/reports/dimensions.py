"""What promises are grouped and filtered by: a name for the address, and the column of `PromiseOutcome`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from types import MappingProxyType

from sqlalchemy.orm import InstrumentedAttribute

from sla.reports.models import PromiseOutcome

DIMENSIONS: Mapping[str, InstrumentedAttribute[str] | InstrumentedAttribute[int | None]] = MappingProxyType(
    {
        "customer": PromiseOutcome.organization_id,
        "agreement": PromiseOutcome.contract_id,
        "promise": PromiseOutcome.promise,
        "kind": PromiseOutcome.metric,
        "team": PromiseOutcome.team_id,
        "agent": PromiseOutcome.agent_id,
        "channel": PromiseOutcome.channel_kind,
        "product": PromiseOutcome.product,
        "hour": PromiseOutcome.hour,
    }
)
ALL = "all"
NUMBERED = frozenset({"customer", "agreement", "team", "agent", "hour"})
"""Those whose values are numbers."""
FEW = ("kind", "channel", "team", "hour")
"""Those of which there are never many values."""


def pair(one: str, other: str) -> str:
    """The name of the tallies of two dimensions of `FEW`, in whichever order they are given."""
    return "+".join(sorted((one, other), key=FEW.index))


Filters = Mapping[str, str]
"""Dimension -> value as text; the empty value stands for none."""

PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {pair(one, other): (one, other) for one, other in combinations(FEW, 2)}
)
"""Tallies of two of them at once: "channel+team" with keys such as "email|3"."""
