"""One thing that would help: somebody begins earlier, where more falls due than the room before it is good for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sla.reports.forecasting import Due
from sla.reports.room import There

_STEP = 1800
"""People are asked to begin on the half hour."""
_EARLIEST = 4 * 3600
"""Nobody is asked to begin more than so long before they usually do."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Ask a person to begin at `at` (POSIX seconds), instead of at `usual`; `short` promises more get done by then."""

    agent_id: int
    at: int
    usual: int
    short: int


def suggest(due: Sequence[Due], hours: Sequence[There], now: float, until: float) -> Suggestion | None:
    """Who, of those who come soonest after the worst moment, could begin early enough; None when nothing is short."""
    worst = _worst(due, hours, now, until)
    if worst is None:
        return None
    at, short = worst
    for one in hours:
        if one.start < at:
            continue
        fresh = [agent for agent in one.rates if not _is_there(agent, hours, one.start - 1)]
        for agent in sorted(fresh, key=lambda agent: -one.rates[agent]):
            begin = int((one.start - short / one.rates[agent] * 3600) // _STEP * _STEP)
            begin = max(begin, one.start - _EARLIEST, math.ceil(now / _STEP) * _STEP)
            gain = min(short, round((at - begin) / 3600 * one.rates[agent]))
            if gain > 0:
                return Suggestion(agent, begin, one.start, gain)
    return None


def _worst(due: Sequence[Due], hours: Sequence[There], now: float, until: float) -> tuple[float, int] | None:
    """The due time by which most is left undone, and how many; None when the room is always enough."""
    found, missing, done, place = None, 0.5, 0.0, 0
    waiting = sorted(due, key=lambda one: one.at)
    for hour in hours:
        rate = sum(hour.rates.values()) / 3600
        while place < len(waiting) and waiting[place].at < min(hour.end, until):
            at = max(waiting[place].at, now)
            place += 1
            short = place - done - rate * (at - hour.start)
            if short > missing:
                found, missing = (at, math.ceil(short)), short
        done += rate * (hour.end - hour.start)
    return found


def _is_there(agent: int, hours: Sequence[There], at: int) -> bool:
    return any(one.start <= at < one.end and agent in one.rates for one in hours)
