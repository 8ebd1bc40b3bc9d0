"""Rules of rest: what breaks them, and what is refused because of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sla.oncall.load import load
from sla.oncall.rest import broken, refused
from sla.oncall.roster import Override, Rest, Shift
from tests.sla.oncall.scene import DAILY, DAY, FIRST, HOUR, ZONE, at, roster

WEEK = (at("10-12 17:00"), at("10-26 17:00"))


def shift(start: str, end: str, person="June") -> Shift:
    return Shift(at(start), at(end), 1, person)


class TestBroken:
    def test_a_week_is_seven_nights_running(self):
        (june, dev) = broken(roster().shifts(*WEEK), Rest(nights_running=6), ZONE)
        assert (june.person, june.found, dev.person) == ("Dev", 7, "June")
        assert broken(roster().shifts(*WEEK), Rest(nights_running=7), ZONE) == ()

    def test_a_shift_that_ends_at_ten_in_the_evening_has_no_night(self):
        days = [shift(f"10-{day} 08:00", f"10-{day} 22:00") for day in range(12, 20)]
        assert broken(days, Rest(nights_running=1), ZONE) == ()

    def test_an_hour_of_the_night_makes_it_one(self):
        days = [shift(f"10-{day} 05:00", f"10-{day} 08:00") for day in range(12, 15)]
        (found,) = broken(days, Rest(nights_running=2), ZONE)
        assert found.found == 3
        assert found.start == at("10-11 22:00")
        assert found.end == at("10-14 06:00")

    def test_shifts_that_touch_are_one_and_need_no_rest_between(self):
        shifts = [shift("10-12 08:00", "10-12 20:00"), shift("10-12 20:00", "10-13 08:00")]
        assert broken(shifts, Rest(hours_between=11), ZONE) == ()

    def test_too_little_between_two_shifts_is_said_in_words(self):
        shifts = [shift("10-12 08:00", "10-12 20:00"), shift("10-13 04:30", "10-13 08:00")]
        (found,) = broken(shifts, Rest(hours_between=11), ZONE)
        assert found.in_words("June Park", ZONE) == (
            "June Park would have 8.5 hours of rest, Mon 12 Oct 20:00 to Tue 13 Oct 04:30. At least 11 are needed."
        )

    def test_hours_of_rest_are_hours_that_pass(self):
        """From 22:00 to 07:00 on the night the clock goes back are ten hours."""
        shifts = [shift("10-31 08:00", "10-31 22:00"), shift("11-01 07:00", "11-01 12:00")]
        assert broken(shifts, Rest(hours_between=10), ZONE) == ()
        assert len(broken(shifts, Rest(hours_between=10.5), ZONE)) == 1

    def test_no_rule_is_never_broken(self):
        assert broken(roster().shifts(*WEEK), Rest(), ZONE) == ()


class TestRefused:
    RULE = Rest(nights_running=2)

    def test_a_change_that_gives_too_many_nights_is_refused_with_its_reason(self):
        before = roster(DAILY).shifts(*WEEK)
        change = Override(at("10-13 17:00"), at("10-15 17:00"), joins="June", leaves="Dev")
        more = Override(at("10-14 17:00"), at("10-15 17:00"), joins="June", leaves="Ingrid")
        after = roster(DAILY, overrides=(change, more)).shifts(*WEEK)
        (found,) = refused([before], after, self.RULE, ZONE, since=at("10-12 17:00"))
        assert found.in_words("June", ZONE) == (
            "June would ring 4 nights running, Mon 12 Oct 22:00 to Fri 16 Oct 06:00. At most 2 are allowed."
        )

    def test_what_was_as_bad_before_may_stay(self):
        before = roster().shifts(*WEEK)
        after = roster(overrides=(Override(at("10-13 10:00"), at("10-13 12:00"), joins="Ruth", leaves="June"),)).shifts(
            *WEEK
        )
        assert refused([before], after, self.RULE, ZONE, since=at("10-12 17:00")) == ()

    def test_what_is_over_is_not_refused_any_more(self):
        worse = roster().shifts(*WEEK)
        assert len(refused((), worse, self.RULE, ZONE, since=at("10-12 17:00"))) == 2
        assert len(refused((), worse, self.RULE, ZONE, since=at("10-20 17:00"))) == 1


class TestLoad:
    def test_counts_hours_and_nights_the_heaviest_first(self):
        june, *_ = load(roster().shifts(at("10-12 17:00"), at("10-22 17:00")), ZONE)
        assert (june.person, june.hours, len(june.nights), june.stretches) == ("June", 168, 7, 1)
        assert june.nights[0] == date(2026, 10, 12)

    def test_time_in_two_lanes_at_once_counts_once(self):
        both = roster(FIRST, replace(FIRST, name="Backup", lane=2)).shifts(*WEEK)
        assert {one.person: one.seconds for one in load(both, ZONE)} == {"June": 7 * DAY, "Dev": 7 * DAY}

    def test_a_night_of_a_changed_clock_is_one_hour_longer(self):
        (found,) = load([shift("10-31 22:00", "11-01 06:00")], ZONE)
        assert (found.seconds, len(found.nights)) == (9 * HOUR, 1)
