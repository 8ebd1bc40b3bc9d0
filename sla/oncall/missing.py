"""The gaps of a rota, over all of its versions, and the days ahead in which they are looked for."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from sla.oncall.gaps import AHEAD, Gap, gaps
from sla.oncall.loading import Rota
from sla.oncall.roster import FIRST


def between(rota: Rota, start: int, end: int) -> list[Gap]:
    """The gaps of every lane that has a layer, in order of time; none of a rota that is set aside."""
    if rota.schedule.archived_at is not None:
        return []
    found: list[Gap] = []
    edges = [*(since for since, _ in rota.versions), end]
    for (_, said), (since, until) in zip(rota.versions, pairwise(edges), strict=True):
        low, high = max(since, start), min(until, end)
        lanes = {FIRST, *(layer.lane for layer in said.layers)} if low < high else set()
        for lane in sorted(lanes):
            found += gaps(rota.roster, low, high, lane)
    return _joined(sorted(found, key=lambda one: (one.lane, one.start)))


def ahead(rota: Rota, at: int) -> list[Gap]:
    """The gaps of the fourteen days to come."""
    return between(rota, at, at + AHEAD)


def _joined(found: list[Gap]) -> list[Gap]:
    joined: list[Gap] = []
    for gap in found:
        if joined and joined[-1].end == gap.start and _what(joined[-1]) == _what(gap):
            joined[-1] = replace(joined[-1], end=gap.end)
        else:
            joined.append(gap)
    return sorted(joined, key=lambda one: (one.start, one.lane))


def _what(gap: Gap) -> Gap:
    """The gap without its bounds."""
    return replace(gap, start=0, end=0)
