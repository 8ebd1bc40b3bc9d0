"""The door where providers call, in a storm: what it holds while it waits, and whom it slows down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from channels.models import Channel
from channels.web import hooks
from helpdesk.access.throttle import Bucket, Counted
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.settings import settings
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.planting import planted
from tests.fakes import telegram
from tests.plugins.product import queries
from tests.plugins.world import World

GENUINE = telegrams.BENCH.sign(b"")


@pytest.fixture
def channel(world: World) -> Channel:
    secrets = {"token": telegram.TOKEN, "hook_secret": telegrams.SECRET}
    return planted("telegram", f"@{telegram.USERNAME}", {"incoming": "webhook"}, secrets, key=telegrams.KEY)


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HELPDESK_TRUSTED_PROXIES", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def call(world: World, **headers: str) -> TestResponse:
    path, raw = f"/hooks/telegram/{telegrams.KEY}", telegrams.message(Said())
    with world.app.test_client() as client:
        return client.post(path, data=raw, headers=headers, content_type="application/json")


@pytest.mark.usefixtures("channel")
class TestAStorm:
    def test_needs_one_connection_for_each_call_so_that_none_waits_for_what_another_holds(self, world: World):
        db.session.remove()
        with ExitStack() as taken:
            for _ in range(db.engine.pool.size() + db.engine.pool._max_overflow - 1):
                taken.enter_context(db.engine.connect())
            assert call(world, **GENUINE).status_code == 200

    def test_slows_down_who_calls_more_often_than_any_provider(self, world: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(hooks, "_CALLS", Counted(Bucket("hook", 2, timedelta(minutes=1))))
        answers = [call(world, **GENUINE) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert int(answers[2].headers["Retry-After"]) in range(1, 31)

    def test_does_not_write_the_channel_s_own_row_for_each_call(self, world: World, channel: Channel):
        with travel(to=now()), queries() as sent:
            for _ in range(3):
                assert call(world, **GENUINE).status_code == 200
        assert len([one for one in sent if one.startswith("UPDATE channel")]) == 1


@pytest.mark.usefixtures("channel", "behind_a_proxy")
class TestForgedCalls:
    def test_are_counted_by_their_sender_and_not_by_the_proxy_they_come_through(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(hooks, "_FORGED", Bucket("hook-forged", 2, timedelta(hours=1)))
        for _ in range(2):
            assert call(world, **{"X-Forwarded-For": "203.0.113.7"}).status_code == 401
        assert call(world, **{"X-Forwarded-For": "203.0.113.7"}).status_code == 429
        assert call(world, **{"X-Forwarded-For": "203.0.113.8"}).status_code == 401
        assert call(world, **{"X-Forwarded-For": "203.0.113.7"}, **GENUINE).status_code == 200
