"""The table against a walk through every minute, where walls are moved: nothing here is shared with what it judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars.hours import Hours
from sla.calendars.rules import Rules, Window

MINUTE, DAY = 60, 86_400
MOVES = [
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2027, 3, 14)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("America/Sao_Paulo", date(2015, 10, 18)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 30)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Asia/Kathmandu", date(2026, 6, 3)),
]
"""Zones and days their walls move: an hour, half an hour, two, over midnight, a whole day, not at all."""


@st.composite
def windows(draw):
    start = draw(st.integers(0, DAY // MINUTE - 1))
    return Window(start * MINUTE, (start + draw(st.integers(1, 24 * 60))) * MINUTE)


@dataclass(frozen=True)
class Case:
    rules: Rules
    around: date


@st.composite
def cases(draw):
    zone, moved = draw(st.sampled_from(MOVES))
    near = st.dates(moved - timedelta(days=3), moved + timedelta(days=3))
    few = st.lists(windows(), max_size=3).map(tuple)
    weekly = draw(st.lists(few, min_size=7, max_size=7).filter(any))
    rules = Rules(
        ZoneInfo(zone),
        tuple(weekly),
        draw(st.frozensets(near, max_size=2)),
        frozenset((day.month, day.day) for day in draw(st.lists(near, max_size=1))),
        draw(st.dictionaries(near, few, max_size=2)),
        draw(st.dictionaries(near, few, max_size=2)),
    )
    return Case(rules, moved)


def open_minutes(case: Case) -> tuple[int, list[bool]]:
    """The first minute looked at, and of each from there on whether it is open."""
    first = int(datetime.combine(case.around - timedelta(days=6), datetime.min.time(), UTC).timestamp())
    minutes = range(first, first + 12 * DAY, MINUTE)
    walls = [datetime.fromtimestamp(at, case.rules.zone).replace(tzinfo=None) for at in minutes]
    is_open = [False] * len(walls)
    for days in range(-6, 7):
        day = case.around + timedelta(days=days)
        paint(is_open, walls, day, case.rules.on(day), value=True)
    for day, cut in case.rules.breaks.items():
        paint(is_open, walls, day, cut, value=False)
    return first, is_open


def paint(is_open, walls, day, drawn, *, value):
    """From the first minute whose wall has reached the start to the end's last time on the wall."""
    midnight = datetime.combine(day, datetime.min.time())
    near = range(
        max(0, next((at for at, wall in enumerate(walls) if wall >= midnight - timedelta(hours=30)), 0)), len(walls)
    )
    for window in drawn:
        start, end = midnight + timedelta(seconds=window.start), midnight + timedelta(seconds=window.end)
        begin = next((at for at in near if walls[at] >= start), len(walls))
        ends = [at for at in near if walls[at] == end]
        until = ends[-1] - 1 if ends else next((at for at in reversed(near) if walls[at] < end), -1)
        is_open[begin : until + 1] = [value] * max(0, until + 1 - begin)


@settings(max_examples=40)
@given(cases(), st.data())
def test_every_minute_and_every_sum_is_the_walks(case, data):
    first, is_open = open_minutes(case)
    hours = Hours(case.rules, around=case.around)
    inner = st.integers(4 * 1440, 8 * 1440)  # the walk is whole from two days after its first
    at, until = sorted((data.draw(inner), data.draw(inner)))
    start, end = first + at * MINUTE, first + until * MINUTE

    assert [hours.is_open(first + one * MINUTE) for one in range(4 * 1440, 8 * 1440, 15)] == is_open[
        4 * 1440 : 8 * 1440 : 15
    ]
    opened = sum(is_open[at:until])
    assert hours.between(start, end) == opened * MINUTE
    assert hours.between(end, start) == -opened * MINUTE
    if opened:
        count = data.draw(st.integers(1, opened))
        passed = [one for one in range(at, until) if is_open[one]]
        assert hours.add(start, count * MINUTE) == first + (passed[count - 1] + 1) * MINUTE
        assert hours.subtract(end, count * MINUTE) == first + passed[-count] * MINUTE
        moment = datetime.fromtimestamp(start, case.rules.zone)
        assert hours.add_to(moment, count * MINUTE).timestamp() == first + (passed[count - 1] + 1) * MINUTE


@settings(max_examples=25)
@given(cases(), st.floats(0, 1), st.floats(0, 1))
def test_the_second_and_what_is_below_it_counts(case, one, two):
    hours = Hours(case.rules, around=case.around)
    begin = datetime.combine(case.around, datetime.min.time(), UTC).timestamp() - 2 * DAY
    start, end = (round(begin + part * 4 * DAY, 6) for part in sorted((one, two)))
    walked = sum(
        max(0.0, min(end, open_.end) - max(start, open_.start)) for open_ in hours.intervals(start, until=end + 1)
    )
    assert abs(hours.between(start, end) - walked) < 1e-5
