"""The product put together: plugins' pages and commands, limits on what comes in, and life without a database."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from flask import Blueprint, Flask, request
from flask.cli import with_appcontext
from sqlalchemy import text

from helpdesk import database
from helpdesk.access.guards import agents_only, public
from helpdesk.app import create_app
from helpdesk.db import db
from helpdesk.now import freeze, now
from helpdesk.plugins import Plugin, installed
from helpdesk.settings import settings
from tests.plugins.world import Browser, World

_bp = Blueprint("trial", __name__)


@_bp.route("/trial", methods=["GET", "POST"])
@public
def _trial() -> str:
    return f"trial of {len(request.form)}" if request.method == "POST" else "trial"


@_bp.get("/trial/inside")
@agents_only
def _inside() -> str:
    return "inside"


@click.command("greet")
@with_appcontext
def _greet() -> None:
    click.echo(f"{len(installed().plugins)} plugins")


TRIAL = Plugin("trial", blueprints=[_bp], commands=[_greet])


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Environment for this test's own settings; the clock runs again after it."""
    monkeypatch.setenv("HELPDESK_VAR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    settings.cache_clear()
    freeze(None)


class TestPlugins:
    def test_bring_pages_and_commands(self, database_url: str) -> None:
        app = create_app([TRIAL], url=database_url)
        assert app.test_client().get("/trial").text == "trial"
        assert app.test_cli_runner().invoke(args=["greet"]).output == "2 plugins\n"

    def test_are_behind_the_same_door(self, database_url: str) -> None:
        response = create_app([TRIAL], url=database_url).test_client().get("/trial/inside")
        assert response.status_code in {302, 303}
        assert "/sign-in" in response.headers["Location"]

    def test_of_one_app_are_not_those_of_another(self, database_url: str) -> None:
        with_trial, without = create_app([TRIAL], url=database_url), create_app(url=database_url)
        assert "trial" in with_trial.blueprints
        assert "trial" not in without.blueprints
        assert without.test_client().get("/trial").status_code == 404


class TestWithoutADatabase:
    @pytest.fixture
    def app(self, settled: pytest.MonkeyPatch) -> Flask:
        return create_app([TRIAL])

    def test_it_lives_but_is_not_ready(self, app: Flask) -> None:
        assert app.test_client().get("/healthz").status_code == 200
        assert app.test_client().get("/readyz").status_code == 503

    def test_commands_that_need_none_work(self, app: Flask) -> None:
        assert app.test_cli_runner().invoke(args=["greet"]).exit_code == 0

    def test_commands_that_need_one_say_what_to_do(self, app: Flask) -> None:
        done = app.test_cli_runner().invoke(args=["agent", "link", "ada@meridian.example"])
        assert done.exit_code != 0
        assert "make run" in done.output
        assert "Traceback" not in done.output

    def test_an_address_that_is_none_is_said_too(self, settled: pytest.MonkeyPatch) -> None:
        settled.setenv("DATABASE_URL", "mysql://kept@localhost/kept")
        settings.cache_clear()
        app = create_app()
        assert "postgresql://" in app.extensions["no_database"]
        assert app.config["JOBS_URL"] == database.conninfo(database.NOWHERE)


class TestTheClock:
    def test_stands_still_where_the_settings_say_so(self, settled: pytest.MonkeyPatch) -> None:
        settled.setenv("HELPDESK_FROZEN_AT", "2026-10-15T16:42:00-05:00")
        settings.cache_clear()
        create_app()
        assert now() == datetime(2026, 10, 15, 21, 42, tzinfo=UTC)

    def test_runs_again_for_an_app_that_is_not_told_to_stop_it(self, settled: pytest.MonkeyPatch) -> None:
        freeze(datetime(2026, 10, 15, tzinfo=UTC))
        create_app()
        first = now()
        assert now() > first


class TestLimits:
    def test_more_than_any_message_can_carry_is_refused(self, world: World, ben_at_work: Browser) -> None:
        ticket = world.ticket()
        answer = ben_at_work.post(f"/tickets/{ticket.number}/replies", {"body": "x" * 30_100_000})
        assert answer.status_code == 413
        assert "Traceback" not in answer.text
        world.fresh()
        assert ticket.message_count == 1

    @pytest.mark.usefixtures("world")
    def test_no_statement_runs_longer_than_half_a_minute(self) -> None:
        assert db.session.scalar(text("SHOW statement_timeout")) == "30s"

    def test_a_form_with_more_parts_than_any_has_is_refused(self, world: World, ben_at_work: Browser) -> None:
        form = {"file": (io.BytesIO(b"x"), "x.txt"), **{f"field{number}": "1" for number in range(300)}}
        assert ben_at_work.post(f"/tickets/{world.ticket().number}/drafts/reply/files", form).status_code == 413
