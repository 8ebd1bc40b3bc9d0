"""A gauge: a number a monitoring system asks for, by labels whose values are few and name nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Values = Mapping[tuple[()], float] | Mapping[tuple[str], float] | Mapping[tuple[str, str], float]
"""By the values of the labels; the empty tuple where there are none."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Names begin with kept_ and end in their unit where that is not a count (prometheus.io, metric naming)."""

    name: str
    help: str
    values: Values
    labels: tuple[str, ...] = ()


def seconds(since: datetime | None, at: datetime) -> float:
    """How long ago it was, in seconds; 0 where there is none, or it is still to come."""
    return max(0.0, (at - since).total_seconds()) if since is not None else 0.0
