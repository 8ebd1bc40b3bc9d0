"""One candidate leads and calls every tick; whatever happens to it or to a tick, the ticks go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from flask import Flask, current_app
from sqlalchemy import text

from helpdesk import database, scheduler
from helpdesk.app import create_app
from helpdesk.db import db
from helpdesk.plugins import Plugin

_LEADERS = """
    SELECT pid FROM pg_locks
     WHERE locktype = 'advisory' AND classid = 107 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Of this test's database alone: others run on the same server."""


@contextmanager
def candidate(url: str, *ticks: Callable[[], object]) -> Iterator[Flask]:
    """An app of these ticks, each due every second, in a thread that stands for leader."""
    app = create_app([Plugin("ticking", every={1: list(ticks)})], url=url)
    app.extensions["plugins"].plugins[:] = app.extensions["plugins"].plugins[1:]  # the core's own ticks rest
    stop = threading.Event()
    thread = threading.Thread(target=scheduler.stand, args=(app, stop))
    thread.start()
    try:
        yield app
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive()
        with app.app_context():
            db.engine.dispose()


def eventually(true: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def ask(fresh_database_url: str) -> Iterator[Callable[[str], list[tuple]]]:
    with psycopg.connect(database.conninfo(fresh_database_url), autocommit=True) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


class TestScheduler:
    def test_calls_each_tick_again_and_again_inside_the_app(self, fresh_database_url: str) -> None:
        seen: list[str] = []

        def tick() -> None:
            seen.append(current_app.name)

        with candidate(fresh_database_url, tick):
            eventually(lambda: len(seen) >= 2)
        assert set(seen) == {"helpdesk"}

    def test_goes_on_after_a_tick_that_failed_half_way(self, fresh_database_url: str) -> None:
        calls: list[int] = []
        others: list[int] = []

        def fails_first() -> None:
            calls.append(1)
            if len(calls) == 1:
                db.session.execute(text("INSERT INTO heartbeat (name, at) VALUES ('half', now())"))
                db.session.execute(text("SELECT 1 / 0"))
            assert db.session.scalar(text("SELECT count(*) FROM heartbeat WHERE name = 'half'")) == 0
            db.session.commit()
            calls.append(2)

        with candidate(fresh_database_url, fails_first, lambda: others.append(1)):
            eventually(lambda: 2 in calls and len(others) >= 2)

    def test_has_one_leader_and_another_when_it_stops(self, fresh_database_url: str, ask) -> None:
        first: list[int] = []
        second: list[int] = []
        with ExitStack() as later:
            with candidate(fresh_database_url, lambda: first.append(1)):
                eventually(lambda: bool(first))
                later.enter_context(candidate(fresh_database_url, lambda: second.append(1)))
                told = len(first)
                eventually(lambda: len(first) >= told + 2)
                assert second == []
                assert len(ask(_LEADERS)) == 1
            ended = len(first)
            eventually(lambda: bool(second))
            assert len(first) == ended

    def test_leads_again_after_its_line_to_the_database_was_cut(self, fresh_database_url: str, ask) -> None:
        seen: list[int] = []
        with candidate(fresh_database_url, lambda: seen.append(1)):
            eventually(lambda: bool(seen))
            [(before,)] = ask(_LEADERS)
            ask(f"SELECT pg_terminate_backend({before})")
            eventually(lambda: bool(ask(_LEADERS)) and ask(_LEADERS) != [(before,)])
            told = len(seen)
            eventually(lambda: len(seen) > told)
