"""The tables for an outside package: their shape, and that SQL which knows nothing of us counts the same from them."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from sla.volume import counting
from sla.volume.models import VolumeFact
from sla.zendesk import columns, living, schedules, writing
from sla.zendesk.living import Told
from sla.zendesk.schedules import Window
from tests.plugins.world import World
from tests.sla.volume.living import Days, lived

NOON = datetime(2026, 11, 25, 17, tzinfo=UTC)


@pytest.fixture
def days(world: World) -> Days:
    made = lived(world)
    with travel(to=NOON):
        counting.tick()
    return made


@pytest.fixture
def tables(days: Days, tmp_path: Path) -> dict[str, list[dict[str, str]]]:
    with travel(to=NOON):
        counted = dict(writing.write(tmp_path / "out"))
    found = {}
    for path in (tmp_path / "out").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    assert {name: len(rows) for name, rows in found.items()} == counted
    return found


def load(tables: dict[str, list[dict[str, str]]], *names: str) -> None:
    """As a warehouse has them: every column text, in a schema that goes with the transaction."""
    db.session.execute(text("CREATE SCHEMA outside"))
    for name in names:
        keys = [*columns.TABLES[name], *columns.EVERY]
        made = ", ".join(f'"{key}" text' for key in keys)
        db.session.execute(text(f'CREATE TABLE outside."{name}" ({made})'))
        values = ", ".join(f":{key}" for key in keys)
        for row in tables[name]:
            db.session.execute(
                text(f'INSERT INTO outside."{name}" VALUES ({values})'), {key: row[key] or None for key in keys}
            )


class TestFiles:
    def test_have_the_columns_of_the_shape(self, tables):
        assert set(tables) == set(columns.TABLES)
        for name, rows in tables.items():
            if rows:
                assert tuple(rows[0]) == (*columns.TABLES[name], *columns.EVERY)

    def test_name_only_what_is_in_the_other_tables(self, tables):
        users = {row["id"] for row in tables["user"]}
        tickets = {row["id"] for row in tables["ticket"]}
        for row in tables["ticket"]:
            assert {row["requester_id"], row["submitter_id"]} <= users
            assert row["assignee_id"] in {"", *users}
        for name in ("ticket_comment", "ticket_field_history", "ticket_schedule", "ticket_tag"):
            assert {row["ticket_id"] for row in tables[name]} <= tickets
        assert {row["schedule_id"] for row in tables["ticket_schedule"]} <= {row["id"] for row in tables["schedule"]}
        assert {row["user_id"] for row in tables["ticket_comment"]} <= users

    def test_hold_no_address_and_no_words(self, tables):
        said = str(tables)
        assert "olive@" not in said
        assert "We are on our way" not in said

    def test_tell_the_last_state_of_each_field_as_the_ticket_has_it(self, tables):
        last = {(row["ticket_id"], row["field_name"]): row["value"] for row in tables["ticket_field_history"]}
        for row in tables["ticket"]:
            for field in ("status", "assignee_id", "group_id", "priority"):
                assert last.get((row["id"], field), "") == row[field], (row["id"], field)

    def test_keep_promises_as_targets_in_minutes_until_they_are_over(self, days: Days, tables):
        friday = str(days.tickets["friday"].number)
        rows = [row for row in tables["ticket_field_history"] if row["ticket_id"] == friday]
        told = [(row["updated"], row["value"]) for row in rows if row["field_name"] == "first_reply_time"]
        assert told[0] == ("2026-11-20 21:50:00.000000", '{"minutes": 120, "in_business_hours": "true"}')
        assert told[1] == ("2026-11-23 14:10:00.000000", "")

    def test_a_folder_that_is_none_is_said(self, days: Days, tmp_path: Path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(Invalid, match="no folder"):
            list(writing.write(tmp_path / "file"))

    def test_come_from_one_command(self, days: Days, tmp_path: Path):
        db.session.commit()
        result = days.world.app.test_cli_runner().invoke(
            args=["reports", "export", "--shape", "zendesk", str(tmp_path / "out")]
        )
        assert result.exit_code == 0, result.output
        assert len(list((tmp_path / "out").glob("*.csv"))) == len(columns.TABLES)


class TestOutside:
    """SQL in the manner of packages that read these tables, against what we counted ourselves."""

    def test_the_first_reply_takes_as_long(self, days: Days, tables):
        load(tables, "ticket_comment", "user", "ticket")
        theirs = {
            int(number): int(seconds)
            for number, seconds in db.session.execute(
                text("""
                WITH said AS (
                    SELECT ticket_id, created::timestamp AS at, role,
                        lag(role) OVER (PARTITION BY ticket_id ORDER BY created::timestamp) AS before,
                        row_number() OVER (PARTITION BY ticket_id, role = 'end-user' ORDER BY created::timestamp) AS place
                    FROM outside.ticket_comment JOIN outside."user" ON "user".id = user_id WHERE public = 'true')
                SELECT ours.ticket_id, extract(epoch FROM ours.at - theirs.at) FROM said ours
                JOIN said theirs ON theirs.ticket_id = ours.ticket_id AND theirs.role = 'end-user' AND theirs.place = 1
                JOIN outside.ticket ON ticket.id = ours.ticket_id AND ticket.status <> 'deleted'
                WHERE ours.role <> 'end-user' AND ours.place = 1""")
            )
        }
        ours = dict(
            db.session.execute(
                select(Ticket.number, VolumeFact.clock_seconds)
                .join(VolumeFact, VolumeFact.ticket_id == Ticket.id)
                .where(VolumeFact.is_first, VolumeFact.kind == "replied")
            ).all()
        )
        assert theirs == ours
        assert len(ours) == 2

    def test_as_many_are_solved_and_opened_again(self, days: Days, tables):
        load(tables, "ticket_field_history", "ticket")
        solved, again = db.session.execute(
            text("""
            SELECT count(*) FILTER (WHERE value = 'solved'),
                count(*) FILTER (WHERE value = 'open' AND before = 'solved')
            FROM (SELECT value, lag(value) OVER (PARTITION BY ticket_id ORDER BY updated) AS before
                FROM outside.ticket_field_history JOIN outside.ticket ON ticket.id = ticket_id
                WHERE field_name = 'status' AND ticket.status <> 'deleted') one""")
        ).one()
        counted = dict(db.session.execute(select(VolumeFact.kind, db.func.count()).group_by(VolumeFact.kind)).all())
        assert (solved, again) == (counted["done"], counted["reopened"]) == (1, 1)

    def test_the_minutes_of_the_week_are_those_of_the_office(self, days: Days, tables):
        load(tables, "schedule", "ticket_schedule")
        open_ = db.session.execute(
            text("""SELECT sum(end_time::int - start_time::int) FROM outside.schedule
                WHERE id IN (SELECT schedule_id FROM outside.ticket_schedule)""")
        ).scalar_one()
        assert open_ == 5 * 8 * 60


class TestChanges:
    def at(self, minute: int) -> datetime:
        return datetime(2026, 11, 20, 12, minute, tzinfo=UTC)

    def told(self, *events: tuple[str, dict]) -> list[tuple[str, str | None]]:
        facts = [Told(kind, self.at(place), 1, None, data) for place, (kind, data) in enumerate(events)]
        return [(one.field, one.value) for one in living.changes(facts)]

    def test_are_told_once(self):
        found = self.told(
            ("ticket.opened", {}), ("ticket.reopened", {}), ("ticket.resolved", {}), ("ticket.resolved", {})
        )
        assert [one for one in found if one[0] == "status"] == [("status", "open"), ("status", "solved")]

    def test_whoever_answers_first_has_it(self):
        found = living.changes(
            [
                Told("ticket.opened", self.at(0), None, 7, {"team": 3}),
                Told("message.sent", self.at(1), 5, None, {}),
                Told("message.sent", self.at(2), 6, None, {}),
            ]
        )
        assert [(one.user, one.value) for one in found if one.field == "assignee_id"] == [(14, None), (11, "11")]

    @pytest.mark.parametrize(
        ("whom", "status"), [("customer", "pending"), ("part", "hold"), ("someone", "hold"), ("", "open")]
    )
    def test_waiting_is_whose_turn_it_is(self, whom: str, status: str):
        found = self.told(("ticket.opened", {}), ("ticket.resolved", {}), ("ticket.waiting", {"after": whom}))
        assert found[-1] == ("status", status)

    def test_know_every_kind_they_read(self):
        assert set(living._STEPS) == set(living.READ)


class TestSchedules:
    def test_count_from_sunday_and_go_over_midnight_and_over_the_week(self):
        hours = {"mon": [["09:00", "17:00"]], "sat": [["22:00", "06:00"]], "sun": [["00:00", "24:00"]]}
        assert list(schedules.windows(hours)) == [
            Window(0, 1440), Window(1980, 2460), Window(9960, 10080), Window(0, 360)
        ]  # fmt: skip

    def test_have_holidays_of_one_day_and_of_every_year(self):
        found = list(schedules.holidays(["2026-11-26", "12-25", "02-29"], range(2026, 2029)))
        assert found == [
            date(2026, 11, 26), date(2026, 12, 25), date(2027, 12, 25), date(2028, 12, 25), date(2028, 2, 29)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("zone", "begins", "ends", "hours"),
        [
            ("America/New_York", "2026-03-08T07:00", "2026-11-01T06:00", 1),
            ("Europe/Oslo", "2026-03-29T01:00", "2026-10-25T01:00", 1),
            ("Australia/Sydney", "2026-10-03T16:00", "2027-04-03T16:00", 1),
            ("Australia/Lord_Howe", "2026-10-03T15:30", "2027-04-03T15:00", 0.5),
        ],
    )
    def test_have_summers_to_the_minute(self, zone: str, begins: str, ends: str, hours: float):
        (one,) = schedules.summers(ZoneInfo(zone), range(2026, 2027))
        told = [at.strftime("%Y-%m-%dT%H:%M") for at in (one.begins, one.ends)]
        assert (told, one.hours) == ([begins, ends], hours)

    def test_have_none_where_clocks_stay(self):
        assert list(schedules.summers(ZoneInfo("Asia/Kathmandu"), range(2026, 2028))) == []
        assert schedules.clock(schedules.ahead(ZoneInfo("Asia/Kathmandu"), NOON)) == "+05:45"
        assert schedules.clock(schedules.ahead(ZoneInfo("America/New_York"), NOON - timedelta(days=150))) == "-05:00"
