"""Which promises will slip: those that fall due against the room there is, worked out from nothing but numbers.

Work that gets done until an instant is taken as a Poisson count of the room until then, and what falls due first is
done first. So the promise that is k-th in line is kept when at least k are done by its due time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

_MANY = 300
"""From here on sums are taken from the normal distribution, right to the third place and a thousand times faster."""


@dataclass(frozen=True, slots=True)
class Room:
    """What can be done in a stretch of time; POSIX seconds, the end excluded; `rate` is promises an hour."""

    start: float
    end: float
    rate: float


@dataclass(frozen=True, slots=True)
class Due:
    """A promise that runs: what it is known by, and by when it is to be done, in POSIX seconds."""

    key: int
    at: float


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely a promise is to slip, from 0 to 1."""

    key: int
    slips: float


@dataclass(frozen=True, slots=True)
class Expected:
    """How many slip: the mean, and the narrowest bounds from `low` that hold at least four times in five."""

    mean: float
    low: int
    high: int


def chances(due: Iterable[Due], room: Sequence[Room], now: float) -> list[Chance]:
    """Of each promise, in the order in which they fall due; one that is past has slipped."""
    found, done, until = [], 0.0, now
    for place, one in enumerate(sorted(due, key=lambda one: (one.at, one.key)), 1):
        if one.at > until:
            done, until = done + work(room, until, one.at), one.at
        found.append(Chance(one.key, 1.0 if one.at <= now else at_most(place - 1, done)))
    return found


def work(room: Sequence[Room], since: float, until: float) -> float:
    """How many promises the room between two instants is good for, on average."""
    return sum(one.rate * max(0.0, min(one.end, until) - max(one.start, since)) / 3600 for one in room)


def at_most(count: int, mean: float) -> float:
    """The probability that a Poisson count of this mean is `count` or less."""
    if mean <= 0:
        return 1.0
    if count > _MANY:
        return _at_most_many(count + 1, mean)
    term = -mean
    logs = [term]
    for number in range(1, count + 1):
        term += math.log(mean / number)
        logs.append(term)
    most = max(logs)
    total = most + math.log(math.fsum(math.exp(one - most) for one in logs))
    return min(1.0, math.exp(total))


def _at_most_many(following: int, mean: float) -> float:
    """The same by the cube root of a chi-squared variable with twice as many degrees, which is nearly normal.

    Source: E. B. Wilson and M. M. Hilferty, The distribution of chi-square, PNAS 17 (1931).
    """
    spread = 1 / (9 * following)
    return 1 - NormalDist(1 - spread, math.sqrt(spread)).cdf(math.cbrt(mean / following))


def expected(slips: Sequence[float]) -> Expected:
    """The number that slips when each does on its own: a tenth of the cases lies below the bounds, a tenth above."""
    mean = math.fsum(slips)
    if len(slips) > _MANY:
        return _wide(mean, math.sqrt(math.fsum(one * (1 - one) for one in slips)), len(slips))
    spread = [1.0]
    for chance in slips:
        spread = [
            (spread[count] if count < len(spread) else 0.0) * (1 - chance)
            + (spread[count - 1] if count else 0.0) * chance
            for count in range(len(spread) + 1)
        ]
    return Expected(mean, _quantile(spread, 0.1), _quantile(spread, 0.9))


def brier(told: Sequence[tuple[float, bool]]) -> float | None:
    """The mean square of what was told against what came; 0 is perfect, 0.25 what a coin would get; None of nothing.

    Source: G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78 (1950).
    """
    return math.fsum((chance - slipped) ** 2 for chance, slipped in told) / len(told) if told else None


def _wide(mean: float, deviation: float, most: int) -> Expected:
    reach = NormalDist().inv_cdf(0.9) * deviation
    return Expected(mean, max(0, round(mean - reach)), min(most, round(mean + reach)))


def _quantile(spread: Sequence[float], share: float) -> int:
    """The first count up to which at least `share` of the probability lies."""
    total = 0.0
    for count, chance in enumerate(spread):
        total += chance
        if total >= share - 1e-12:
            return count
    return len(spread) - 1
