"""How the clock of a promise ran: its stretches one after the other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sla.commitments.facts import Cycle, Fact
from sla.commitments.scene import Scene

RUNS = "runs"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one instant to another, POSIX seconds; why it stood still, or that it ran."""

    start: float
    end: float
    why: str


def stretches(cycle: Cycle, facts: Sequence[Fact]) -> list[Stretch]:
    """From its start to its end, or to the instant it was read for, without a gap."""
    found: list[Stretch] = []
    cursor, until = cycle.started, max(cycle.until, cycle.started)
    for start, end in cycle.spans:
        if start > cursor:
            found.append(_stood(cursor, min(start, until), facts))
        stop = until if end is None else min(end, until)
        if stop >= start:
            found.append(Stretch(start, stop, RUNS))
        cursor = max(cursor, stop)
    if cursor < until:
        found.append(_stood(cursor, until, facts))
    return found


def _stood(start: float, end: float, facts: Sequence[Fact]) -> Stretch:
    scene = Scene()
    for fact in facts:
        if fact.at <= start:
            scene.see(fact)
    return Stretch(start, end, scene.why or "paused")
