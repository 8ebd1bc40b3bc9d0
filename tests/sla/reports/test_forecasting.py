"""What will slip, by numbers that were worked out by hand."""

import math

import pytest

from sla.reports.forecasting import Chance, Due, Expected, Room, at_most, brier, chances, expected, work

HOUR = 3600


class TestWork:
    def test_is_rate_times_hours_within_the_stretch(self):
        room = [Room(0, 2 * HOUR, 3), Room(2 * HOUR, 4 * HOUR, 1)]
        assert work(room, HOUR, 3 * HOUR) == 3 + 1

    def test_is_nothing_where_nobody_is(self):
        assert work([], 0, HOUR) == work([Room(0, HOUR, 5)], HOUR, 2 * HOUR) == 0


class TestAtMost:
    @pytest.mark.parametrize(
        ("count", "mean", "chance"),
        [
            (0, 0, 1),
            (0, 2, math.exp(-2)),
            (1, 2, 3 * math.exp(-2)),
            (2, 2, 5 * math.exp(-2)),
            (500, 100_000, 0),
            (100_000, 100, 1),
        ],
    )
    def test_is_the_poisson_sum(self, count, mean, chance):
        assert at_most(count, mean) == pytest.approx(chance, abs=1e-12)

    def test_of_many_is_what_the_sum_says(self):
        exact = math.fsum(math.exp(-400 + one * math.log(400) - math.lgamma(one + 1)) for one in range(411))
        assert at_most(410, 400) == pytest.approx(exact, abs=1e-4)


class TestChances:
    def test_who_is_first_in_line_needs_one_to_be_done_and_the_second_two(self):
        room = [Room(0, HOUR, 2)]
        assert chances([Due(8, HOUR), Due(7, HOUR)], room, 0) == [
            Chance(7, pytest.approx(math.exp(-2))),
            Chance(8, pytest.approx(3 * math.exp(-2))),
        ]

    def test_what_falls_due_later_has_the_later_room_too(self):
        room = [Room(0, HOUR, 1), Room(HOUR, 2 * HOUR, 9)]
        first, second = chances([Due(1, HOUR), Due(2, 2 * HOUR)], room, 0)
        assert (first.slips, second.slips) == (pytest.approx(math.exp(-1)), pytest.approx(11 * math.exp(-10)))

    def test_nobody_there_means_it_slips_and_what_is_past_has(self):
        assert [one.slips for one in chances([Due(1, -1), Due(2, HOUR)], [Room(-HOUR, HOUR, 50)], 0)] == [
            1.0,
            pytest.approx(51 * math.exp(-50)),
        ]
        assert chances([Due(1, HOUR)], [], 0) == [Chance(1, 1.0)]


class TestExpected:
    def test_of_certain_ones_has_no_width(self):
        assert expected([1, 1, 0]) == Expected(2, 2, 2)

    def test_of_two_coins(self):
        assert expected([0.5, 0.5]) == Expected(1, 0, 2)

    def test_of_a_hundred_rare_ones(self):
        told = expected([0.02] * 100)  # binomial: 0.133 nothing, 0.949 at most 4, 0.859 at most 3
        assert (told.mean, told.low, told.high) == (pytest.approx(2), 0, 4)

    def test_of_very_many_is_as_wide_as_a_bell(self):
        assert expected([0.5] * 400) == Expected(200, 187, 213)  # a deviation of ten

    def test_of_nothing(self):
        assert expected([]) == Expected(0, 0, 0)


class TestBrier:
    def test_is_the_mean_square(self):
        assert brier([(1, True), (0, True), (0.5, False), (0.5, True)]) == (0 + 1 + 0.25 + 0.25) / 4

    def test_of_nothing_is_nothing(self):
        assert brier([]) is None
