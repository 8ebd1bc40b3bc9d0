"""`flask seed demo` as somebody types it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.people import agents
from helpdesk.tickets.models import Ticket
from tests.helpdesk.demo.conftest import STORY_NOW


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["seed", "demo", *words])


def now_of_the_story() -> datetime:
    """Eleven minutes after Priya's last words."""
    said = db.session.scalars(select(Ticket.last_message_at).where(Ticket.number == 4812)).one()
    return said + timedelta(minutes=11)


class TestSeedDemo:
    def test_says_how_to_sign_in_and_where_to_write(self, app: Flask) -> None:
        result = run(app)
        assert result.exit_code == 0, result.output
        assert "maya@halden.example with the password kept-demo" in result.output
        assert "support@halden.example" in result.output

    def test_makes_this_moment_the_storys_now(self, app: Flask) -> None:
        before = datetime.now(UTC)
        run(app)
        assert before <= now_of_the_story() <= datetime.now(UTC)

    def test_freeze_alone_takes_the_storys_own_moment(self, app: Flask) -> None:
        result = run(app, "--freeze")
        assert "HELPDESK_FROZEN_AT=2026-10-15T21:42:00+00:00" in result.output
        assert now_of_the_story() == STORY_NOW

    def test_at_moves_it_to_that_moment(self, app: Flask) -> None:
        result = run(app, "--at", "2027-01-05T09:00+01:00")
        assert "HELPDESK_FROZEN_AT" not in result.output
        assert now_of_the_story() == datetime(2027, 1, 5, 8, 0, tzinfo=UTC)

    @pytest.mark.parametrize("moment", ["yesterday", "2026-10-15T16:42", "16:42"])
    def test_refuses_a_moment_it_cannot_place(self, app: Flask, moment: str) -> None:
        result = run(app, "--at", moment)
        assert result.exit_code == 2
        assert "like 2026-10-15T16:42-05:00" in result.output

    def test_refuses_where_people_work_already(self, app: Flask) -> None:
        agents.create("somebody@real.example", name="Some Body")
        db.session.commit()
        result = run(app)
        assert result.exit_code == 1
        assert result.output.startswith("Error: There are people in this database already.")
        assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0

    def test_a_second_time_changes_nothing(self, app: Flask) -> None:
        run(app)
        tickets = db.session.scalar(select(func.count()).select_from(Ticket))
        assert run(app).exit_code == 1
        assert db.session.scalar(select(func.count()).select_from(Ticket)) == tickets
