"""Which escalation policy a cause on a ticket starts: the first in the list that fits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What policies ask about. `metric` is empty for an arrival; `source` is the kind of the entitlement."""

    cause: str
    priority: int
    metric: str = ""
    source: str = "none"
    policy_id: int | None = None
    contract_id: int | None = None
    team_id: int | None = None


_ASKED = {
    "metrics": "metric",
    "sources": "source",
    "policies": "policy_id",
    "contracts": "contract_id",
    "priorities": "priority",
    "teams": "team_id",
}


def fits(starts: Mapping[str, Any], facts: Facts) -> bool:
    """Whether a policy that starts so is for these facts. An empty or missing list asks nothing, but `causes` must."""
    if facts.cause not in starts.get("causes", ()):
        return False
    return all(not starts.get(key) or getattr(facts, name) in starts[key] for key, name in _ASKED.items())
