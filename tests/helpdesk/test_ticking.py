"""The watcher outside hears from us once a minute while all is well, and the silence that is its alarm otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from helpdesk import ticking
from helpdesk.now import now, travel
from helpdesk.settings import settings
from tests.fakes.web_server import WebServer
from tests.helpdesk.test_scheduler import candidate, eventually


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    with WebServer() as outside:
        monkeypatch.setenv("HELPDESK_HEARTBEAT_URL", f"http://127.0.0.1:{outside.port}/kept")
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
        settings.cache_clear()
        yield outside
    monkeypatch.undo()
    settings.cache_clear()


class TestTheWatcherOutside:
    def test_is_called_while_the_scheduler_ticks_and_no_more_once_it_was_dead_for_a_minute(
        self, fresh_database_url, watcher
    ):
        is_alive, calls = [True], []

        def beat():
            if is_alive:
                ticking.beat()

        def call_out():
            ticking.call_out()
            calls.append(now())

        def after_two_more_calls():
            done = len(calls)
            eventually(lambda: len(calls) >= done + 2)
            return len(watcher.asked)

        with candidate(fresh_database_url, beat, call_out):
            eventually(lambda: len(watcher.asked) >= 2)
            assert {(one.method, one.path) for one in watcher.asked} == {("GET", "/kept")}
            is_alive.clear()
            told = after_two_more_calls()
            assert after_two_more_calls() > told, "a scheduler that was seen within the minute is no alarm"
            with travel(seconds=60):
                told = after_two_more_calls()
                assert after_two_more_calls() == told

    def test_is_not_called_by_a_scheduler_that_never_ran(self, world, watcher):
        ticking.call_out()
        assert watcher.asked == []

    @pytest.mark.parametrize(("seconds", "calls"), [(59, 1), (60, 0)])
    def test_is_called_for_less_than_a_minute_of_silence(self, world, watcher, seconds, calls):
        with travel(to=now()):
            at = now()
            ticking.beat()
        with travel(to=at + timedelta(seconds=seconds)):
            ticking.call_out()
        assert len(watcher.asked) == calls

    def test_is_not_called_while_nobody_sends(self, world, watcher):
        ticking.beat()
        world.reply(world.ticket())
        ticking.call_out()
        assert len(watcher.asked) == 1
        with travel(minutes=6):
            ticking.beat()
            ticking.call_out()
        assert len(watcher.asked) == 1
