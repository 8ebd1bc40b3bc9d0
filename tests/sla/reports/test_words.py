"""The figures and sentences of the page, with numbers worked by hand."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from helpdesk.errors import Invalid
from sla.reports import movements, trends
from sla.reports.figures import Share
from sla.reports.hours import House
from sla.reports.movements import Movement
from sla.reports.periods import Period, named
from sla.web import dashdraw, dashwords

HOUSE = House(ZoneInfo("UTC"))
OCTOBER = datetime(2026, 10, 15, 21, 42, tzinfo=UTC)


class TestMovements:
    def test_are_the_two_that_account_for_most_promises_of_different_dimensions(self):
        few = {
            (0, "kind", "update"): Share(90, 10),  # 90 % after 80 %: ten more than at the rate before
            (1, "kind", "update"): Share(80, 20),
            (0, "kind", "first_response"): Share(95, 5),  # 95 % after 98 %: three fewer
            (1, "kind", "first_response"): Share(98, 2),
            (0, "channel", "phone"): Share(16, 4),  # 80 % after 100 %: four fewer
            (1, "channel", "phone"): Share(20, 0),
            (0, "team", "3"): Share(4, 0),  # too few to say anything
            (1, "team", "3"): Share(0, 4),
        }
        found = movements.largest(few, ())
        assert [(one.key, round(one.promises, 6), round(one.points, 6)) for one in found] == [
            ("update", 10, 10),
            ("phone", -4, -20),
        ]

    def test_see_closed_hours_as_one(self):
        few = {
            (0, "hour", "3"): Share(6, 4), (0, "hour", "4"): Share(6, 4), (0, "hour", "9"): Share(50, 0),
            (1, "hour", "3"): Share(10, 0), (1, "hour", "9"): Share(50, 0),
        }  # fmt: skip
        (one,) = movements.largest(few, {3, 4})
        assert (one.key, one.now, one.before, one.promises) == ("out", Share(12, 8), Share(10, 0), -8)

    def test_nothing_moved_says_nothing(self):
        assert movements.largest({(0, "kind", "update"): Share(9, 1), (1, "kind", "update"): Share(9, 1)}, ()) == []


class TestShares:
    @pytest.mark.parametrize(
        ("share", "said"),
        [(Share(1161, 43), "96.4"), (Share(1999, 1), "99.9"), (Share(5, 0), "100"), (Share(), "—"), (Share(0, 3), "0")],
    )
    def test_are_of_counted_promises_and_never_rounded_up(self, share, said):
        assert dashwords.percent(share.percent) == said

    def test_of_two_days_are_not_the_average_of_both(self):
        days = {date(2026, 10, 1): Share(1, 0), date(2026, 10, 2): Share(0, 99)}
        from_both = days[date(2026, 10, 1)] + days[date(2026, 10, 2)]
        assert dashwords.percent(from_both.percent) == "1"


class TestWeeks:
    def test_end_in_the_week_of_the_last_day_and_both_years_stop_at_the_same_weekday(self):
        until = date(2026, 10, 16)  # Friday, not counted
        days = {date(2026, 10, 12): Share(3, 1), date(2025, 10, 13): Share(2, 0), date(2025, 10, 17): Share(0, 9)}
        last = trends.weeks(days, until)[-1]
        assert (last.monday, last.now, last.before) == (date(2026, 10, 12), Share(3, 1), Share(2, 0))
        assert len(trends.weeks(days, until)) == 12

    def test_a_year_before_the_month_is_the_same_days(self):
        month = named("month", OCTOBER, House(ZoneInfo("America/Chicago")))
        assert (month.since, month.until) == (date(2026, 10, 1), date(2026, 10, 16))
        before = month.year_before()
        assert (before.since, before.until) == (date(2025, 10, 1), date(2025, 10, 16))

    def test_no_other_period_is_known(self):
        with pytest.raises(Invalid):
            named("fortnight", OCTOBER, HOUSE)


class TestPictures:
    def test_a_trend_runs_from_its_lowest_to_its_highest_week(self):
        drawn = dashdraw.trend([90.0, 95.0, 100.0], [None, None, None])
        assert (drawn.low, drawn.high, drawn.before) == (89, 100, "")
        assert drawn.now == "M0.0,90.9 50.0,45.5 100.0,0.0"

    def test_an_hour_with_most_requests_is_darkest_and_one_request_is_seen(self):
        rows = dashdraw.cells({0: 60, 1: 1}, {1: 2}, {1})
        assert [(cell.shade, cell.is_closed, cell.missed) for cell in rows[0][:3]] == [
            (6, False, 0),
            (1, True, 2),
            (0, False, 0),
        ]

    def test_are_told_in_words(self):
        rows = dashdraw.cells({9: 60}, {1: 2, 9: 1}, {1})
        said = dashwords.heat_summary(rows)
        assert said == (
            "Busiest Mon 09:00, 60 requests. 3 promises were missed, 2 of them outside working hours, most on Mon 01:00."
        )

    def test_days_are_told_as_people_do(self):
        assert (
            dashwords.days(Period("month", date(2026, 10, 1), date(2026, 10, 16), HOUSE), OCTOBER.date())
            == "1 to 15 October"
        )
        over_new_year = Period("days", date(2025, 12, 30), date(2026, 1, 3), HOUSE)
        assert dashwords.days(over_new_year, OCTOBER.date()) == "30 December 2025 to 2 January"
        assert dashwords.days(over_new_year, date(2027, 1, 1)) == "30 December 2025 to 2 January 2026"

    def test_a_movement_is_told_with_both_shares(self):
        one = Movement("channel", "phone", Share(16, 4), Share(20, 0))
        assert dashwords.moved(one, "Phone") == "Phone slipped, from 100 to 80\u00a0%"
