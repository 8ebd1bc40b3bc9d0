"""The crowd: sockets of strangers, each told of its topic alone, none of them able to hold the others up."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest

from helpdesk.crowd import Crowd, Crowded


class Site:
    def __init__(self, **limits: int) -> None:
        self.crowd = Crowd(**{"limit": 50, **limits}, look_seconds=0.05)
        self.ends: list[socket.socket] = []

    def join(self, topic: str, place: str = "192.0.2.1") -> socket.socket:
        ours, theirs = socket.socketpair()
        self.ends += [ours, theirs]
        self.crowd.join(ours, topic, place, b"HTTP/1.1 200 OK\r\n\r\n")
        theirs.settimeout(20)
        assert b"event: hello" in until(lambda: theirs.recv(4096))
        return theirs


@pytest.fixture
def site() -> Iterator[Site]:
    made: list[Site] = [Site()]
    yield made[0]
    for one in made[0].ends:
        one.close()


def until(look: Callable[[], object]) -> object:
    end = time.monotonic() + 20
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
    return found


def heard(one: socket.socket) -> bytes:
    """What it is told next, apart from the line by which it is kept open; nothing once it is closed."""
    while said := one.recv(4096):
        if words := said.replace(b": still here\n\n", b""):
            return words
    return b""


def quiet(one: socket.socket) -> bool:
    one.settimeout(0.2)
    try:
        return not heard(one)
    except TimeoutError:
        return True


class TestAWord:
    def test_reaches_its_topic_and_no_other(self, site: Site):
        olive, jonas = site.join("olive"), site.join("jonas")
        site.crowd.tell("olive", "look")
        assert heard(olive) == b"event: look\ndata: {}\n\n"
        assert quiet(jonas)

    def test_to_all_reaches_all(self, site: Site):
        everybody = [site.join(name) for name in ("olive", "jonas", "nora")]
        site.crowd.tell("", "look")
        assert all(b"look" in heard(one) for one in everybody)

    def test_waits_for_nobody_who_does_not_read(self, site: Site):
        slow, olive = site.join("slow"), site.join("olive")
        for _ in range(30_000):
            site.crowd.tell("slow", "look")
        site.crowd.tell("olive", "look")
        assert b"look" in heard(olive)
        until(lambda: site.crowd.count == 1)
        assert slow.fileno() > 0


class TestASocket:
    def test_that_closes_is_let_go(self, site: Site):
        site.join("olive").close()
        until(lambda: site.crowd.count == 0)

    def test_gives_way_when_its_topic_has_too_many(self):
        site = Site(per_topic=2)
        first, *_ = [site.join("olive") for _ in range(3)]
        assert until(lambda: first.recv(4096) == b"")
        assert site.crowd.count == 2
        for one in site.ends:
            one.close()

    @pytest.mark.parametrize("limits", [{"limit": 2}, {"each": 2}])
    def test_is_not_taken_when_there_are_too_many(self, limits: dict[str, int]):
        site = Site(**limits)
        for name in ("olive", "jonas"):
            site.join(name)
        until(lambda: site.crowd.count == 2)
        with pytest.raises(Crowded):
            site.join("nora")
        for one in site.ends:
            one.close()


class TestPresence:
    def test_is_noted_when_the_last_of_a_topic_leaves(self, site: Site):
        noted: list[tuple[set[str], set[str]]] = []
        site.crowd.noted = lambda here, left: noted.append((here, left))
        first, second = site.join("olive"), site.join("olive")
        until(lambda: ({"olive"}, set()) in noted)
        first.close()
        time.sleep(0.3)
        assert not any(left for _, left in noted)
        second.close()
        until(lambda: (set(), {"olive"}) in noted)
