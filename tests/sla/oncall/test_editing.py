"""Rotas edited, overridden and asked about on PostgreSQL: what was stays, and the running turn goes on."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotAllowed
from helpdesk.outbox import Delivery
from sla.oncall import absences, asking, editing, loading, missing, moving, overriding, watching
from sla.oncall.asking import Wanted
from sla.oncall.editing import Details
from sla.oncall.models import OnCallGap, OnCallOverride, OnCallSchedule
from sla.oncall.moving import Moved
from sla.oncall.overriding import Change, Shifted
from sla.oncall.roster import Shift
from tests.sla import rotas

MONDAY = datetime.fromisoformat("2026-10-12T08:00:00-04:00")
"""A hand-over in New York."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _tuesday(travel):
    with travel(to=MONDAY + DAY):
        yield


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def rota(schedule: OnCallSchedule, since: datetime = MONDAY - 30 * DAY) -> loading.Rota:
    db.session.flush()
    found = loading.load(schedule.id, since=since)
    assert found is not None
    return found


def who(schedule: OnCallSchedule, moment: datetime, lane: int = 1) -> list[int]:
    return rota(schedule).on_call(at(moment), lane)


def spec(schedule: OnCallSchedule, *people: int, **more) -> dict:
    found = deepcopy(editing.versions(schedule)[-1].spec) | more
    if people:
        found["layers"][0]["participants"] = list(people)
    return found


@pytest.fixture
def schedule(world) -> OnCallSchedule:
    """Three people by the week; who has the running one is `running`."""
    return rotas.schedule([world.ada, world.ben, world.mei], fallback="+1 312 555 0100")


@pytest.fixture
def running(schedule) -> int:
    (found,) = who(schedule, MONDAY + DAY)
    return found


def others(world, running: int) -> list[int]:
    """The two who follow, in the order in which they do."""
    people = [world.ada.id, world.ben.id, world.mei.id]
    place = people.index(running)
    return [people[(place + 1) % 3], people[(place + 2) % 3]]


class TestRevise:
    def test_a_new_order_leaves_the_running_shift_alone(self, world, schedule, running):
        following = others(world, running)
        editing.revise(schedule, spec(schedule, following[1], running, following[0]), by=world.ada)
        assert who(schedule, MONDAY + 6 * DAY) == [running]
        assert who(schedule, MONDAY + 8 * DAY) == [following[0]]

    def test_who_is_taken_out_while_on_call_is_followed_by_the_next_at_once(self, world, schedule, running):
        following = others(world, running)
        editing.revise(schedule, spec(schedule, *following), by=world.ada)
        assert who(schedule, MONDAY + DAY + HOUR) == [following[0]]
        assert who(schedule, MONDAY + HOUR) == [running], "history is kept"

    def test_what_was_never_changes(self, world, schedule, running):
        start, end = at(MONDAY - 30 * DAY), at(MONDAY + DAY)
        before = rota(schedule).shifts(start, end)
        editing.revise(schedule, spec(schedule, *others(world, running)[:1]), by=world.ada)
        assert rota(schedule).shifts(start, end) == before
        with pytest.raises(Invalid) as refused:
            editing.revise(schedule, spec(schedule, running), by=world.ada, valid_from=MONDAY)
        assert "valid_from" in refused.value.fields

    def test_from_a_day_on(self, world, schedule, running):
        only = others(world, running)[1]
        editing.revise(schedule, spec(schedule, only), by=world.ada, valid_from=MONDAY + 3 * DAY)
        assert who(schedule, MONDAY + 2 * DAY) == [running]
        assert who(schedule, MONDAY + 4 * DAY) == [only]

    def test_a_shift_that_an_edit_leaves_alone_is_one(self, world, schedule, running):
        editing.revise(schedule, spec(schedule, running), by=world.ada)
        week = Shift(at(MONDAY), at(MONDAY + 7 * DAY), 1, running, "Lane 1")
        assert week in rota(schedule).roster.uncut(at(MONDAY), at(MONDAY + 2 * DAY))

    def test_a_backup_that_is_no_more_meant_leaves_no_gap(self, world, schedule, running):
        two = rotas.schedule([world.ada], [world.ben], name="Two")
        assert missing.between(rota(two), at(MONDAY), at(MONDAY + 9 * DAY)) == []
        wanted = spec(two)
        del wanted["layers"][1]
        editing.revise(two, wanted, by=world.ada, valid_from=MONDAY + 3 * DAY)
        assert missing.between(rota(two), at(MONDAY), at(MONDAY + 9 * DAY)) == []
        assert who(two, MONDAY + 2 * DAY, 2) == [world.ben.id]
        assert who(two, MONDAY + 4 * DAY, 2) == []

    def test_who_goes_on_takes_nothing_over(self, world, schedule, running):
        following = others(world, running)
        window = at(MONDAY + DAY), at(MONDAY + 20 * DAY)
        assert rota(schedule).takeover(*window).person == following[0]
        editing.revise(schedule, spec(schedule, running), by=world.ada, valid_from=MONDAY + DAY + HOUR)
        assert len(rota(schedule).shifts(*window)) == 3
        assert rota(schedule).takeover(*window) is None

    def test_two_editors_do_not_undo_each_other(self, world, schedule):
        editing.revise(schedule, spec(schedule, world.ben.id), by=world.ada, after=1)
        with pytest.raises(Conflict):
            editing.revise(schedule, spec(schedule, world.mei.id), by=world.mei, after=1)

    def test_a_mistake_is_named_by_its_field(self, world, schedule):
        wrong = spec(schedule)
        wrong["layers"][0]["hand_over"] = "25:00"
        with pytest.raises(Invalid) as refused:
            editing.revise(schedule, wrong, by=world.ada)
        assert set(refused.value.fields) == {"layers.1.hand_over"}
        with pytest.raises(Invalid) as refused:
            editing.revise(schedule, spec(schedule, 999_999), by=world.ada)
        assert set(refused.value.fields) == {"layers.1.participants"}

    def test_a_rota_that_breaks_its_own_rule_of_rest_is_refused_with_the_reason(self, world):
        turns = {"name": "First", "participants": [world.ada.id], "unit": "weekly", "anchor": "2026-10-12"}
        wanted = {"zone": "Europe/Berlin", "layers": [turns], "rest": {"nights_running": 3}}
        with pytest.raises(Invalid, match="nights running") as refused:
            editing.create(Details("Strict"), wanted, by=world.ada)
        assert set(refused.value.fields) == {"nights_running"}

    def test_a_name_is_there_once(self, world, schedule):
        with pytest.raises(Invalid) as refused:
            editing.create(Details("refrigeration"), spec(schedule), by=world.ada)
        assert "name" in refused.value.fields


class TestOverride:
    def test_without_somebody_else_it_leaves_a_gap_and_the_fallback(self, world, schedule, running):
        overriding.agree(
            schedule, Change("remove", MONDAY + 2 * DAY, MONDAY + 3 * DAY, replaced_id=running), by=world.ada
        )
        assert who(schedule, MONDAY + 2 * DAY) == []
        (gap,) = missing.ahead(rota(schedule), at(MONDAY + DAY))
        assert (gap.cause, gap.person, gap.end - gap.start) == ("removed", running, 86_400)

    def test_the_past_is_refused(self, world, schedule, running):
        with pytest.raises(Invalid) as refused:
            overriding.agree(schedule, Change("remove", MONDAY, MONDAY + 3 * DAY, replaced_id=running), by=world.ada)
        assert "start" in refused.value.fields

    def test_beyond_a_shift_it_is_for_the_replaced_person_alone(self, world, schedule, running):
        following = others(world, running)
        span = (MONDAY + 2 * DAY, MONDAY + 9 * DAY)
        overriding.agree(schedule, Change("replace", *span, 1, following[1], running), by=world.ada)
        assert who(schedule, MONDAY + 3 * DAY) == [following[1]]
        assert who(schedule, MONDAY + 8 * DAY) == [following[0]]

    def test_taken_back_while_it_runs_what_has_been_stays(self, world, schedule, running, travel):
        following = others(world, running)
        change = Change("replace", MONDAY + DAY + HOUR, MONDAY + 3 * DAY, 1, following[0], running)
        (made,) = overriding.agree(schedule, change, by=world.ada)
        with travel(to=MONDAY + 2 * DAY):
            overriding.take_back(made)
            assert who(schedule, MONDAY + 2 * DAY - HOUR) == [following[0]]
            assert who(schedule, MONDAY + 2 * DAY + HOUR) == [running]
            with pytest.raises(Conflict):
                overriding.take_back(made)

    def test_a_swap_taken_back_before_it_was_taken_stays_given_away_until_then(self, world, schedule, running, travel):
        taken = MONDAY + 2 * DAY, MONDAY + 3 * DAY
        change = Change("swap", MONDAY + DAY + HOUR, taken[1], 1, others(world, running)[0], running, taken)
        (made,) = overriding.agree(schedule, change, by=world.ada)
        with travel(to=MONDAY + DAY + 3 * HOUR):
            overriding.take_back(made)
            assert who(schedule, MONDAY + DAY + 2 * HOUR) == []
            assert who(schedule, MONDAY + DAY + 4 * HOUR) == [running]

    def test_too_many_nights_are_refused(self, world, running):
        strict = rotas.schedule([world.ada], [world.ben, world.mei], name="Strict")
        editing.versions(strict)[0].spec = spec(strict) | {"rest": {"nights_running": 8}}
        week = Change("replace", MONDAY + 7 * DAY, MONDAY + 14 * DAY, 2, *_two(strict))
        with pytest.raises(Invalid, match="nights running"):
            overriding.agree(strict, week, by=world.ada)


def _two(strict: OnCallSchedule) -> tuple[int, int]:
    """Who has the backup this week, and next."""
    return who(strict, MONDAY + DAY, 2)[0], who(strict, MONDAY + 8 * DAY, 2)[0]


class TestMove:
    def test_a_longer_shift_takes_from_the_next(self, world, schedule, running):
        was = at(MONDAY), at(MONDAY + 7 * DAY)
        moving.shift(schedule, Moved(1, running, was, (was[0], was[1] + 7200)), by=world.ada)
        assert who(schedule, MONDAY + 7 * DAY + HOUR) == [running]
        assert who(schedule, MONDAY + 7 * DAY + 2 * HOUR) == others(world, running)[:1]

    def test_moved_later_it_leaves_a_gap(self, world, schedule, running):
        first = others(world, running)[0]
        was = at(MONDAY + 7 * DAY), at(MONDAY + 14 * DAY)
        moving.shift(schedule, Moved(1, first, was, (was[0] + 900, was[1] + 900)), by=world.ada)
        (gap,) = missing.between(rota(schedule), was[0] - 900, was[0] + 3600)
        assert (gap.start, gap.end) == (was[0], was[0] + 900)
        assert who(schedule, MONDAY + 14 * DAY) == [first]

    def test_what_has_begun_keeps_its_start(self, world, schedule, running):
        was = at(MONDAY), at(MONDAY + 7 * DAY)
        with pytest.raises(Invalid) as refused:
            moving.shift(schedule, Moved(1, running, was, (was[0] + 900, was[1])), by=world.ada)
        assert "start" in refused.value.fields

    def test_an_override_is_another_row_from_then_on(self, world, schedule, running):
        change = Change("add", MONDAY + 2 * DAY, MONDAY + 3 * DAY, 1, others(world, running)[0])
        (made,) = overriding.agree(schedule, change, by=world.ada)
        moving.override(made, (at(MONDAY + 3 * DAY), at(MONDAY + 4 * DAY)), by=world.ada)
        assert who(schedule, MONDAY + 2 * DAY) == [running]
        assert set(who(schedule, MONDAY + 3 * DAY)) == {running, others(world, running)[0]}

    def test_one_that_keeps_the_rest_is_moved_without_it_being_broken_meanwhile(self, world, schedule, running):
        editing.versions(schedule)[0].spec = spec(schedule) | {"rest": {"nights_running": 5}}
        span = MONDAY + 3 * DAY, MONDAY + 7 * DAY
        (made,) = overriding.agree(schedule, Change("replace", *span, 1, others(world, running)[1], running), by=None)
        moving.override(made, (at(span[0]) + 900, at(span[1])), by=world.ada)
        assert who(schedule, span[0]) == [running]
        assert who(schedule, span[0] + HOUR) == others(world, running)[1:]


class TestPlan:
    """Ada rings by day and Ben by night, of a plan of two days in the coming week."""

    SPAN = MONDAY + 8 * DAY, MONDAY + 10 * DAY

    @pytest.fixture
    def plan(self, world, schedule) -> OnCallOverride:
        days = [self.SPAN[0], self.SPAN[0] + DAY]
        shifts = [Shifted(world.ada.id, day, day + 12 * HOUR) for day in days]
        shifts += [Shifted(world.ben.id, day + 12 * HOUR, day + DAY) for day in days]
        backup = Shifted(world.mei.id, *self.SPAN, 2)
        change = Change("plan", *self.SPAN, plan=(*shifts, backup), reason="Fair")
        return overriding.agree(schedule, change, by=world.ada)[0]

    def one(self, agent, day: int, hours: int) -> Moved:
        """Its shift that begins so many hours into a day of the plan."""
        start = self.SPAN[0] + day * DAY + hours * HOUR
        was = at(start), at(start + 12 * HOUR)
        return Moved(1, agent.id, was, was)

    def test_moved_takes_its_hand_overs_with_it(self, world, schedule, plan, running):
        moving.override(plan, (at(self.SPAN[0] + 2 * HOUR), at(self.SPAN[1] + 2 * HOUR)), by=world.ada)
        start = self.SPAN[0] + 2 * HOUR
        assert who(schedule, start - HOUR) == others(world, running)[:1]
        assert who(schedule, start + 11 * HOUR) == [world.ada.id]
        assert who(schedule, start + 12 * HOUR) == [world.ben.id]
        assert who(schedule, start + 47 * HOUR) == [world.ben.id]
        assert who(schedule, start + 47 * HOUR, 2) == [world.mei.id]
        assert who(schedule, start + 48 * HOUR) == others(world, running)[:1]

    def test_moved_over_a_change_of_the_clocks_hands_over_at_the_same_time_on_the_wall(self, world, schedule, plan):
        later = datetime.fromisoformat("2026-10-31T08:00:00-04:00"), datetime.fromisoformat("2026-11-02T08:00:00-05:00")
        moving.override(plan, (at(later[0]), at(later[1])), by=world.ada)
        assert who(schedule, datetime.fromisoformat("2026-11-01T07:59:00-05:00")) == [world.ben.id]
        assert who(schedule, datetime.fromisoformat("2026-11-01T08:00:00-05:00")) == [world.ada.id]
        assert who(schedule, datetime.fromisoformat("2026-11-01T20:00:00-05:00")) == [world.ben.id]

    def test_with_another_end_its_last_shifts_are_longer_or_shorter(self, world, schedule, plan, running):
        (longer,) = moving.override(plan, (at(self.SPAN[0]), at(self.SPAN[1] + 3 * HOUR)), by=world.ada)
        assert who(schedule, self.SPAN[1] + 2 * HOUR) == [world.ben.id]
        assert who(schedule, self.SPAN[1] + 2 * HOUR, 2) == [world.mei.id]
        moving.override(longer, (at(self.SPAN[0]), at(self.SPAN[0] + DAY)), by=world.ada)
        assert who(schedule, self.SPAN[0] + 23 * HOUR) == [world.ben.id]
        assert who(schedule, self.SPAN[0] + 24 * HOUR) == others(world, running)[:1]

    def test_that_runs_keeps_what_has_been_and_its_start(self, world, schedule, plan, travel):
        with travel(to=self.SPAN[0] + DAY + HOUR):
            with pytest.raises(Invalid) as refused:
                moving.override(plan, (at(self.SPAN[0] + HOUR), at(self.SPAN[1])), by=world.ada)
            assert "start" in refused.value.fields
            moving.override(plan, (at(self.SPAN[0]), at(self.SPAN[1] + HOUR)), by=world.ada)
            rows = db.session.scalars(select(OnCallOverride).order_by(OnCallOverride.id)).all()
            assert [(one.starts_at, one.ends_at) for one in rows] == [
                (self.SPAN[0], self.SPAN[0] + DAY + HOUR),
                (self.SPAN[0] + DAY + HOUR, self.SPAN[1] + HOUR),
            ]
            assert who(schedule, self.SPAN[0] + HOUR) == [world.ada.id]
            assert who(schedule, self.SPAN[1]) == [world.ben.id]

    def test_a_longer_shift_takes_from_its_neighbour_and_a_shorter_one_leaves_a_gap(self, world, schedule, plan):
        moved = self.one(world.ada, 1, 0)
        start, end = moved.was
        (longer,) = moving.planned(plan, replace(moved, to=(start - 3600, end)), joins=world.ada.id, by=world.ada)
        assert who(schedule, self.SPAN[0] + 23 * HOUR) == [world.ada.id]
        assert who(schedule, self.SPAN[0] + 22 * HOUR) == [world.ben.id]
        assert longer.reason == "Fair"
        moved = replace(moved, was=(start - 3600, end), to=(start, end))
        moving.planned(longer, moved, joins=world.ada.id, by=world.ada)
        (gap,) = [one for one in missing.between(rota(schedule), at(self.SPAN[0]), at(self.SPAN[1])) if one.lane == 1]
        assert (gap.start, gap.end) == (start - 3600, start)

    def test_a_shift_becomes_somebody_elses_or_nobodys(self, world, schedule, plan):
        (given,) = moving.planned(plan, self.one(world.ada, 0, 0), joins=world.mei.id, by=world.ada)
        assert who(schedule, self.SPAN[0] + HOUR) == [world.mei.id]
        moving.planned(given, self.one(world.mei, 0, 0), joins=None, by=world.ada)
        assert who(schedule, self.SPAN[0] + HOUR) == []
        assert who(schedule, self.SPAN[0] + 13 * HOUR) == [world.ben.id]

    def test_a_shift_stays_within_it(self, world, plan):
        moved = self.one(world.ada, 0, 0)
        with pytest.raises(Invalid) as refused:
            moving.planned(
                plan, replace(moved, to=(moved.was[0] - 900, moved.was[1])), joins=world.ada.id, by=world.ada
            )
        assert refused.value.fields == {"start": "The plan does not last that long. Make the plan longer first."}

    def test_a_shift_that_is_not_there_any_more_is_said(self, world, plan):
        with pytest.raises(Conflict):
            moving.planned(plan, self.one(world.mei, 0, 0), joins=world.ada.id, by=world.ada)


class TestAway:
    def test_nobody_away_rings_and_back_they_do(self, schedule, running, travel):
        agent = db.session.get_one(rotas.Agent, running)
        absence = absences.away(agent, MONDAY + 2 * DAY, MONDAY + 4 * DAY, "Wedding")
        assert who(schedule, MONDAY + 3 * DAY) == []
        with travel(to=MONDAY + 2 * DAY + HOUR):
            absences.back(absence)
            assert who(schedule, MONDAY + 3 * DAY) == [running]
            assert who(schedule, MONDAY + 2 * DAY) == []


class TestAsk:
    def test_the_first_yes_has_the_gap(self, world, schedule, running):
        span = MONDAY + 2 * DAY, MONDAY + 3 * DAY
        overriding.agree(schedule, Change("remove", *span, replaced_id=running), by=world.ada)
        request = asking.ask(schedule, Wanted(1, *span), others(world, running), by=world.ada)
        letters = db.session.scalars(select(Delivery).where(Delivery.purpose == "letter")).all()
        assert len(letters) == 2
        assert f"/on-call/asks/{request.id}" in letters[0].content["text"]
        first, second = (db.session.get_one(rotas.Agent, one) for one in others(world, running))
        asking.take(request, by=second)
        assert who(schedule, MONDAY + 2 * DAY) == [second.id]
        with pytest.raises(Conflict, match="was first"):
            asking.take(request, by=first)

    def test_a_swap_is_two_overrides_at_once(self, world, schedule, running):
        taker = db.session.get_one(rotas.Agent, others(world, running)[0])
        back = MONDAY + 8 * DAY, MONDAY + 9 * DAY
        given = MONDAY + 2 * DAY, MONDAY + 3 * DAY
        request = asking.ask(schedule, Wanted(1, *given, running, back), [taker.id], by=world.ada)
        assert len(asking.take(request, by=taker)) == 2
        assert who(schedule, given[0]) == [taker.id]
        assert who(schedule, back[0]) == [running]

    def test_who_is_not_asked_does_not_take(self, world, schedule, running):
        first, second = others(world, running)
        given = MONDAY + 2 * DAY, MONDAY + 3 * DAY
        request = asking.ask(schedule, Wanted(1, *given, running), [first], by=world.ada)
        with pytest.raises(NotAllowed):
            asking.take(request, by=db.session.get_one(rotas.Agent, second))
        asking.decline(request, by=db.session.get_one(rotas.Agent, first))
        assert request.asked_ids == []
        asking.withdraw(request)
        with pytest.raises(Conflict):
            asking.withdraw(request)

    def test_what_is_no_gap_is_not_asked_for(self, world, schedule, running):
        with pytest.raises(Conflict, match="filled"):
            asking.ask(schedule, Wanted(1, MONDAY + 2 * DAY, MONDAY + 3 * DAY), others(world, running), by=world.ada)


class TestWatch:
    def test_a_gap_is_told_once_and_again_when_it_comes_back(self, world, schedule, running):
        change = Change("remove", MONDAY + 2 * DAY, MONDAY + 3 * DAY, replaced_id=running)
        (made,) = overriding.agree(schedule, change, by=world.ada)
        assert len(watching.look(schedule.id)) == 1
        told = db.session.scalar(select(func.count()).select_from(Delivery).where(Delivery.purpose == "letter"))
        assert told
        assert watching.look(schedule.id) == []
        overriding.take_back(made)
        assert watching.look(schedule.id) == []
        assert db.session.scalars(select(OnCallGap.closed_at)).one() is not None
        overriding.agree(schedule, change, by=world.ada)
        assert len(watching.look(schedule.id)) == 1

    @pytest.mark.parametrize(("days", "told"), [(13, 1), (15, 0)])
    def test_looks_fourteen_days_ahead(self, world, schedule, days, told):
        start = MONDAY + DAY + days * DAY
        (on_call,) = who(schedule, start)
        overriding.agree(schedule, Change("remove", start, start + HOUR, replaced_id=on_call), by=world.ada)
        assert len(watching.look(schedule.id)) == told

    def test_a_gap_that_has_begun_is_not_new(self, world, schedule, running, travel):
        change = Change("remove", MONDAY + 2 * DAY, MONDAY + 3 * DAY, replaced_id=running)
        overriding.agree(schedule, change, by=world.ada)
        watching.look(schedule.id)
        with travel(to=MONDAY + 2 * DAY + HOUR):
            assert watching.look(schedule.id) == []


def test_no_row_is_left_by_a_refused_change(world, schedule, running):
    db.session.commit()
    with pytest.raises(Invalid):
        overriding.agree(schedule, Change("add", MONDAY + 2 * DAY, MONDAY + 2 * DAY, 1, running), by=world.ada)
    db.session.rollback()
    assert db.session.scalars(select(OnCallOverride)).all() == []
