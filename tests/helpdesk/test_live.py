"""Live updates: ids leave with the commit, never before and never without it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import takewhile
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import text

from helpdesk import database, jobs, live
from helpdesk.db import db
from helpdesk.live import CHANNEL, RESYNC, Full, Hub, Stream
from helpdesk.tickets import conversing, lifecycle
from helpdesk.tickets.inputs import Answer
from tests.plugins.world import World

ALL = "that_is_all"
"""A channel of our own: what is not for browsers would end a hub that listens in this process."""


class Ear:
    """Listens as a web worker does."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def heard(self) -> list[dict]:
        """What was told since the last time: notices come in the order of their commits, and ours ends them."""
        self.connection.execute(f"NOTIFY {ALL}")
        told = takewhile(lambda notice: notice.channel != ALL, self._notices())
        return [json.loads(line) for notice in told for line in notice.payload.splitlines()]

    def _notices(self) -> Iterator[psycopg.Notify]:
        yield from self.connection.notifies(timeout=20)
        pytest.fail("our own notice never came")


def heard(stream: Stream) -> bytes:
    """The next event. That the stream is still there, which it says by the clock, is none."""
    return next(said for said in stream if not said.startswith(b":"))


@pytest.fixture
def ear(world: World, database_url: str) -> Iterator[Ear]:
    with psycopg.connect(database.conninfo(database_url), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        connection.execute(f"LISTEN {ALL}")
        yield Ear(connection)


class TestAnnounce:
    def test_leaves_with_the_commit(self, world: World, ear: Ear):
        ticket = conversing.open_ticket(world.olive, world.words())
        conversing.receive(ticket, world.olive, world.words())
        assert ear.heard() == []
        db.session.commit()
        assert [one["kind"] for one in ear.heard()] == ["ticket.opened", "message.received"]

    def test_carries_ids_and_kinds_only(self, world: World, ear: Ear):
        ticket = world.ticket("Secret words")
        told = ear.heard()
        assert {key for one in told for key in one} == {"event", "id", "kind", "ticket"}
        assert {one["ticket"] for one in told} == {ticket.number}
        assert "Secret" not in json.dumps(told)

    def test_never_leaves_after_a_rollback(self, world: World, ear: Ear):
        ticket = world.ticket()
        ear.heard()
        lifecycle.resolve(ticket, by=world.ben)
        db.session.rollback()
        db.session.execute(text("SELECT 1"))
        db.session.commit()
        assert ear.heard() == []

    def test_outlives_a_savepoint_that_fails(self, world: World, ear: Ear):
        ticket = world.ticket()
        ear.heard()
        lifecycle.resolve(ticket, by=world.ben)
        jobs.defer("deliver", key="same", delivery_id=1)
        jobs.defer("deliver", key="same", delivery_id=1)
        lifecycle.reopen(ticket, by=world.ben)
        db.session.commit()
        assert [one["kind"] for one in ear.heard()] == ["ticket.resolved", "ticket.reopened"]

    def test_of_a_savepoint_that_failed_is_not_told(self, world: World, ear: Ear):
        ticket = world.ticket()
        ear.heard()
        savepoint = db.session.begin_nested()
        lifecycle.resolve(ticket, by=world.ben)
        savepoint.rollback()
        lifecycle.mark_spam(ticket, by=world.ben)
        db.session.commit()
        assert [one["kind"] for one in ear.heard()] == ["ticket.spammed"]

    def test_of_very_many_changes_arrives_whole(self, world: World, ear: Ear):
        for number in range(500):
            live.announce(kind="ticket.tagged", ticket=SimpleNamespace(number=number))
        db.session.commit()
        assert [one["ticket"] for one in ear.heard()] == list(range(500))

    def test_can_be_silenced_for_one_transaction(self, world: World, ear: Ear):
        live.silence()
        ticket = world.ticket()
        assert ear.heard() == []
        conversing.note(ticket, Answer(body="x"), by=world.ben)
        db.session.commit()
        assert [one["kind"] for one in ear.heard()] == ["note.added"]


class TestHub:
    @pytest.fixture
    def hub(self, world: World, database_url: str) -> Iterator[Hub]:
        hub = Hub(database.conninfo(database_url), limit=2)
        yield hub
        hub.is_alive = lambda: False
        if hub._thread is not None:
            hub._thread.join(5)

    def test_gives_every_browser_every_change(self, world: World, hub: Hub):
        streams = [hub.stream(1) for _ in range(2)]
        for stream in streams:
            assert next(stream).endswith(b"event: hello\ndata: {}\n\n")
            assert heard(stream) == RESYNC
        ticket = world.ticket()
        for stream in streams:
            assert f'"ticket":{ticket.number}'.encode() in heard(stream)
            stream.close()
        assert hub.count == 0

    def test_that_listens_before_a_browser_comes_asks_it_for_nothing(self, world: World, hub: Hub):
        hub.start()
        until = time.monotonic() + 10
        while not hub._recent:  # it says once that it listens
            assert time.monotonic() < until
            time.sleep(0.01)
        stream = hub.stream(1)
        next(stream)
        ticket = world.ticket()
        assert f'"ticket":{ticket.number}'.encode() in heard(stream)
        stream.close()

    def test_is_full_at_its_limit_and_has_room_when_somebody_left(self, hub: Hub):
        first, second = hub.stream(1), hub.stream(1)
        next(first), next(second)
        with pytest.raises(Full):
            hub.stream(1)
        first.close()
        third = hub.stream(1)
        next(third)
        second.close()
        third.close()

    def test_a_stream_that_never_began_gives_its_place_back(self, hub: Hub):
        """A browser that goes away before the first byte."""
        streams = [hub.stream(1) for _ in range(2)]
        for stream in streams:
            stream.close()
        assert hub.count == 0

    def test_ends_for_whom_may_no_longer_listen(self, hub: Hub, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(live, "CHECK_SECONDS", 0)
        hub.living = lambda sessions: sessions - {2}
        staying, ending = hub.stream(1), hub.stream(2)
        assert next(ending).startswith(b"retry")
        assert [said for said in ending if not said.startswith(b":")][-1:] in ([], [live.RESYNC])
        assert hub.count == 1
        staying.close()

    def test_a_reader_that_is_too_slow_is_told_to_look_again(self, hub: Hub):
        told_apart = threading.Event()
        hub.is_alive = lambda: told_apart.wait(20) and False  # until then it says nothing of its own
        stream = hub.stream(1)
        next(stream)
        for number in range(501):
            hub.broadcast(b"%d" % number)
        hub.broadcast(b"after")
        told = [next(stream) for _ in range(2)]
        assert told[0] == RESYNC
        assert told[1] == b"after"
        told_apart.set()
        stream.close()

    def test_listens_again_after_the_database_was_away(self, world: World, hub: Hub):
        stream = hub.stream(1)
        assert [next(stream), heard(stream)][1] == RESYNC
        asked = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query = :query AND datname = current_database()"
        )
        db.session.execute(text(asked), {"query": f"LISTEN {CHANNEL}"})
        db.session.commit()
        assert heard(stream) == RESYNC
        ticket = world.ticket()
        assert f'"ticket":{ticket.number}'.encode() in heard(stream)
        stream.close()
        assert threading.active_count() < 50
