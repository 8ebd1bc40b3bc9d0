"""Gaps, and the sentence that says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sla.calendars.rules import Window
from sla.oncall.gaps import AHEAD, Gap, gaps, in_words
from sla.oncall.roster import Absence, Override, Plan, Swap
from tests.sla.oncall.scene import FIRST, HOUR, OFFICE, at, roster


def fortnight(found, lane=1):
    return gaps(found, at("10-12 17:00"), at("10-12 17:00") + AHEAD, lane)


class TestGaps:
    def test_a_full_rota_has_none(self):
        assert fortnight(roster()) == ()

    def test_nobody_is_missing_while_the_office_is_open(self):
        nights = replace(FIRST, hours=((Window(17 * HOUR, 32 * HOUR),),) * 5 + ((Window(8 * HOUR, 32 * HOUR),),) * 2)
        open_ = fortnight(roster(nights))
        assert [one.cause for one in open_] == ["restriction"] * 10
        assert fortnight(roster(nights, office=OFFICE)) == ()

    def test_a_holiday_of_the_office_needs_somebody(self):
        nights = replace(FIRST, hours=((Window(17 * HOUR, 32 * HOUR),),) * 7)
        found = gaps(roster(nights, office=OFFICE), at("10-12 00:00"), at("10-13 00:00"))
        assert found == (Gap(at("10-12 08:00"), at("10-12 17:00"), 1, "restriction"),)

    @pytest.mark.parametrize(
        ("agreed", "cause", "person"),
        [
            ({"swaps": (Swap(at("10-17 00:00"), at("10-17 20:00"), "June", "Ruth", taken=(at("10-17 08:00"), at("10-17 20:00"))),)}, "swap", "June"),
            ({"overrides": (Override(at("10-17 00:00"), at("10-17 08:00"), leaves="June"),)}, "removed", "June"),
            ({"absences": (Absence(at("10-17 00:00"), at("10-17 08:00"), "June"),)}, "absence", "June"),
            ({"plans": (Plan(at("10-17 00:00"), at("10-17 08:00")),)}, "plan", None),
        ],
    )  # fmt: skip
    def test_name_what_left_them_open(self, agreed, cause, person):
        assert fortnight(roster(**agreed)) == (Gap(at("10-17 00:00"), at("10-17 08:00"), 1, cause, person),)

    def test_an_absence_over_two_people_is_one_gap_each(self):
        away = (
            Absence(at("10-18 00:00"), at("10-21 00:00"), "June"),
            Absence(at("10-18 00:00"), at("10-21 00:00"), "Dev"),
        )
        found = fortnight(roster(absences=away))
        assert [(one.person, one.start) for one in found] == [("June", at("10-18 00:00")), ("Dev", at("10-19 17:00"))]

    def test_the_absence_of_one_who_took_a_swap_names_them(self):
        swap = Swap(at("10-17 00:00"), at("10-17 20:00"), "June", "Ruth")
        (found,) = fortnight(roster(swaps=(swap,), absences=(Absence(at("10-16 00:00"), at("10-17 20:00"), "Ruth"),)))
        assert (found.cause, found.person) == ("absence", "Ruth")

    def test_a_layer_that_ends_leaves_nobody(self):
        (found,) = fortnight(roster(replace(FIRST, until=at("10-20 00:00"))))
        assert (found.start, found.cause) == (at("10-20 00:00"), "nobody")

    def test_a_layer_without_people_is_nobody(self):
        (found,) = fortnight(roster(replace(FIRST, participants=())))
        assert found.cause == "nobody"

    def test_each_lane_has_its_own(self):
        found = roster(
            replace(FIRST, lane=2), overrides=(Override(at("10-17 00:00"), at("10-17 08:00"), leaves="June", lane=2),)
        )
        assert [one.cause for one in fortnight(found, 2)] == ["removed"]
        assert [one.cause for one in fortnight(found, 1)] == ["nobody"]

    def test_said_in_words(self):
        assert in_words(Gap(0, 1, 1, "swap", "June"), "June Park") == "June Park’s shift was split by the swap."
        assert in_words(Gap(0, 1, 1, "plan"), "") == "The temporary plan leaves it open."
