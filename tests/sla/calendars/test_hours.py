"""Hours against an oracle that walks second by second through the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.rules import DAY, Rules, Window

MINUTE = 60
ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"]
BEGIN = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
instants = st.integers(BEGIN, BEGIN + 60 * DAY)


@st.composite
def windows(draw):
    start = draw(st.integers(0, 23 * 60)) * MINUTE
    return Window(start, start + draw(st.integers(1, 14 * 60)) * MINUTE)


@st.composite
def calendars(draw):
    days = draw(st.lists(st.lists(windows(), max_size=3).map(tuple), min_size=7, max_size=7).filter(any))
    holidays = draw(st.frozensets(st.dates(date(2026, 10, 1), date(2026, 11, 30)), max_size=5))
    return Rules(ZoneInfo(draw(st.sampled_from(ZONES))), tuple(days), holidays)


def walked(rules: Rules, instant: int) -> bool:
    """Whether the wall clock stands in a window; judged without the table."""
    local = datetime.fromtimestamp(instant, UTC).astimezone(rules.zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    today = any(one.start <= seconds < one.end for one in rules.on(local.date()))
    night = any(one.start <= seconds + DAY < one.end for one in rules.on(local.date() - timedelta(days=1)))
    return today or night


def changes_clock(rules: Rules, instant: int) -> bool:
    at = datetime.fromtimestamp(instant, UTC)
    return len({(at + timedelta(hours=h)).astimezone(rules.zone).utcoffset() for h in (-30, 0, 30)}) > 1


class TestHours:
    @settings(max_examples=60, deadline=None)
    @given(calendars(), instants)
    def test_is_open_when_the_wall_clock_says_so(self, rules, instant):
        if not changes_clock(rules, instant):  # where a wall time is missing or doubled the table of cases judges
            assert Hours(rules, around=date(2026, 11, 1)).is_open(instant) == walked(rules, instant)

    @settings(max_examples=60, deadline=None)
    @given(calendars(), instants, st.integers(0, 400_000))
    def test_what_is_added_lies_between(self, rules, start, seconds):
        hours = Hours(rules, around=date(2026, 11, 1))
        due = hours.add(start, seconds)
        assert hours.between(start, due) == seconds
        assert due >= start

    @settings(max_examples=60, deadline=None)
    @given(calendars(), instants, st.integers(1, 400_000))
    def test_subtracting_leads_back(self, rules, end, seconds):
        hours = Hours(rules, around=date(2026, 11, 1))
        begun = hours.subtract(end, seconds)
        assert hours.between(begun, end) == seconds
        assert begun <= end

    @settings(max_examples=60, deadline=None)
    @given(calendars(), instants, st.integers(0, 200_000), st.integers(0, 200_000))
    def test_adding_in_two_steps_is_adding_once(self, rules, start, first, then):
        hours = Hours(rules, around=date(2026, 11, 1))
        assert hours.add(hours.add(start, first), then) == hours.add(start, first + then) or not then

    def test_grows_where_it_is_asked_far_away(self):
        rules = Rules(ZoneInfo("UTC"), ((Window(9 * 3600, 17 * 3600),), *[()] * 6))
        near = Hours(rules, around=date(2026, 11, 1))
        wide = Hours(rules, around=date(2026, 11, 1), back=timedelta(days=9000), ahead=timedelta(days=9000))
        far = BEGIN + 20 * 366 * DAY
        long_ago = BEGIN - 20 * 366 * DAY
        assert near.add(far, 100_000) == wide.add(far, 100_000)
        assert near.subtract(long_ago, 100_000) == wide.subtract(long_ago, 100_000)
        assert near.between(long_ago, far) == wide.between(long_ago, far)

    def test_a_closed_time_longer_than_the_duration_is_no_obstacle(self):
        closed = frozenset(date(2026, 11, 1) + timedelta(days=n) for n in range(40))
        rules = Rules(ZoneInfo("UTC"), ((Window(9 * 3600, 17 * 3600),),) * 7, closed)
        start = datetime(2026, 10, 31, 16, 0, tzinfo=UTC).timestamp()
        due = Hours(rules, around=date(2026, 11, 1)).add(start, 7200)
        assert datetime.fromtimestamp(due, UTC) == datetime(2026, 12, 11, 10, 0, tzinfo=UTC)

    def test_without_open_time_there_is_nothing_to_ask(self):
        with pytest.raises(NoOpenTime):
            Hours(Rules(ZoneInfo("UTC"), ((),) * 7), around=date(2026, 11, 1))

    def test_a_table_without_a_single_stretch_grows_until_there_is_one(self):
        far = date(2026, 11, 1) + timedelta(days=3000)
        rules = Rules(ZoneInfo("UTC"), ((),) * 7, overrides={far: (Window(9 * 3600, 17 * 3600),)})
        hours = Hours(rules, around=date(2026, 11, 1), back=timedelta(days=7), ahead=timedelta(days=30))
        assert not hours.is_open(BEGIN)
        assert hours.between(BEGIN, BEGIN + DAY) == 0
        assert datetime.fromtimestamp(hours.next_open(BEGIN), UTC).date() == far


class TestGrowing:
    def test_what_is_asked_within_the_table_does_not_grow_it(self):
        hours = Hours(Rules(ZoneInfo("UTC"), weekly=((Window(0, DAY),),) * 7), around=date(2026, 10, 1))
        for _ in range(3):
            [found] = hours.intervals(BEGIN, until=BEGIN + DAY)
            assert (found.start, found.end) == (BEGIN, BEGIN + DAY)
        assert next(hours.intervals(BEGIN)).end < BEGIN + 10 * 366 * DAY
