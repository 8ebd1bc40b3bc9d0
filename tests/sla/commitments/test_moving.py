"""An edit of a calendar: what the preview says would move is what then moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import now
from sla.calendars import editing, reading
from sla.calendars.drafts import Draft
from sla.commitments import moving, sweep
from sla.commitments.models import Commitment
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""10:00 in New York, where the office is open until 17:00 and on Thursday not at all."""


def short_fridays() -> dict:
    return {**promising.OFFICE, "hours": {**promising.OFFICE["hours"], "tue": [["09:00", "12:00"]]}}


@pytest.fixture
def office(world, travel):
    with travel(to=MONDAY):
        made = promising.calendar()
        promising.policy(
            "Everybody", promising.clause("resolution", 10 * 3600, "Fixed in ten hours.", calendar_id=made.id)
        )
        db.session.commit()
        yield made


def due(ticket) -> datetime:
    db.session.expire_all()
    return db.session.scalars(select(Commitment.due_at).where(Commitment.ticket_id == ticket.id)).one()


class TestMoving:
    def test_the_preview_is_what_comes_true(self, world, office, travel):
        ticket = world.ticket()
        assert due(ticket) == MONDAY + timedelta(hours=26)  # Tuesday 12:00
        rules = {**promising.OFFICE, "hours": {**promising.OFFICE["hours"], "tue": [["10:00", "17:00"]]}}
        found = moving.preview(office.id, reading.rules(rules))
        [move] = found.moves
        assert (move.number, move.was, move.becomes) == (
            ticket.number,
            MONDAY + timedelta(hours=26),
            MONDAY + timedelta(hours=27),
        )
        assert due(ticket) == move.was

        editing.revise(office, Draft(rules), by=world.mei)
        moving.recount(office.id)
        db.session.commit()
        with travel(to=MONDAY + timedelta(seconds=2)):
            sweep.tick()
            assert due(ticket) == move.becomes
            assert sweep.tick() == 0

    def test_of_more_than_can_be_looked_at_those_due_first_are(self, world, office, travel, monkeypatch):
        for place in range(12, 1, -1):
            with travel(to=MONDAY + timedelta(minutes=place)):
                world.ticket()
        with travel(to=MONDAY):
            first = world.ticket()
        monkeypatch.setattr(moving, "_MOST", 1)
        closed = {**promising.OFFICE, "holidays": ["2026-11-24", "2026-11-26"]}
        found = moving.preview(office.id, reading.rules(closed))
        assert [move.number for move in found.moves] == [first.number]
        assert found.more

    def test_a_plan_moves_what_falls_due_after_it_and_its_withdrawal_moves_it_back(self, world, office, travel):
        ticket = world.ticket()
        was = due(ticket)
        closed = {**promising.OFFICE, "holidays": ["2026-11-24", "2026-11-26"]}
        editing.revise(office, Draft(closed), by=world.mei, valid_from=now() + timedelta(hours=8))
        moving.recount(office.id)
        db.session.commit()
        with travel(to=MONDAY + timedelta(seconds=2)):
            sweep.tick()
            assert due(ticket) == was + timedelta(days=1)
            editing.withdraw(office)
            moving.recount(office.id)
            db.session.commit()
        with travel(to=MONDAY + timedelta(seconds=4)):
            sweep.tick()
            assert due(ticket) == was

    def test_what_begins_after_the_due_time_moves_nothing(self, world, office):
        ticket = world.ticket()
        rules = reading.rules(short_fridays())
        assert len(moving.preview(office.id, rules).moves) == 0  # due at 12:00 sharp, the closing instant
        closed = reading.rules({**promising.OFFICE, "holidays": ["2026-11-24"]})
        assert [one.number for one in moving.preview(office.id, closed).moves] == [ticket.number]
        later = moving.preview(office.id, closed, valid_from=now() + timedelta(days=3))
        assert (later.moves, later.looked_at) == ((), 1)

    def test_closed_and_foreign_tickets_are_not_looked_at(self, world, office):
        other = promising.calendar("Other")
        world.ticket()
        assert moving.preview(other.id, reading.rules(short_fridays())).looked_at == 0

    def test_a_promise_counted_in_the_customers_zone_moves_by_its_wall(self, world, travel):
        with travel(to=MONDAY):
            world.olive.zone = "Europe/Berlin"
            made = promising.calendar()
            clause = promising.clause("resolution", 3600, "Soon.", calendar_id=made.id, zone_source="contact")
            promising.policy("Everybody", clause)
            db.session.commit()
            ticket = world.ticket()
            was = due(ticket)
            rules = reading.rules(
                {**promising.OFFICE, "hours": {**promising.OFFICE["hours"], "mon": [["09:00", "16:30"]]}}
            )
            [move] = moving.preview(made.id, rules).moves
            assert (move.was, was.hour) == (was, 16)  # 17:00 in Berlin
            assert move.becomes == datetime(
                2026, 11, 24, 8, 30, tzinfo=UTC
            )  # half an hour on Tuesday from 09:00 in Berlin
