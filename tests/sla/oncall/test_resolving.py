"""What shifts tell beside who and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sla.oncall.resolving import turns
from sla.oncall.roster import Absence, Override, Plan, Planned, Shift, Swap
from tests.sla.oncall.scene import DAY, FIRST, HOUR, at, roster

START, END = at("10-17 00:00"), at("10-18 00:00")


class TestShifts:
    def test_say_whose_turn_it_was_through_all_changes(self):
        swap = Swap(START, END, "June", "Ruth")
        change = Override(START, END, joins="Tomas", leaves="Ruth")
        assert roster(swaps=(swap,), overrides=(change,)).shifts(START, END) == (
            Shift(START, END, 1, "Tomas", "First", "replaced", "June"),
        )

    def test_of_an_empty_window_are_none(self):
        assert roster().shifts(START, START) == roster().uncut(END, START) == ()

    def test_an_absence_of_somebody_else_cuts_nothing(self):
        assert len(roster(absences=(Absence(START, END, "Dev"),)).shifts(START - DAY, END + DAY)) == 1

    def test_of_the_lane_of_a_change_alone_change(self):
        both = roster(
            FIRST, replace(FIRST, name="Backup", lane=2), overrides=(Override(START, END, leaves="June", lane=2),)
        )
        assert [one.lane for one in both.shifts(START, END)] == [1]


class TestUncut:
    @pytest.mark.parametrize(
        "agreed",
        [
            {"overrides": (Override(START, END, joins="Ruth"),)},
            {"plans": (Plan(START, END, (Planned(START, END, "Ruth"),)),)},
        ],
    )
    def test_has_the_true_ends_of_what_no_layer_knows(self, agreed):
        found = roster(replace(FIRST, participants=()), **agreed).uncut(START + 9 * HOUR, START + 10 * HOUR)
        assert [(one.start, one.end) for one in found] == [(START, END)]


class TestTurns:
    def test_are_the_shifts_before_anything_was_agreed(self):
        changed = roster(overrides=(Override(START, END, leaves="June"),), plans=(Plan(START, END),))
        assert turns(changed.schedule, START, END) == roster().shifts(START, END)


class TestOnCall:
    def test_is_nobody_in_a_lane_that_is_not_there(self):
        assert roster().on_call(START, 3) == ()

    def test_has_each_person_once(self):
        twice = roster(overrides=(Override(START, END, joins="June"), Override(START, END, joins="Ruth")))
        assert twice.on_call(START) == ("June", "Ruth")

    def test_of_two_plans_at_once_the_later_agreed_counts(self):
        plans = (Plan(START, END, (Planned(START, END, "Ruth"),)), Plan(START, END, (Planned(START, END, "Dev"),)))
        assert roster(plans=plans).on_call(START) == ("Dev",)
