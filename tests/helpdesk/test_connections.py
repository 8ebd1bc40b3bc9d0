"""Connections of the pool: what the server has closed is not handed out, and nobody asks it for no reason."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from helpdesk import database, db
from helpdesk.db import engine_options

_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'tried'"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    options = engine_options(database_url) | {"pool_size": 3}
    options["connect_args"] = {**options["connect_args"], "application_name": "tried"}
    made = create_engine(options.pop("url"), **options)
    yield made
    made.dispose()


def pid(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)


def cut(database_url: str) -> None:
    with psycopg.connect(database.conninfo(database_url)) as connection:
        assert connection.execute(_OTHERS).fetchall()


class TestAConnection:
    def test_is_used_again(self, engine: Engine):
        assert pid(engine) == pid(engine)

    def test_the_server_has_closed_is_not_handed_out(self, engine: Engine, database_url: str):
        first = pid(engine)
        cut(database_url)
        assert pid(engine) not in {0, first}

    def test_that_died_takes_the_others_that_rest_along(self, engine: Engine, database_url: str):
        with engine.connect(), engine.connect(), engine.connect():
            pass
        cut(database_url)
        with engine.connect() as one, engine.connect() as two, engine.connect() as three:
            assert len({each.scalar(text("SELECT pg_backend_pid()")) for each in (one, two, three)}) == 3

    @pytest.mark.parametrize("done", ["SELECT 1", "CREATE TEMPORARY TABLE said (word text)"])
    def test_the_server_has_closed_meanwhile_ends_without_an_error(self, engine: Engine, database_url: str, done: str):
        with engine.connect() as connection:
            connection.execute(text(done))
            cut(database_url)
        assert pid(engine)

    def test_that_rested_for_long_is_asked_and_goes_on(self, engine: Engine, monkeypatch: pytest.MonkeyPatch):
        first = pid(engine)
        monkeypatch.setattr(db, "_RESTED_SECONDS", 0.0)
        asked = statements(monkeypatch)
        assert pid(engine) == first
        assert "" in asked

    def test_just_used_is_not_asked_anything(self, engine: Engine, monkeypatch: pytest.MonkeyPatch):
        pid(engine)
        asked = statements(monkeypatch)
        pid(engine)
        assert "" not in asked

    def test_to_which_the_server_only_said_something_is_kept(self, engine: Engine, database_url: str):
        first = pid(engine)
        with engine.connect() as connection:
            connection.execute(text("LISTEN said"))
            connection.commit()
        with psycopg.connect(database.conninfo(database_url), autocommit=True) as other:
            other.execute("NOTIFY said")
        time.sleep(0.1)
        assert pid(engine) == first


def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the driver is asked to send by itself, from now on."""
    seen: list[str] = []
    sent = psycopg.Connection.execute

    def execute(self, query, *rest, **more):
        seen.append(str(query))
        return sent(self, query, *rest, **more)

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    return seen
