"""What was to be expected of a day, worked out anew from what was known when it was foretold: room, chances, bounds."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench.recount.hours import SECOND, micro
from bench.recount.log import Connection
from bench.recount.nights import turns
from bench.recount.year import Year

HOUR = 3600 * SECOND
DAY = 24 * HOUR
_WEEKS = 8
_FIRST = 1
"""The lane that rings first."""


class Made(NamedTuple):
    """A promise that was kept or broken by then."""

    at: int
    day: date
    hour: int
    agent: int | None
    is_broken: bool


class Due(NamedTuple):
    """A promise that ran then: when it falls due, and from when on it is late."""

    id: int
    ticket: int
    at: int
    late: int


@dataclass
class Known:
    """What was known at an instant."""

    at: int
    made: list[Made] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)


@dataclass
class People:
    """Who takes turns, and who is away when."""

    lanes: Sequence[tuple[Mapping[str, Any], ZoneInfo]]
    away: Mapping[int, list[tuple[int, int]]]

    def on_call(self, until: int) -> dict[int, list[tuple[int, int]]]:
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for layer, zone in self.lanes:
            for agent, since, end in turns(dict(layer), zone, until):
                found[agent].append((since, end))
        return found


def people(connection: Connection) -> People:
    specs = [spec for (spec,) in connection.execute("SELECT spec FROM oncall_schedule_version")]
    lanes = [(layer, ZoneInfo(spec["zone"])) for spec in specs for layer in spec["layers"] if layer["lane"] == _FIRST]
    away: dict[int, list[tuple[int, int]]] = defaultdict(list)
    asked = "SELECT agent_id, starts_at, ends_at FROM oncall_absence WHERE withdrawn_at IS NULL"
    for agent, since, until in connection.execute(asked):
        away[agent].append((micro(since), micro(until)))
    return People(lanes, away)


class Foretold:
    """Of the ten days from an instant on."""

    def __init__(self, known: Known, people: People, year: Year) -> None:
        self._known, self._people, self._year = known, people, year
        self.at, self.ends = known.at, known.at + 10 * DAY

    @cached_property
    def there(self) -> list[tuple[int, int, dict[int, float]]]:
        """Whole hours of the clock, the first from now on, with what each person does in an hour of it."""
        habits, shifts = self._habits(), self._people.on_call(self.ends)
        found, since = [], self.at
        while since < self.ends:
            until = min((since // HOUR + 1) * HOUR, self.ends)
            found.append((since, until, self._rates(habits, shifts, since, until)))
            since = until
        return found

    @cached_property
    def hours(self) -> list[tuple[int, int, float]]:
        """What each of them is good for."""
        return [(since, until, sum(rates.values()) * (until - since) / HOUR) for since, until, rates in self.there]

    @cached_property
    def due(self) -> list[Due]:
        return sorted((one for one in self._known.due if one.at < self.ends), key=lambda one: (one.late, one.id))

    @cached_property
    def chances(self) -> dict[int, float]:
        """That fewer get done until it is late than are to be done before it, and it."""
        return {one.id: 1.0 if one.late <= self.at else _fewer(place, self.work(one.late))
                for place, one in enumerate(self.due, 1)}  # fmt: skip

    @cached_property
    def today(self) -> list[Due]:
        return [one for one in self.due if one.at < self.at + DAY]

    def expected(self) -> tuple[float, int, int]:
        """How many slip: on average, and the bounds below and above which a tenth lies."""
        spread = [1.0]
        for one in self.today:
            chance = self.chances[one.id]
            longer = [*(each * (1 - chance) for each in spread), 0.0]
            for place, each in enumerate(spread):
                longer[place + 1] += each * chance
            spread = longer
        low, high = (next((n for n in range(len(spread)) if sum(spread[: n + 1]) >= share - 1e-9), len(spread) - 1)
                     for share in (0.1, 0.9))  # fmt: skip
        return math.fsum(self.chances[one.id] for one in self.today), low, high

    def usual(self) -> float:
        """The share broken in the four weeks before the day."""
        today = self._year.wall(self.at).date()
        mine = [one for one in self._known.made if today - timedelta(days=28) <= one.day < today]
        return sum(one.is_broken for one in mine) / len(mine) if mine else 0.0

    def days(self) -> Iterator[dict[str, Any]]:
        """The next five in which anybody works."""
        rooms: dict[date, float] = defaultdict(float)
        for since, _, room in self.hours:
            rooms[self._year.wall(since).date()] += room
        for day in [one for one in sorted(rooms) if rooms[one] > 0][:5]:
            mine = [one for one in self.due if self._year.wall(one.at).date() == day]
            slips = math.fsum(self.chances[one.id] for one in mine)
            yield {"day": str(day), "due": len(mine), "room": rooms[day], "slips": slips}

    def _habits(self) -> dict[int, dict[int, float]]:
        """Promises decided by hour of the week, on average of the weeks before."""
        begin = self.at - _WEEKS * 7 * DAY
        found: dict[int, Counter[int]] = defaultdict(Counter)
        for one in self._known.made:
            if one.agent is not None and begin <= one.at < self.at:
                found[one.agent][one.hour] += 1
        return {agent: {hour: many / _WEEKS for hour, many in mine.items()} for agent, mine in found.items()}

    def _rates(self, habits: Mapping[int, Mapping[int, float]], shifts: Mapping[int, list[tuple[int, int]]],
               since: int, until: int) -> dict[int, float]:  # fmt: skip
        hour, found = self._year.when(since)[1], {}
        for agent, usual in habits.items():
            pace = sum(usual.values()) / len(usual)
            rate = usual[hour] if hour in usual else pace * _part(shifts.get(agent, []), since, until)
            found[agent] = rate * (1 - _part(self._people.away.get(agent, []), since, until))
        return {agent: rate for agent, rate in found.items() if rate > 0}

    def work(self, until: int) -> float:
        """What gets done by then, on average."""
        parts = ((room, since, end) for since, end, room in self.hours if since < until)
        return math.fsum(room * (min(end, until) - since) / (end - since) for room, since, end in parts)


def _part(spans: Sequence[tuple[int, int]], since: int, until: int) -> float:
    return min(1.0, sum(max(0, min(end, until) - max(begin, since)) for begin, end in spans) / (until - since))


def _fewer(place: int, mean: float) -> float:
    """The chance that a Poisson count of this mean is below a number."""
    if mean <= 0:
        return 1.0
    terms = (math.exp(many * math.log(mean) - mean - math.lgamma(many + 1)) for many in range(place))
    return min(1.0, math.fsum(terms))


def utc(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat()
