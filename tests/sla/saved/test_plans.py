"""When a report falls due: on the wall, over both changes of the clock, in short months; and the days it is of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.text.languages import LANGUAGES
from sla.saved import plans
from sla.saved.letters import LETTERS
from sla.saved.plans import CADENCES, Plan

OSLO = "Europe/Oslo"


def plan(cadence: str = "weekly", at: str = "08:00", zone: str = OSLO, **more: int) -> Plan:
    hour, minute = at.split(":")
    return Plan(cadence, 3600 * int(hour) + 60 * int(minute), zone, "en", (1,), **more)


def due(told: Plan, after: str, count: int = 1) -> list[str]:
    at, found = datetime.fromisoformat(after), []
    for _ in range(count):
        at = plans.following(told, at)
        found.append(at.astimezone(ZoneInfo(told.zone)).isoformat(timespec="minutes"))
    return found


class TestFollowing:
    def test_is_the_same_time_of_the_wall_before_and_after_a_change_of_the_clock(self):
        assert due(plan(), "2026-10-18T12:00+00:00", 3) == [
            "2026-10-19T08:00+02:00",
            "2026-10-26T08:00+01:00",
            "2026-11-02T08:00+01:00",
        ]

    def test_a_time_the_clock_skips_is_the_first_instant_after_it(self):
        assert due(plan("daily", "02:30"), "2026-03-28T12:00+00:00", 2) == [
            "2026-03-29T03:00+02:00",
            "2026-03-30T02:30+02:00",
        ]

    def test_a_time_that_comes_twice_falls_due_once(self):
        assert due(plan("daily", "02:30"), "2026-10-24T12:00+00:00", 2) == [
            "2026-10-25T02:30+02:00",
            "2026-10-26T02:30+01:00",
        ]

    def test_the_31st_is_the_last_day_of_any_month(self):
        assert due(plan("monthly", day=31), "2028-01-15T12:00+00:00", 4) == [
            "2028-01-31T08:00+01:00",
            "2028-02-29T08:00+01:00",
            "2028-03-31T08:00+02:00",
            "2028-04-30T08:00+02:00",
        ]

    def test_the_due_instant_itself_is_followed_by_the_next(self):
        assert due(plan("daily"), "2026-06-01T06:00+00:00") == ["2026-06-02T08:00+02:00"]
        assert due(plan("daily"), "2026-06-01T05:59+00:00") == ["2026-06-01T08:00+02:00"]

    def test_is_found_where_the_day_is_another_one_than_in_utc(self):
        assert due(plan("weekly", "00:30", "Pacific/Auckland"), "2026-06-20T12:00+00:00") == ["2026-06-22T00:30+12:00"]
        assert due(plan("daily", "23:30", "America/Chicago"), "2026-06-20T04:45+00:00") == ["2026-06-20T23:30-05:00"]

    def test_a_day_that_a_zone_left_out_falls_due_at_its_end(self):
        """Samoa had no 30 December 2011."""
        found = due(plan("daily", "08:00", "Pacific/Apia"), "2011-12-29T19:00+00:00", 2)
        assert found == ["2011-12-31T00:00+14:00", "2011-12-31T08:00+14:00"]

    @given(
        st.sampled_from(CADENCES),
        st.integers(0, 86_399),
        st.sampled_from([OSLO, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
        st.integers(0, 6),
        st.integers(1, 31),
        st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    )
    def test_is_always_later_and_never_skips_one(self, cadence, at, zone, weekday, day, after):
        told = Plan(cadence, at, zone, "en", (1,), weekday, day)
        found = plans.following(told, after)
        longest = {"daily": 2, "weekly": 8, "monthly": 32}[cadence]
        assert after < found < after + timedelta(days=longest)
        assert plans.following(told, found - timedelta(seconds=1)) == found


class TestSpan:
    @pytest.mark.parametrize(
        ("cadence", "today", "since", "until"),
        [
            ("daily", date(2026, 3, 1), date(2026, 2, 28), date(2026, 3, 1)),
            ("weekly", date(2026, 11, 23), date(2026, 11, 16), date(2026, 11, 23)),
            ("weekly", date(2026, 11, 29), date(2026, 11, 16), date(2026, 11, 23)),
            ("monthly", date(2026, 1, 1), date(2025, 12, 1), date(2026, 1, 1)),
            ("monthly", date(2026, 3, 31), date(2026, 2, 1), date(2026, 3, 1)),
        ],
    )
    def test_is_the_whole_one_before(self, cadence: str, today: date, since: date, until: date):
        assert plans.span(plan(cadence), today) == (since, until)


class TestJson:
    def test_gives_the_plan_back(self):
        told = Plan("monthly", 3600, OSLO, "de", (3, 1), 4, 31, "saved", "csv")
        assert plans.read(plans.as_json(told)) == told


class TestLetters:
    def test_are_there_in_every_language_with_every_gap(self):
        assert set(LETTERS) == set(LANGUAGES)
        for words in LETTERS.values():
            assert words.hello.format(name="Mei") != words.hello
            assert words.rows.format(count=3) != words.rows
            assert words.why.format(owner="Ada") != words.why
