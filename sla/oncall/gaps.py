"""Stretches in which nobody rings though somebody should, each with what left it open."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from sla.calendars.spans import Span, merged, without
from sla.oncall.resolving import Roster
from sla.oncall.roster import FIRST, Person

AHEAD = 14 * 86_400
"""Seconds that are looked ahead for gaps."""

Cause = Literal["swap", "removed", "absence", "plan", "restriction", "nobody"]
WORDS: dict[Cause, str] = {
    "swap": "{person}’s shift was split by the swap.",
    "removed": "{person} was taken off.",
    "absence": "{person} is away.",
    "plan": "The temporary plan leaves it open.",
    "restriction": "No layer is meant for this time.",
    "nobody": "No layer with people is in force.",
}
"""Why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody rings in this lane. `person` is whose turn it would be, where there is one."""

    start: int
    end: int
    lane: int
    cause: Cause
    person: Person | None = None


def gaps(roster: Roster, start: int, end: int, lane: int = FIRST) -> tuple[Gap, ...]:
    """The gaps of a lane between two instants, cut at both; while the office is open nobody is missing."""
    covered = merged((one.start, one.end) for one in roster.shifts(start, end) if one.lane == lane)
    if roster.office is not None:
        covered = merged([*covered, *roster.office.spans(start, end)])
    found: list[Gap] = []
    for open_ in without([(start, end)] if start < end else [], covered):
        for gap in _by_cause(roster, open_, lane):
            if found and found[-1].end == gap.start and _same(found[-1], gap):
                found[-1] = replace(found[-1], end=gap.end)
            else:
                found.append(gap)
    return tuple(found)


def in_words(gap: Gap, name: str) -> str:
    """What left it open; `name` is the person's, for the causes that have one."""
    return WORDS[gap.cause].format(person=name)


def _by_cause(roster: Roster, span: Span, lane: int) -> Iterator[Gap]:
    """The gap, cut wherever its cause may change."""
    start, end = span
    changes = roster.agreements.points
    edges = {start, end, *changes[bisect_right(changes, start) : bisect_left(changes, end)]}
    for rotation in roster.rotations:
        if rotation.layer.lane == lane:
            edges |= {edge for low, high, _ in rotation.spans(start, end) for edge in (low, high)}
            edges |= {edge for edge in (rotation.layer.start, rotation.layer.until) if edge and start < edge < end}
    for low, high in pairwise(sorted(edges)):
        cause, person = _cause(roster, low, lane)
        yield Gap(low, high, lane, cause, person)


def _cause(roster: Roster, at: int, lane: int) -> tuple[Cause, Person | None]:
    lost = roster.lost(at, lane)
    if lost:
        return lost[0].cause, lost[0].person
    if roster.agreements.at(at).plan is not None:
        return "plan", None
    layers = [one for one in roster.rotations if one.layer.lane == lane and one.layer.participants and one.in_force(at)]
    return ("restriction" if layers else "nobody"), None


def _same(one: Gap, other: Gap) -> bool:
    return (one.lane, one.cause, one.person) == (other.lane, other.cause, other.person)
