"""On call: who rings at an instant, and a year of shifts, beside walking from the anchor and stepping by minutes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.meter import median
from bench.table import Line
from sla.calendars.rules import Rules, Window
from sla.oncall.feeding import Feed, Rota, of_team
from sla.oncall.resolving import Roster
from sla.oncall.roster import Layer, Override, Person, Schedule

NEW_YORK = ZoneInfo("America/New_York")
HOUR, DAY = 3600, 86_400
START = int(datetime(2026, 1, 1, 5, tzinfo=UTC).timestamp())
YEAR = 365 * DAY
PEOPLE = tuple((f"person {number}",) for number in range(8))
ANCHOR = date(2026, 1, 5)
OFFICE = Rules(NEW_YORK, ((Window(9 * HOUR, 17 * HOUR),),) * 5 + ((),) * 2)
NIGHTS = ((Window(20 * HOUR, 32 * HOUR),),) * 7
LAYERS = (
    Layer("weeks", PEOPLE, "weekly", ANCHOR, 9 * HOUR),
    Layer("days", PEOPLE[::-1], "daily", ANCHOR, 8 * HOUR, outside_office=True),
    Layer("nights", PEOPLE[2:], "daily", ANCHOR, 20 * HOUR, hours=NIGHTS),
    Layer("months", PEOPLE[:4], "monthly", ANCHOR, 9 * HOUR, lane=2),
    Layer("halves", PEOPLE[3:], "hourly", ANCHOR, 8 * HOUR, length=12, lane=2),
)
_MANY, _FEW, _ROUNDS = 20_000, 200, 5


def lines() -> list[Line]:
    schedule = Schedule(NEW_YORK, LAYERS, _overrides(200), office=OFFICE)
    roster, instants = Roster(schedule), _instants(_MANY)
    rate = _MANY / _took(lambda: [roster.on_call(at) for at in instants])
    year = _took(lambda: roster.shifts(START, START + YEAR))
    fresh = _took(lambda: Roster(schedule).on_call(START))
    shifts = roster.shifts(START, START + YEAR)
    feed = Feed("On call", NEW_YORK, "kept.example", START)
    rota = Rota("1", "On call", shifts)
    written, size = _took(lambda: of_team(rota, feed, str), rounds=2), len(of_team(rota, feed, str))
    return [
        Line(
            "on_call, 5 layers, 200 overrides",
            f"{rate / 1000:.0f} k/s",
            ">= 20 k/s",
            rate >= 20_000,
            peer=_walking(schedule, roster, instants[:_FEW], rate),
        ),
        Line(
            f"a year of shifts ({len(shifts)})",
            f"{1000 * year:.0f} ms",
            "<= 50 ms",
            year <= 0.05,
            peer=_stepping(roster, year),
        ),
        Line("read a schedule and ask it once", f"{1000 * fresh:.1f} ms", "", None, peer=""),
        Line("the year as a calendar feed", f"{1000 * written:.0f} ms, {size // 1000} kB", "", None, peer=""),
    ]


def _walking(schedule: Schedule, roster: Roster, instants: Sequence[int], rate: float) -> str:
    """As many write it: from the anchor turn after turn, and through all overrides."""
    found = [_walked(schedule, at) for at in instants]
    same = sum(one == _in_order(set(roster.on_call(at))) for one, at in zip(found, instants, strict=True))
    walked = len(instants) / _took(lambda: [_walked(schedule, at) for at in instants], rounds=2)
    said = f"walk from the anchor: {walked / 1000:.2f} k/s, {same} of {len(instants)} as ours"
    return f"{said}; ours {rate / walked:.0f} times"


def _stepping(roster: Roster, year: float) -> str:
    """What it takes to ask even our own answer each minute; of ten days, times 36.5."""
    minutes = range(START, START + 10 * DAY, 60)
    took = _took(lambda: [roster.on_call(at) for at in minutes], rounds=1) * 36.5
    return f"minute by minute: {took:.1f} s a year; ours {took / year:.0f} times"


def _walked(schedule: Schedule, at: int) -> tuple[Person, ...]:
    wall = datetime.fromtimestamp(at, NEW_YORK)
    found: set[Person] = set()
    for layer in schedule.layers:
        if layer.lane == 1 and not _rests(layer, wall):
            held = {layer.participants[_turn(layer, at) % len(layer.participants)][0]}
            found = _changed(schedule, held, at) or found
    for one in schedule.overrides:
        if one.kind == "add" and one.lane == 1 and one.start <= at < one.end and one.joins is not None:
            found.add(one.joins)
    return _in_order(found)


def _rests(layer: Layer, wall: datetime) -> bool:
    if layer.outside_office and wall.weekday() < 5 and 9 <= wall.hour < 17:
        return True
    return bool(layer.hours) and 8 <= wall.hour < 20


def _turn(layer: Layer, at: int) -> int:
    """How many hand-overs of a daily or weekly layer have been since its anchor."""
    step = timedelta(days={"daily": 1, "weekly": 7}[layer.unit])
    wall = datetime(layer.anchor.year, layer.anchor.month, layer.anchor.day) + timedelta(seconds=layer.hand_over)  # noqa: DTZ001
    turn = 0
    while (wall + step).replace(tzinfo=NEW_YORK).timestamp() <= at:
        wall, turn = wall + step, turn + 1
    while wall.replace(tzinfo=NEW_YORK).timestamp() > at:
        wall, turn = wall - step, turn - 1
    return turn


def _changed(schedule: Schedule, held: set[Person], at: int) -> set[Person]:
    for one in schedule.overrides:
        if one.lane == 1 and one.start <= at < one.end and one.leaves in held:
            held = {one.joins} if one.joins is not None else set()
    return held


def _in_order(found: set[Person]) -> tuple[Person, ...]:
    return tuple(sorted(found, key=str))


def _overrides(count: int) -> tuple[Override, ...]:
    dice, found = random.Random(3), []
    for number in range(count):
        start = START + dice.randrange(YEAR)
        end = start + dice.randrange(HOUR, 3 * DAY)
        leaves, joins = (one[0] for one in dice.sample(PEOPLE, 2))
        kind = number % 4
        found.append(
            Override(start, end, None if kind == 1 else joins, None if kind == 2 else leaves, lane=1 + number % 2)
        )
    return tuple(found)


def _instants(count: int) -> list[int]:
    dice = random.Random(4)
    return [START + dice.randrange(YEAR) for _ in range(count)]


def _took(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Seconds of this thread's processor: one core, whatever the neighbours do."""
    return median([_seconds(work) for _ in range(rounds)])


def _seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
