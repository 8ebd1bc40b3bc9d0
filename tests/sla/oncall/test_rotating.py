"""Hand-overs at every move of the clock from 2026 to 2030 in seven zones."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sla.calendars.rules import Window
from sla.oncall.resolving import Roster
from sla.oncall.roster import Layer, Schedule, Shift

TABLE = tomllib.loads((Path(__file__).parents[2] / "cases" / "shifts.toml").read_text())
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Move:
    zone: ZoneInfo
    at: int
    before: datetime
    """What the wall would say at this instant, had nobody moved it."""
    after: datetime

    @property
    def skipped(self) -> int:
        """Seconds the wall jumps ahead; negative when it goes back."""
        return int((self.after - self.before).total_seconds())

    def shifts(self, unit: str, wall: datetime, *, people: str = "ABC", **more) -> list[Shift]:
        """The shifts around the move of a rotation that hands over at a wall time, some days earlier first."""
        first = wall - timedelta(days=14)
        layer = Layer(
            "First", tuple((one,) for one in people), unit, first.date(), first.hour * HOUR + first.minute * 60, **more
        )
        found = Roster(Schedule(self.zone, (layer,))).shifts(self.at - 9 * DAY, self.at + 9 * DAY)
        return list(found)[1:-1]

    def wall(self, instant: int) -> datetime:
        return datetime.fromtimestamp(instant, self.zone).replace(tzinfo=None)


def moves() -> list[Move]:
    return [
        Move(ZoneInfo(each["zone"]), int(datetime.fromisoformat(at).timestamp()), *map(datetime.fromisoformat, walls))
        for each in TABLE["zones"]
        for at, *walls in each["moves"]
    ]


def named(move: Move) -> str:
    return f"{move.zone.key} {move.before:%Y-%m-%d}"


ALL = moves()
AHEAD, BACK = [one for one in ALL if one.skipped > 0], [one for one in ALL if one.skipped < 0]
every = pytest.mark.parametrize("move", ALL, ids=named)
ahead = pytest.mark.parametrize("move", AHEAD, ids=named)
back = pytest.mark.parametrize("move", BACK, ids=named)


def test_the_table_has_both_moves_of_five_years_in_six_zones_at_least():
    assert len({one.zone.key for one in ALL}) >= 6
    assert {one.at // (366 * DAY) for one in ALL} >= {56, 57, 58, 59}
    assert len(AHEAD) >= 30
    assert len(BACK) >= 30


class TestDaily:
    @every
    def test_at_eight_stays_at_eight_and_the_shift_is_shorter_or_longer(self, move):
        found = move.shifts("daily", move.before.replace(hour=8, minute=0))
        assert {move.wall(one.start).time().isoformat("minutes") for one in found} == {"08:00"}
        (moved,) = (one for one in found if one.start < move.at <= one.end and one.end - one.start != DAY)
        assert moved.end - moved.start == DAY - move.skipped

    @ahead
    def test_in_the_missing_time_is_at_the_first_instant_after_it_and_on_time_the_day_after(self, move):
        wanted = move.before + (move.after - move.before) / 2
        found = move.shifts("daily", wanted)
        starts = [one.start for one in found]
        assert move.at in starts
        assert all(move.wall(one).time() == wanted.time() for one in starts if one != move.at)

    @back
    def test_in_the_repeated_time_is_the_first_time(self, move):
        wanted = move.after + (move.before - move.after) / 2
        starts = [one.start for one in move.shifts("daily", wanted)]
        assert move.at + move.skipped // 2 in starts
        assert move.at - move.skipped // 2 not in starts

    @every
    def test_passes_on_to_the_next_each_day(self, move):
        people = [one.person for one in move.shifts("daily", move.before.replace(hour=8, minute=0))]
        assert "".join(people) in "ABC" * 9


class TestHourly:
    @back
    def test_one_shift_lasts_longer_by_what_is_repeated(self, move):
        found = [one for one in move.shifts("hourly", move.before) if abs(one.start - move.at) < 4 * HOUR]
        assert sorted(one.end - one.start for one in found)[-2:] == [HOUR, HOUR - move.skipped]
        assert all(move.wall(one.start).minute == 0 for one in found)

    @ahead
    def test_what_is_missing_is_missing_from_the_turn_it_belongs_to(self, move):
        found = [one for one in move.shifts("hourly", move.before) if abs(one.start - move.at) < 4 * HOUR]
        (after,) = (one for one in found if one.start == move.at)
        (before,) = (one for one in found if one.end == move.at)
        assert after.end - after.start == HOUR - move.skipped % HOUR
        passed = move.skipped // HOUR  # a whole missing hour is somebody's turn all the same
        assert "ABC".index(after.person) == ("ABC".index(before.person) + 1 + passed) % 3


class TestWeekly:
    @every
    def test_is_no_number_of_seconds(self, move):
        layer = Layer("First", (("A",), ("B",)), "weekly", move.before.date() - timedelta(days=3), 9 * HOUR)
        found = Roster(Schedule(move.zone, (layer,))).shifts(move.at - 20 * DAY, move.at + 20 * DAY)
        whole = found[1:-1]
        assert {move.wall(one.start).strftime("%a %H:%M") for one in whole} == {
            f"{move.before - timedelta(days=3):%a} 09:00"
        }
        assert 7 * DAY - move.skipped in {one.end - one.start for one in whole}


class TestMonthly:
    @back
    def test_in_the_repeated_time_is_the_first_time(self, move):
        wanted = move.after + (move.before - move.after) / 2
        layer = Layer("First", (("A",), ("B",)), "monthly", wanted.date(), wanted.hour * HOUR + wanted.minute * 60)
        found = Roster(Schedule(move.zone, (layer,))).shifts(move.at - DAY, move.at + DAY)
        assert next(one.end for one in found) == move.at + move.skipped // 2


class TestRestriction:
    @every
    def test_by_time_of_day_is_on_the_wall(self, move):
        found = move.shifts("weekly", move.before, people="A", hours=((Window(9 * HOUR, 17 * HOUR),),) * 7)
        walls = {(move.wall(one.start).hour, move.wall(one.end).hour) for one in found}
        assert walls - {(move.wall(one.start).hour, 9) for one in found} == {(9, 17)}

    @every
    def test_over_night_begins_and_ends_on_the_wall(self, move):
        first = move.before.date() - timedelta(days=7)
        layer = Layer("First", (("A",),), "monthly", first, hours=((Window(20 * HOUR, 32 * HOUR),),) * 7)
        found = Roster(Schedule(move.zone, (layer,))).shifts(move.at - 4 * DAY, move.at + 4 * DAY)[1:-1]
        assert {(move.wall(one.start).hour, move.wall(one.end).hour) for one in found} == {(20, 8)}
        assert 12 * HOUR - move.skipped in {one.end - one.start for one in found}


class TestYears:
    def test_a_rotation_goes_back_before_its_anchor_and_on_for_centuries(self):
        layer = Layer("First", (("A",), ("B",)), "daily", datetime(2026, 1, 1).date())
        for year in (1700, 1969, 2026, 2400):
            start = int(datetime(year, 3, 1, tzinfo=UTC).timestamp())
            found = Roster(Schedule(ZoneInfo("UTC"), (layer,))).shifts(start, start + 4 * DAY)
            assert [one.end - one.start for one in found] == [DAY] * 4
