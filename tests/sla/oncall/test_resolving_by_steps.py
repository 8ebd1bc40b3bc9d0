"""Rotas against a walk in quarter hours: nothing here is shared with what it judges."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars.rules import Rules, Window
from sla.oncall.gaps import gaps
from sla.oncall.resolving import Roster
from sla.oncall.roster import Absence, Layer, Override, Plan, Planned, Schedule, Swap

STEP, DAY = 900, 86_400
MOVES = [
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/St_Johns", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Europe/Berlin", date(2028, 10, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 3)),
]
PEOPLE = "ABCDE"
person = st.sampled_from(PEOPLE)


@dataclass(frozen=True)
class Case:
    schedule: Schedule
    steps: tuple[int, ...] = field(repr=False)

    @property
    def end(self) -> int:
        return self.steps[-1] + STEP


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@st.composite
def weeks(draw):
    def window():
        start = draw(st.integers(0, 95))
        return Window(start * STEP, (start + draw(st.integers(1, 96))) * STEP)

    return tuple(tuple(window() for _ in range(draw(st.integers(0, 2)))) for _ in range(7))


@st.composite
def layers(draw, name: str, around: date):
    unit = draw(st.sampled_from(["hourly", "daily", "weekly", "monthly"]))
    return Layer(
        name,
        tuple(draw(st.lists(st.lists(person, min_size=1, max_size=2, unique=True).map(tuple), max_size=4))),
        unit,
        draw(st.dates(around - timedelta(days=40), around + timedelta(days=40))),
        draw(st.integers(0, 95)) * STEP,
        draw(st.integers(1, {"hourly": 30, "daily": 4, "weekly": 2, "monthly": 2}[unit])),
        lane=draw(st.integers(1, 2)),
        start=draw(st.none() | instants(around)),
        until=draw(st.none() | instants(around)),
        hours=draw(st.just(()) | weeks()),
        outside_office=draw(st.booleans()),
    )


def instants(around: date):
    return st.integers(-4 * 96, 4 * 96).map(lambda step: midnight(around) + step * STEP)


@st.composite
def spans(draw, around: date):
    start = draw(instants(around))
    return start, start + draw(st.integers(1, 300)) * STEP


@st.composite
def overrides(draw, around: date):
    joins, leaves = draw(st.tuples(st.none() | person, st.none() | person).filter(any))
    return Override(*draw(spans(around)), joins, leaves, draw(st.integers(1, 2)))


@st.composite
def swaps(draw, around: date):
    start, end = draw(spans(around))
    cut = sorted(draw(st.lists(st.integers(0, (end - start) // STEP), min_size=2, max_size=2, unique=True)))
    taken = draw(st.none() | st.just((start + cut[0] * STEP, start + cut[1] * STEP)))
    return Swap(start, end, draw(person), draw(person), draw(st.integers(1, 2)), taken)


@st.composite
def plans(draw, around: date):
    shifts = st.builds(lambda span, who, lane: Planned(*span, who, lane), spans(around), person, st.integers(1, 2))
    return Plan(*draw(spans(around)), tuple(draw(st.lists(shifts, max_size=3))))


@st.composite
def cases(draw):
    zone, around = draw(st.sampled_from(MOVES))
    absences = st.builds(lambda span, who: Absence(*span, who), spans(around), person)
    office = None
    if draw(st.booleans()):
        holidays = draw(st.frozensets(st.dates(around - timedelta(days=3), around + timedelta(days=3)), max_size=2))
        office = Rules(ZoneInfo(zone), draw(weeks()), holidays)
    schedule = Schedule(
        ZoneInfo(zone),
        tuple(draw(layers(f"layer {place}", around)) for place in range(draw(st.integers(0, 4)))),
        tuple(draw(st.lists(overrides(around), max_size=4))),
        tuple(draw(st.lists(swaps(around), max_size=3))),
        tuple(draw(st.lists(plans(around), max_size=2))),
        tuple(draw(st.lists(absences, max_size=2))),
        office,
    )
    first = midnight(around) - 3 * DAY
    return Case(schedule, tuple(range(first, first + 6 * DAY, STEP)))


class Walk:
    """What a wall clock shows at each step from ten days before the window to two after it."""

    def __init__(self, case: Case) -> None:
        self.steps = range(case.steps[0] - 10 * DAY, case.end + 2 * DAY, STEP)
        self.walls = [datetime.fromtimestamp(at, case.schedule.zone).replace(tzinfo=None) for at in self.steps]

    def painted(self, rules: Rules) -> set[int]:
        """The steps in which a week with holidays is open."""
        found: set[int] = set()
        for days in range((self.walls[-1] - self.walls[0]).days + 3):
            day = self.walls[0].date() + timedelta(days=days - 1)
            opened = datetime.combine(day, datetime.min.time())
            for window in rules.weekly[day.weekday()] if day not in rules.holidays else ():
                begin = self.first_at(opened + timedelta(seconds=window.start))
                until = self.last_at(opened + timedelta(seconds=window.end))
                found.update(self.steps[begin:until])
        return found

    def first_at(self, wall: datetime) -> int:
        return next((place for place, one in enumerate(self.walls) if one >= wall), len(self.walls))

    def last_at(self, wall: datetime) -> int:
        same = [place for place, one in enumerate(self.walls) if one == wall]
        return same[-1] if same else self.first_at(wall)


def hand_over(layer: Layer, turn: int) -> datetime:
    day = datetime.combine(layer.anchor, datetime.min.time())
    if layer.unit == "monthly":
        month = layer.anchor.month - 1 + turn * layer.length
        year, month = layer.anchor.year + month // 12, month % 12 + 1
        day = datetime(year, month, min(layer.anchor.day, calendar.monthrange(year, month)[1]))
        return day + timedelta(seconds=layer.hand_over)
    unit = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7)}[layer.unit]
    return day + timedelta(seconds=layer.hand_over) + turn * layer.length * unit


def weekly_active(layer: Layer, office: Rules | None) -> set[int]:
    """Quarters of the week, from Monday, in which the layer is not at rest by the week alone."""

    def quarters(weekly):
        return {
            (day * 96 + quarter) % 672
            for day, windows in enumerate(weekly)
            for window in windows
            for quarter in range(window.start // STEP, window.end // STEP)
        }

    found = quarters(layer.hours) if layer.hours else set(range(672))
    return found - quarters(office.weekly) if layer.outside_office and office else found


def is_active(layer: Layer, turn: int, active: set[int]) -> bool:
    wall, end = hand_over(layer, turn), hand_over(layer, turn + 1)
    if not active:
        return True
    while wall < end:
        if (wall.weekday() * 96 + wall.hour * 4 + wall.minute // 15) % 672 in active:
            return True
        wall += timedelta(seconds=STEP)
    return False


def holders(case: Case, walk: Walk, layer: Layer) -> dict[int, tuple]:
    """At each step the entry that would ring, by walking turn after turn from the anchor."""
    office = case.schedule.office
    if not layer.participants:
        return {}
    active = weekly_active(layer, office)
    turn, count = 0, 0
    while hand_over(layer, turn) > walk.walls[0]:
        turn -= 1
        count -= is_active(layer, turn, active)
    while hand_over(layer, turn + 1) <= walk.walls[0]:
        count += is_active(layer, turn, active)
        turn += 1
    open_ = walk.painted(Rules(case.schedule.zone, layer.hours)) if layer.hours else set(walk.steps)
    if office and layer.outside_office:
        open_ -= walk.painted(office)
    found = {}
    for at, wall in zip(walk.steps, walk.walls, strict=True):
        while wall >= hand_over(layer, turn + 1):
            count += is_active(layer, turn, active)
            turn += 1
        in_force = (layer.start is None or layer.start <= at) and (layer.until is None or at < layer.until)
        if at in open_ and in_force:
            found[at] = layer.participants[count % len(layer.participants)]
    return found


def within(change, at: int) -> bool:
    return change.start <= at < change.end


def changed(schedule: Schedule, one: str | None, at: int, lane: int) -> str | None:
    for swap in schedule.swaps:
        if within(swap, at) and swap.lane == lane and swap.leaves == one:
            one = swap.joins if swap.taken is None or swap.taken[0] <= at < swap.taken[1] else None
    for override in schedule.overrides:
        if within(override, at) and override.lane == lane and one is not None and override.leaves == one:
            one = override.joins
    return None if any(within(absence, at) and absence.person == one for absence in schedule.absences) else one


def ringing(case: Case, held: dict[str, dict[int, tuple]], at: int, lane: int) -> set[str]:
    schedule = case.schedule
    away = {one.person for one in schedule.absences if within(one, at)}
    for plan in reversed(schedule.plans):
        if within(plan, at):
            return {one.person for one in plan.shifts if within(one, at) and one.lane == lane} - away
    found: set[str] = set()
    for layer in schedule.layers:  # each later one that has somebody takes the place of what was found
        if layer.lane == lane:
            found = {changed(schedule, one, at, lane) for one in held[layer.name].get(at, ())} - {None} or found
    extra = {one.joins for one in schedule.overrides if within(one, at) and one.lane == lane and one.leaves is None}
    return found | (extra - away)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_rings_as_the_walk_says_at_every_step(case):
    roster, walk = Roster(case.schedule), Walk(case)
    held = {layer.name: holders(case, walk, layer) for layer in case.schedule.layers}
    shifts = roster.shifts(case.steps[0], case.end)
    for lane in (1, 2):
        for at in case.steps:
            right = ringing(case, held, at, lane)
            assert set(roster.on_call(at, lane)) == right, (lane, datetime.fromtimestamp(at, UTC))
            assert {one.person for one in shifts if one.lane == lane and within(one, at)} == right


class TestShifts:
    @settings(max_examples=60, deadline=None)
    @given(cases())
    def test_of_one_person_in_one_lane_never_overlap(self, case):
        found = Roster(case.schedule).shifts(case.steps[0], case.end)
        for one in found:
            assert case.steps[0] <= one.start < one.end <= case.end
            others = [other for other in found if (other.lane, other.person) == (one.lane, one.person)]
            assert sum(other.start < one.end and one.start < other.end for other in others) == 1

    @settings(max_examples=60, deadline=None)
    @given(cases(), st.data())
    def test_are_the_same_wherever_the_window_is_split(self, case, data):
        roster = Roster(case.schedule)
        middle = data.draw(st.integers(case.steps[0] + 1, case.end - 1))
        whole = roster.shifts(case.steps[0], case.end)
        left, right = roster.shifts(case.steps[0], middle), roster.shifts(middle, case.end)
        cut = {
            (max(one.start, low), min(one.end, high), one.lane, one.person, one.layer, one.why)
            for one in whole
            for low, high in ((case.steps[0], middle), (middle, case.end))
            if one.start < high and one.end > low
        }
        assert {(one.start, one.end, one.lane, one.person, one.layer, one.why) for one in (*left, *right)} == cut

    @settings(max_examples=60, deadline=None)
    @given(cases(), st.data())
    def test_uncut_are_the_same_from_any_window_that_sees_them(self, case, data):
        roster = Roster(case.schedule)
        low = data.draw(st.integers(case.steps[0], case.end - 2))
        high = data.draw(st.integers(low + 1, case.end))
        wide = roster.shifts(case.steps[0] - 200 * DAY, case.end + 200 * DAY)
        seen = [one for one in wide if one.start < high and one.end > low]
        assert set(roster.uncut(low, high)) == set(seen)

    @settings(max_examples=60, deadline=None)
    @given(cases())
    def test_and_gaps_and_the_office_fill_each_lane_without_overlap(self, case):
        roster = Roster(case.schedule)
        found = roster.shifts(case.steps[0], case.end)
        for lane in roster.lanes:
            open_ = gaps(roster, case.steps[0], case.end, lane)
            for at in case.steps:
                missing = [one for one in open_ if within(one, at)]
                rings = any(within(one, at) for one in found if one.lane == lane)
                office = roster.office is not None and roster.office.holds(at)
                assert len(missing) == (not rings and not office)


class TestOneLane:
    @pytest.mark.parametrize("unit", ["hourly", "daily", "weekly", "monthly"])
    def test_of_single_people_tiles_the_window(self, unit):
        layer = Layer("First", (("A",), ("B",), ("C",)), unit, date(2026, 3, 30), 9 * 3600, 1)
        start, end = midnight(date(2026, 1, 1)), midnight(date(2031, 1, 1))
        found = Roster(Schedule(ZoneInfo("Europe/Berlin"), (layer,))).shifts(start, end)
        assert [found[0].start, *(one.end for one in found)] == [*(one.start for one in found), end]
