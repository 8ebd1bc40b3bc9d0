"""The one thing the outlook suggests: who could begin earlier, where most would be left undone by a due time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bench.recount.foretold import DAY, HOUR, Foretold

_HALF_HOUR = HOUR // 2
_EARLIEST = 4 * HOUR
"""Nobody is asked to begin more than so long before they usually do."""


class Suggested(NamedTuple):
    """Ask somebody to begin at an instant instead of their usual one; so many more get done in time."""

    agent: int
    at: int
    usual: int
    more: int


def suggested(mine: Foretold) -> Suggested | None:
    """Of those who come first after the worst moment, whoever does most in an hour."""
    worst, missing = max(_missing(mine), key=lambda one: (one[1], -one[0]), default=(0, 0.0))
    if missing <= 0.5:
        return None
    short = math.ceil(missing)
    before: Mapping[int, float] = {}
    for since, _, rates in mine.there:
        if since >= worst:
            fresh = sorted((-rate, agent) for agent, rate in rates.items() if agent not in before)
            for one in (_asked(mine, agent, -rate, since, worst, short) for rate, agent in fresh):
                if one.more > 0:
                    return one
        before = rates
    return None


def _asked(mine: Foretold, agent: int, rate: float, usual: int, worst: int, short: int) -> Suggested:
    """On the half hour, so much earlier that what is missing gets done, but not at once and not hours before."""
    wanted = int(usual - short / rate * HOUR) // _HALF_HOUR * _HALF_HOUR
    soonest = -(-mine.at // _HALF_HOUR) * _HALF_HOUR
    at = max(wanted, usual - _EARLIEST, soonest)
    return Suggested(agent, at, usual, min(short, round((worst - at) / HOUR * rate)))


def _missing(mine: Foretold) -> Iterator[tuple[int, float]]:
    """For each due time of the next day, how many are due by then beyond what gets done by then."""
    due = sorted(one.at for one in mine.due if one.at < mine.at + DAY)
    for place, at in enumerate(due, 1):
        by = max(at, mine.at)
        yield by, place - mine.work(by)
