"""The five kill campaigns and the storm of calls in the size of every day; `make prove` runs them long (docs/reliability.md)."""

from __future__ import annotations

import os

import pytest

from tests.faults import escalating, intake, outbound, promises, reports, storm

pytestmark = pytest.mark.fault
SEED = int(os.environ.get("FAULTS_SEED", "2026"))


@pytest.mark.dovecot
class TestIntake:
    def test_2000_mails_come_in_once_each_whatever_is_killed(self) -> None:
        found = intake.run(2_000, SEED, every=2.5)
        assert found.violations == [], found
        assert found.kills.total() >= 5, found
        assert found.left_unread == 0


class TestOutbound:
    def test_300_replies_leave_once_each_whatever_is_cut_or_killed(self) -> None:
        found = outbound.run(300, SEED, every=1.2)
        assert found.violations == [], found
        assert found.kills.total() >= 2, found
        assert found.faults.total() >= 40, found


class TestPromises:
    def test_600_that_fall_due_are_told_of_once_each_whoever_is_killed(self) -> None:
        found = promises.run(600, SEED)
        print(found)
        assert found.violations == [], found
        assert found.events["broken"] == 540, found


class TestEscalating:
    def test_150_broken_promises_ring_who_is_on_call_once_each_whoever_is_killed(self) -> None:
        found = escalating.run(150, SEED)
        print(found)
        assert found.violations == [], found
        assert found.kills.total() >= 4, found
        assert found.pages >= 8, found


class TestReports:
    def test_100_mails_that_fall_due_leave_once_each_for_their_instant_and_person_whoever_is_killed(self) -> None:
        found = reports.run(100, SEED)
        print(found)
        assert found.violations == [], found
        assert found.size >= 90, found
        assert found.kills.total() >= 4, found
        assert found.cuts.total() >= 3, found


class TestAStorm:
    def test_of_600_calls_has_the_effect_of_each_genuine_one_once(self) -> None:
        found = storm.run(600, SEED, seconds=20)
        print(found)
        assert found.violations == [], found
        assert found.refused == {401: 30}, found

    def test_of_300_calls_loses_and_doubles_nothing_whatever_is_killed(self) -> None:
        found = storm.run(300, SEED, seconds=20, every=3)
        print(found)
        assert found.violations == [], found
        assert found.kills.total() >= 2, found
