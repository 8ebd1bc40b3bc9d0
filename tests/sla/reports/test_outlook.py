"""What falls due against who will be there, from a history and a rota that were made for it, and how it did."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.commitments import sweep
from sla.commitments.models import Commitment
from sla.oncall.models import OnCallAbsence
from sla.reports import outlook, room
from sla.reports.forecasting import Due
from sla.reports.models import Forecast
from sla.reports.room import Habit, There
from sla.reports.suggesting import Suggestion, suggest
from tests.sla.office import MONDAY, NEW_YORK, asked

HOUR = 3600


class TestHabits:
    def test_are_the_mean_of_eight_weeks_by_the_wall_of_the_company(self, office):
        (habit,) = room.habits_of(MONDAY)
        assert (habit.agent_id, habit.rates, habit.pace) == (office.ben.id, {10: 4.0, 11: 4.0}, 4.0)

    def test_forget_who_left(self, office):
        office.ben.deactivated_at = MONDAY
        db.session.commit()
        assert room.habits_of(MONDAY) == []


class TestThere:
    def hours(self, *, on_call=(), away=()):
        start = int(MONDAY.timestamp())
        hours = [(start + at * HOUR, start + (at + 1) * HOUR) for at in range(4)]
        habits = [Habit(7, {10: 4.0, 11: 2.0})]
        return [dict(one.rates) for one in room.there(hours, habits, on_call, away, NEW_YORK)]

    def test_who_usually_works_then(self):
        assert self.hours() == [{}, {7: 4.0}, {7: 2.0}, {}]

    def test_who_is_on_call_is_there_at_their_own_pace(self):
        start = int(MONDAY.timestamp())
        assert self.hours(on_call=[(7, start, start + 90 * 60)]) == [{7: 3.0}, {7: 4.0}, {7: 2.0}, {}]

    def test_who_is_on_call_in_hours_they_usually_work_counts_as_usual(self):
        start = int(MONDAY.timestamp())
        assert self.hours(on_call=[(7, start + HOUR, start + 3 * HOUR)]) == [{}, {7: 4.0}, {7: 2.0}, {}]

    def test_who_is_away_is_not(self):
        start = int(MONDAY.timestamp())
        assert self.hours(away=[(7, start + HOUR, start + 150 * 60)]) == [{}, {}, {7: 1.0}, {}]


class TestOutlook:
    def test_sets_what_falls_due_against_the_room(self, office):
        asked(office, 3)
        made = outlook.make(MONDAY)
        by_hour = {datetime.fromtimestamp(one.start, NEW_YORK).hour: (one.due, one.room) for one in made.hours}
        assert (by_hour[9], by_hour[10], by_hour[11], by_hour[12]) == ((0, 0), (0, 4), (3, 4), (0, 0))
        assert (len(made.hours), made.low, made.likely) == (24, 0, ())
        assert made.mean == pytest.approx(0.0183 + 0.0916 + 0.2381, abs=1e-3)  # at most 0, 1, 2 of a mean of 4
        assert (made.days[0].day, made.days[0].due, made.days[0].room) == (date(2026, 11, 23), 3, 8)

    def test_counts_what_is_due_as_the_doors_close_by_then_and_as_late_when_they_open(self, office):
        asked(office, 1)
        (promise,) = db.session.scalars(select(Commitment)).all()
        promise.due_at, promise.breaks_at = MONDAY + timedelta(hours=1), MONDAY + timedelta(days=1)
        made = outlook.make(MONDAY)
        assert [datetime.fromtimestamp(one.start, NEW_YORK).hour for one in made.hours if one.due] == [10]
        (chance,) = outlook.items()
        assert chance.slips == pytest.approx(0.0003, abs=1e-4)  # at most 0 of a mean of 8

    def test_names_those_that_will_slip(self, office):
        asked(office, 9)
        made = outlook.make(MONDAY)
        due = db.session.scalars(select(Commitment.id).order_by(Commitment.breaks_at, Commitment.id)).all()
        assert made.likely == tuple(due[4:])

    def test_who_is_away_leaves_no_room(self, office):
        asked(office, 2)
        db.session.add(
            OnCallAbsence(
                agent_id=office.ben.id, starts_at=MONDAY, ends_at=MONDAY + timedelta(days=9), created_at=MONDAY
            )
        )
        db.session.flush()
        made = outlook.make(MONDAY)
        assert (made.mean, made.low, made.high, made.days) == (2, 2, 2, ())

    def test_an_absence_that_was_withdrawn_is_none(self, office):
        asked(office, 2)
        away = OnCallAbsence(
            agent_id=office.ben.id, starts_at=MONDAY - timedelta(days=1), ends_at=MONDAY + timedelta(days=20),
            created_at=MONDAY, withdrawn_at=MONDAY,
        )  # fmt: skip
        db.session.add(away)
        db.session.commit()
        assert sum(one.room for one in outlook.make(MONDAY).hours) == 8

    def test_is_read_as_it_was_told(self, office):
        asked(office, 9)
        made = outlook.make(MONDAY)
        db.session.commit()
        assert outlook.latest() == made

    def test_before_anything_was_decided_there_is_no_room_and_nothing_breaks(self, world):
        made = outlook.make(MONDAY)
        assert (made.mean, made.days, made.suggestion) == (0, (), None)
        assert outlook.record(MONDAY) == outlook.Record(0, 0, None, None, None, 0)


class TestRecord:
    def test_judges_the_first_of_each_day_by_what_came(self, office):
        asked(office, 2)
        with travel(to=MONDAY):
            outlook.tick()
        with travel(to=MONDAY + timedelta(minutes=30)):
            outlook.tick()
        first = db.session.scalars(select(Commitment).order_by(Commitment.id)).first()
        with travel(to=MONDAY + timedelta(hours=1)):
            office.reply(db.session.get_one(Ticket, first.ticket_id))
        with travel(to=MONDAY + timedelta(hours=3)):
            sweep.tick()
        told = outlook.record(MONDAY + timedelta(hours=25))
        items = [0.0183, 0.0916]
        assert (told.forecasts, told.promises, told.within) == (1, 2, 1)
        assert told.score == pytest.approx((items[0] ** 2 + (1 - items[1]) ** 2) / 2, abs=1e-3)
        assert told.score_of_none == 0.5
        assert told.score_of_usual == pytest.approx((0.25**2 + 0.75**2) / 2)

    def test_the_others_are_forgotten_when_there_is_a_newer_one(self, office):
        for minutes in (0, 30, 60):
            with travel(to=MONDAY + timedelta(minutes=minutes)):
                outlook.tick()
        kept = db.session.scalars(select(Forecast.made_at).order_by(Forecast.id)).all()
        assert kept == [MONDAY, MONDAY + timedelta(minutes=60)]


class TestSuggestion:
    def hours(self, *rates):
        return [There(at * HOUR, (at + 1) * HOUR, rate) for at, rate in enumerate(rates)]

    def test_asks_who_comes_next_to_begin_early_enough(self):
        due = [Due(number, 2 * HOUR) for number in range(4)]
        found = suggest(due, self.hours({1: 1}, {1: 1}, {1: 1, 2: 4}), 0, 24 * HOUR)
        assert found == Suggestion(2, 90 * 60, 2 * HOUR, 2)

    def test_asks_nobody_when_there_is_room(self):
        due = [Due(number, 2 * HOUR) for number in range(2)]
        assert suggest(due, self.hours({1: 1}, {1: 1}, {2: 4}), 0, 24 * HOUR) is None

    def test_asks_nobody_who_would_come_too_late(self):
        due = [Due(number, HOUR / 2) for number in range(4)]
        assert suggest(due, self.hours({}, {}, {2: 4}), HOUR / 2, 24 * HOUR) is None

    def test_asks_nobody_whom_it_would_not_help(self):
        due = [Due(number, HOUR) for number in range(4)]
        assert suggest(due, self.hours({}, {2: 0.2}), 0, 24 * HOUR) is None

    def test_asks_nobody_to_rise_in_the_night(self):
        due = [Due(number, HOUR) for number in range(4)]
        assert suggest(due, self.hours({}, {}, {}, {}, {}, {}, {2: 4}), 0, 24 * HOUR) is None
