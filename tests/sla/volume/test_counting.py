"""What is counted is always what the events say: counted again it is the same, wrong rows are found and mended."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, func, select, update

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand, Organization
from helpdesk.tickets import conversing, merging
from helpdesk.tickets.models import Ticket
from sla.calendars.models import CalendarVersion
from sla.volume import bands, checking, counting
from sla.volume.models import VolumeDay, VolumeFact, VolumeMark, VolumeStretch
from tests.plugins.world import World
from tests.sla.volume.living import Days


@pytest.fixture
def days(world: World) -> Days:
    db.session.execute(update(Brand).values(zone="America/New_York"))
    made = Days(world)
    made.live("2026-11-23T09:00:00-05:00", "write", "a")
    made.live("2026-11-23T09:30:00-05:00", "reply", "a", "ben")
    return made


def facts(days: Days, name: str = "a") -> list[tuple[str, int | None]]:
    rows = select(VolumeFact.kind, VolumeFact.clock_seconds).where(VolumeFact.ticket_id == days.tickets[name].id)
    return [(kind, seconds) for kind, seconds in db.session.execute(rows.order_by(VolumeFact.at))]


def figure(name: str) -> int:
    rows = select(func.coalesce(func.sum(getattr(VolumeDay, name)), 0)).where(VolumeDay.dimension == "all")
    return db.session.scalars(rows.where(VolumeDay.day >= datetime(2026, 11, 23, tzinfo=UTC).date())).one()


class TestTick:
    def test_counts_what_was_marked_and_leaves_no_mark(self, days: Days) -> None:
        assert facts(days) == []
        assert counting.tick() > 0
        assert facts(days) == [("arrived", None), ("replied", 1800)]
        assert db.session.scalars(select(VolumeMark)).all() == []
        assert counting.tick() == 0

    def test_is_asked_once_for_all_that_a_commit_tells_of_a_ticket(self, days: Days) -> None:
        counting.tick()
        days.live("2026-11-23T11:00:00-05:00", "write", "b")
        marks = db.session.scalars(select(VolumeMark.ticket_id)).all()
        assert marks == [days.tickets["b"].id]

    def test_is_asked_for_what_was_merged_into_a_ticket_of_the_same_commit_too(self, days: Days) -> None:
        counting.tick()
        world, old = days.world, days.world.ticket()
        words = world.words("Warm again")
        new = conversing.open_ticket(world.olive, words)
        conversing.receive(new, world.olive, words)
        merging.merge(old, into=new, by=world.ben)
        db.session.execute(delete(VolumeMark))
        counting.mark([new.id])
        db.session.flush()
        assert set(db.session.scalars(select(VolumeMark.ticket_id))) == {old.id, new.id}

    def test_changes_the_day_a_fact_was_of_and_no_other_row(self, days: Days) -> None:
        counting.tick()
        before = figure("replied")
        days.live("2026-11-23T09:30:05-05:00", "unsend", "a", "ben")
        counting.tick()
        assert (facts(days), figure("replied")) == ([("arrived", None)], before - 1)
        assert list(checking.verify()) == []

    def test_forgets_a_ticket_that_was_withdrawn(self, days: Days) -> None:
        days.live("2026-11-23T10:00:00-05:00", "begin", "b", "ben")
        ticket_id = days.tickets["b"].id
        counting.tick()
        assert db.session.scalars(select(VolumeStretch.ticket_id).where(VolumeStretch.ticket_id == ticket_id)).all()
        days.live("2026-11-23T10:00:03-05:00", "unsend", "b", "ben")
        counting.tick()
        assert not db.session.scalars(select(VolumeFact.ticket_id).where(VolumeFact.ticket_id == ticket_id)).all()
        assert list(checking.verify()) == []

    def test_a_ticket_of_another_customer_is_counted_for_them(self, days: Days) -> None:
        counting.tick()
        other = db.session.scalars(
            select(Organization.id).where(Organization.id != days.tickets["a"].organization_id).limit(1)
        ).one()
        days.tickets["a"].organization_id = other
        db.session.commit()
        counting.tick()
        assert {one.organization_id for one in _rows(days)} == {other}

    def test_an_edit_of_hours_afterwards_moves_nothing(self, days: Days) -> None:
        counting.tick()
        before = [(one.working_seconds, one.is_out) for one in _rows(days)]
        at = datetime(2026, 11, 24, 15, tzinfo=UTC)
        rules = {"zone": "UTC", "hours": {"sun": [["01:00", "02:00"]]}}
        db.session.add(
            CalendarVersion(
                calendar_id=days.calendar.id,
                valid_from=datetime(2026, 2, 1, tzinfo=UTC),
                rules=rules,
                names={},
                created_at=at,
            )
        )
        db.session.commit()
        days.live("2026-11-25T10:00:00-05:00", "write", "a")
        counting.tick()
        assert [(one.working_seconds, one.is_out) for one in _rows(days)] == before
        assert list(checking.verify()) == []


class TestStretches:
    def test_are_cut_where_it_changes_hands_and_end_when_it_is_done(self, days: Days) -> None:
        for step in (
            ("2026-11-23T10:00:00-05:00", "hand", "a", "Day"),
            ("2026-11-23T11:00:00-05:00", "assign", "a", "mei"),
            ("2026-11-23T12:00:00-05:00", "done", "a", "mei"),
            ("2026-11-24T09:00:00-05:00", "write", "a"),
        ):
            days.live(*step)
        counting.tick()
        rows = select(VolumeStretch).where(VolumeStretch.ticket_id == days.tickets["a"].id)
        day, world = days.team("Day").id, days.world
        found = [
            (one.since.hour, one.until and one.until.hour, one.team_id, one.agent_id)
            for one in db.session.scalars(rows.order_by(VolumeStretch.since))
        ]
        assert found == [
            (14, 14, None, None),
            (14, 15, None, world.ben.id),
            (15, 16, day, None),
            (16, 17, day, world.mei.id),
            (14, None, day, world.mei.id),
        ]


class TestVerify:
    def test_finds_what_differs_and_rebuilding_mends_it(self, days: Days) -> None:
        counting.tick()
        db.session.execute(update(VolumeFact).values(clock_seconds=7))
        db.session.execute(delete(VolumeStretch))
        db.session.execute(update(VolumeDay).where(VolumeDay.dimension == "team").values(done=99))
        kinds = {one.get("stored", one.get("counted")) for one in checking.verify()}
        assert {"fact", "stretch"} < kinds
        assert counting.count_everything() > 0
        assert list(checking.verify()) == []
        assert facts(days) == [("arrived", None), ("replied", 1800)]

    def test_of_what_is_told_by_a_call_twice_is_one_reply(self, days: Days) -> None:
        with travel(to=datetime(2026, 11, 23, 15, tzinfo=UTC)):
            ticket = db.session.get_one(Ticket, days.tickets["a"].id)
            message = conversing.overhear(ticket, days.world.words("Call"), by=days.world.mei)
            conversing.events.record(ticket, "message.overheard", message_id=message.id)
            db.session.commit()
        counting.tick()
        assert [kind for kind, _ in facts(days)] == ["arrived", "replied", "replied"]


class TestBands:
    def test_an_hour_is_within_the_hour_and_a_day_is_a_day_old(self) -> None:
        assert [bands.of_reply(seconds) for seconds in (0, 3600, 3601, 259_200, 259_201)] == [0, 0, 1, 4, 5]
        assert [bands.of_age(seconds) for seconds in (86_399, 86_400, 2_592_000)] == [0, 1, 4]

    def test_are_counted_alike_in_the_tallies(self, days: Days) -> None:
        for name, minutes in (("b", 60), ("c", 61)):
            days.live("2026-11-24T09:00:00-05:00", "write", name)
            days.live(f"2026-11-24T10:{minutes - 60:02}:00-05:00", "reply", name, "mei")
        counting.tick()
        rows = select(VolumeDay.clock).where(VolumeDay.dimension == "agent", VolumeDay.key == str(days.world.mei.id))
        (clock,) = db.session.scalars(rows.where(VolumeDay.day == date(2026, 11, 24))).all()
        expected = [0] * (len(bands.REPLY) + 1)
        for seconds in (3600, 3660):
            expected[bands.of_reply(seconds)] += 1
        assert clock == expected


def _rows(days: Days) -> list[VolumeFact]:
    rows = select(VolumeFact).where(
        VolumeFact.ticket_id == days.tickets["a"].id, VolumeFact.at < datetime(2026, 11, 24, tzinfo=UTC)
    )
    return list(db.session.scalars(rows.order_by(VolumeFact.at).execution_options(populate_existing=True)))
