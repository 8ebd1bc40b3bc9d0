"""The hub: what a stream gives when it is quiet, when it lags behind and when it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from helpdesk import live
from helpdesk.live import Full, Hub, Stream
from helpdesk.now import now, travel

EVENT = b"id: 1\nevent: change\ndata: {}\n\n"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """What it hears is said by the test alone: its own thread waits for the end, and then has nothing to do."""
    told = threading.Event()
    hub = Hub("postgresql://127.0.0.1:1/none?connect_timeout=1", limit=2)
    hub.is_alive = lambda: told.wait() and False
    yield hub
    told.set()


def opened(hub: Hub) -> Stream:
    stream = hub.stream(7)
    assert b"event: hello" in next(stream)
    return stream


class TestStream:
    def test_hears_what_is_broadcast_in_order(self, hub: Hub) -> None:
        stream = opened(hub)
        hub.broadcast(EVENT)
        hub.broadcast(live.RESYNC)
        assert [next(stream), next(stream)] == [EVENT, live.RESYNC]

    def test_is_told_to_look_at_everything_when_it_lags_behind_and_then_goes_on(self, hub: Hub) -> None:
        stream = opened(hub)
        for _ in range(2_000):
            hub.broadcast(EVENT)
        assert next(stream) == live.RESYNC
        hub.broadcast(b"later")
        rest = []
        while b"later" not in rest:
            rest.append(next(stream))
        assert len(rest) <= 501

    def test_ends_even_when_it_lags_behind(self, hub: Hub) -> None:
        stream = opened(hub)
        for _ in range(2_000):
            hub.broadcast(EVENT)
        hub.broadcast(None)
        assert list(stream) == []
        assert hub.count == 0

    def test_quiet_ones_are_kept_alive_though_the_database_is_away(self, hub: Hub) -> None:
        hub.is_alive = lambda: hub.count > 0
        stream = opened(hub)
        assert next(stream) == b": still here\n\n"
        stream.close()

    def test_no_more_than_allowed(self, hub: Hub) -> None:
        streams = [opened(hub), opened(hub)]
        with pytest.raises(Full):
            hub.stream(7)
        streams.pop().close()
        assert opened(hub)


class TestWhatFellBetweenPageAndStream:
    def test_is_told_again(self, hub: Hub) -> None:
        drawn = now()
        hub.broadcast(EVENT)
        stream = hub.stream(7, after=drawn)
        assert [next(stream), next(stream)][1] == EVENT

    def test_is_not_what_the_page_shows_already(self, hub: Hub) -> None:
        hub.broadcast(b"old")
        with travel(seconds=5):
            drawn = now()
            hub.broadcast(EVENT)
            stream = hub.stream(7, after=drawn)
        assert [next(stream), next(stream)][1] == EVENT

    def test_and_was_much_is_one_word(self, hub: Hub) -> None:
        drawn = now()
        for _ in range(1_000):
            hub.broadcast(EVENT)
        stream = hub.stream(7, after=drawn)
        hub.broadcast(b"later")
        assert [next(stream) for _ in range(3)][1:] == [live.RESYNC, b"later"]

    def test_while_nobody_listened_is_one_word(self, hub: Hub) -> None:
        drawn = now()
        for one in (EVENT, live.RESYNC, EVENT):
            hub.broadcast(one)
        stream = hub.stream(7, after=drawn)
        hub.broadcast(b"later")
        assert [next(stream) for _ in range(3)][1:] == [live.RESYNC, b"later"]

    def test_is_looked_for_by_an_old_page_itself(self, hub: Hub) -> None:
        drawn = now()
        with travel(minutes=1):
            hub.broadcast(EVENT)
            stream = hub.stream(7, after=drawn)
            hub.broadcast(b"later")
        assert [next(stream), next(stream)][1] == b"later"
