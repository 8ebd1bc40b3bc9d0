"""Layers edited while somebody is on call, and the history that stays."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from sla.oncall.resolving import Roster
from sla.oncall.roster import Schedule
from sla.oncall.succeeding import carried, in_course, succeed
from tests.sla.oncall.scene import DAILY, DAY, FIRST, ZONE, at, roster

NOON = at("10-15 12:00")
"""A Thursday of June's week, and of Ingrid's day."""


def people(layers, start, end):
    found = roster(*layers).shifts(start, end)
    return [(one.person, one.start, one.end) for one in found]


def edited(old, **changed):
    return succeed(old, replace(old, **changed), ZONE, NOON)


class TestSucceed:
    def test_a_participant_removed_while_on_call_is_followed_by_the_next_at_once(self):
        layers = edited(FIRST, participants=(("Dev",), ("Ingrid",)))
        assert people(layers, at("10-12 17:00"), at("11-02 17:00")) == [
            ("June", at("10-12 17:00"), NOON),
            ("Dev", NOON, at("10-19 17:00")),
            ("Ingrid", at("10-19 17:00"), at("10-26 17:00")),
            ("Dev", at("10-26 17:00"), at("11-02 17:00")),
        ]

    def test_the_last_removed_is_followed_by_the_first(self):
        layers = succeed(FIRST, replace(FIRST, participants=FIRST.participants[:2]), ZONE, at("10-27 12:00"))
        found = people(layers, at("10-27 00:00"), at("11-03 00:00"))
        assert [one[0] for one in found] == ["Ingrid", "June", "Dev"]

    def test_a_new_order_leaves_the_running_shift_alone(self):
        layers = edited(FIRST, participants=(("Ingrid",), ("Dev",), ("June",), ("Ruth",)))
        found = people(layers, at("10-12 17:00"), at("11-09 17:00"))
        assert [one[0] for one in found] == ["June", "Ruth", "Ingrid", "Dev"]
        assert found[0][1:] == (at("10-12 17:00"), at("10-19 17:00"))  # one shift, though the layer was edited

    def test_a_person_added_leaves_the_running_shift_alone(self):
        layers = edited(DAILY, participants=(("Ruth",), *DAILY.participants))
        found = people(layers, NOON, NOON + 4 * DAY)
        assert [one[0] for one in found] == ["Ingrid", "Ruth", "June", "Dev", "Ingrid"]

    def test_a_changed_length_keeps_who_is_on(self):
        layers = edited(FIRST, unit="daily", length=2)
        found = people(layers, NOON - DAY, NOON + 6 * DAY)
        assert [one[0] for one in found][:3] == ["June", "June", "Dev"]

    def test_a_group_that_loses_one_keeps_its_turn(self):
        old = replace(FIRST, participants=(("Dev",), ("June", "Ruth"), ("Ingrid",)))
        at_ = at("10-21 12:00")
        _, begun = succeed(old, replace(old, participants=(("Dev",), ("Ruth",), ("Ingrid",))), ZONE, at_)
        assert roster(begun).on_call(at_) == ("Ruth",)

    def test_nobody_left_is_nobody(self):
        layers = edited(FIRST, participants=())
        assert roster(*layers).on_call(NOON) == ()

    @pytest.mark.parametrize("hours", range(0, 24 * 9, 7))
    def test_an_edit_that_changes_nothing_changes_nobody(self, hours):
        instant = at("10-12 17:00") + hours * 3600
        before = roster(DAILY)
        after = roster(*succeed(DAILY, DAILY, ZONE, instant))
        for later in range(0, 20 * DAY, DAY // 2):
            assert after.on_call(instant + later) == before.on_call(instant + later)


class TestVersions:
    def versions(self, first=FIRST, **changed):
        old = Schedule(ZONE, (first,))
        new = carried(old, Schedule(changed.pop("zone", ZONE), (replace(first, **changed),)), NOON)
        return Roster(in_course([(at("10-13 12:00"), old), (NOON, new)]))

    def test_before_the_first_there_is_nobody(self):
        assert self.versions().shifts(at("10-01 00:00"), at("10-13 12:00")) == ()

    def test_a_shift_over_an_edit_that_leaves_it_alone_is_one(self):
        found = self.versions(participants=(("Ingrid",), ("June",))).shifts(at("10-13 12:00"), at("10-27 00:00"))
        assert [(one.person, one.start) for one in found] == [
            ("June", at("10-13 12:00")),
            ("Ingrid", at("10-19 17:00")),
            ("June", at("10-26 17:00")),
        ]

    def test_a_later_version_changes_nothing_before_it(self):
        found = self.versions(participants=(("Ruth",),)).shifts(at("10-13 12:00"), NOON + DAY)
        assert [(one.person, one.end) for one in found] == [("June", NOON), ("Ruth", NOON + DAY)]

    def test_each_version_has_its_hand_overs_on_the_wall_of_its_zone(self):
        found = self.versions(DAILY, zone=ZoneInfo("Europe/Berlin")).shifts(at("10-13 12:00"), at("10-18 00:00"))
        assert [at("10-13 17:00"), at("10-14 17:00")] == [one.start for one in found][1:3]
        assert at("10-16 10:00") in [one.start for one in found]  # 17:00 in Berlin
