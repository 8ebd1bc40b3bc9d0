"""A crowd of streams held by one thread: strangers' sockets, taken over from the web server, each told of one topic.

A stream of an agent holds a thread of the server, and there are as many threads as agents need. Visitors are more, and
anybody can be one, so theirs cost a socket and a few hundred bytes: no thread, no connection to the database. What is
said to a topic is one short word; whoever hears it asks for the rest with their own proof of who they are.
"""

from __future__ import annotations

import logging
import random
import resource
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 20
STILL_HERE_SECONDS = 30.0
_HEAD = b"retry: %d\nevent: hello\ndata: {}\n\n"
_STILL_HERE = b": still here\n\n"

Noted = Callable[[set[str], set[str]], None]
"""Takes the topics somebody listens to and those nobody does any more; called from a thread of its own."""


class Crowded(Exception):
    """No more streams are taken: in all, or from this place."""


@dataclass(slots=True)
class _Listener:
    socket: socket.socket
    topic: str
    place: str


@dataclass(slots=True)
class _Present:
    """Who came and who left since somebody last looked."""

    arrived: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)


class Crowd:
    """`limit` streams in all, `each` from one place and `per_topic` for one topic; the oldest of a topic gives way."""

    def __init__(self, *, limit: int, each: int = 60, per_topic: int = 6, look_seconds: float = 2.0) -> None:
        self._limit, self._each, self._per_topic = limit, each, per_topic
        self._look_seconds = look_seconds
        self._listeners: dict[int, _Listener] = {}
        self._topics: dict[str, list[int]] = {}
        self._places: dict[str, int] = {}
        self._waiting: deque[tuple[_Listener, bytes] | tuple[str, bytes]] = deque()
        self._present = _Present()
        self._lock = threading.Lock()
        self._started = False
        self._bell: tuple[socket.socket, socket.socket] | None = None
        self.noted: Noted = lambda _here, _left: None

    @property
    def count(self) -> int:
        return len(self._listeners)

    def join(self, taken: socket.socket, topic: str, place: str, head: bytes) -> None:
        """Hold this socket from now on; `head` is the response so far, `place` where it comes from.

        Raises:
            Crowded: the socket stays the caller's.
        """
        with self._lock:
            if len(self._listeners) >= self._limit or self._places.get(place, 0) >= self._each:
                raise Crowded
            self._places[place] = self._places.get(place, 0) + 1
        self._start()
        hello = head + _HEAD % random.randint(1000, 3000)  # noqa: S311 - jitter
        self._waiting.append((_Listener(taken, topic, place), hello))
        self._ring()

    def tell(self, topic: str, kind: str) -> None:
        """Say a word to everybody who listens to the topic; an empty one is every topic."""
        if self._started:
            self._waiting.append((topic, b"event: %s\ndata: {}\n\n" % kind.encode()))
            self._ring()

    def _start(self) -> None:
        """In the process that holds the sockets: threads do not survive a fork."""
        with self._lock:
            if self._started:
                return
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            if soft < hard:
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            self._bell = socket.socketpair()
            for end in self._bell:
                end.setblocking(False)
            self._started = True
        threading.Thread(target=self._run, name="crowd", daemon=True).start()
        threading.Thread(target=self._watch, name="crowd-presence", daemon=True).start()

    def _ring(self) -> None:
        assert self._bell is not None
        try:
            self._bell[0].send(b"\0")
        except BlockingIOError:
            pass  # it rings already
        except OSError:
            log.warning("crowd_has_no_bell")

    def _run(self) -> None:
        assert self._bell is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._bell[1], selectors.EVENT_READ, None)
            beaten = int(time.monotonic())
            while True:
                for key, _ in selector.select(1.0):
                    if key.fileobj is self._bell[1]:
                        _drain(self._bell[1])
                    elif _has_left(self._listeners[key.fd].socket):
                        self._drop(selector, key.fd)
                self._serve(selector)
                beaten = self._keep_alive(selector, beaten)

    def _serve(self, selector: selectors.BaseSelector) -> None:
        while self._waiting:
            first, payload = self._waiting.popleft()
            if isinstance(first, _Listener):
                self._admit(selector, first, payload)
            else:
                for number in list(self._listeners) if not first else list(self._topics.get(first, ())):
                    self._send(selector, number, payload)

    def _admit(self, selector: selectors.BaseSelector, one: _Listener, hello: bytes) -> None:
        one.socket.setblocking(False)
        number = one.socket.fileno()
        mine = self._topics.setdefault(one.topic, [])
        if len(mine) >= self._per_topic:
            self._drop(selector, mine[0])
            mine = self._topics.setdefault(one.topic, [])
        mine.append(number)
        self._listeners[number] = one
        self._present.arrived.add(one.topic)
        selector.register(one.socket, selectors.EVENT_READ)
        self._send(selector, number, hello)

    def _send(self, selector: selectors.BaseSelector, number: int, payload: bytes) -> None:
        """All of it or nothing: who cannot take a word just now comes again and asks."""
        try:
            if self._listeners[number].socket.send(payload) == len(payload):
                return
        except OSError:
            pass
        self._drop(selector, number)

    def _drop(self, selector: selectors.BaseSelector, number: int) -> None:
        one = self._listeners.pop(number, None)
        if one is None:
            return
        selector.unregister(one.socket)
        one.socket.close()
        mine = self._topics[one.topic]
        mine.remove(number)
        if not mine:
            del self._topics[one.topic]
            self._present.left.add(one.topic)
        with self._lock:
            self._places[one.place] -= 1
            if not self._places[one.place]:
                del self._places[one.place]

    def _keep_alive(self, selector: selectors.BaseSelector, beaten: int) -> int:
        """A line for the streams whose second has come, so that never all are written to at once."""
        at = int(time.monotonic())
        if at > beaten:
            due = {second % KEEP_ALIVE_SECONDS for second in range(max(beaten, at - KEEP_ALIVE_SECONDS) + 1, at + 1)}
            for number in [one for one in self._listeners if one % KEEP_ALIVE_SECONDS in due]:
                self._send(selector, number, _STILL_HERE)
        return at

    def _watch(self) -> None:
        """Have it noted who came and who left, and now and then who is still here."""
        told = time.monotonic()
        while True:
            time.sleep(self._look_seconds)
            changed, self._present = self._present, _Present()
            here = {topic for topic in changed.arrived if topic in self._topics}
            left = {topic for topic in changed.left if topic not in self._topics}
            if time.monotonic() - told > STILL_HERE_SECONDS:
                told, here = time.monotonic(), set(_snapshot(self._topics))
            if here or left:
                self._note(here, left)

    def _note(self, here: set[str], left: set[str]) -> None:
        try:
            self.noted(here, left)
        except Exception:
            log.warning("crowd_not_noted", exc_info=True)
            self._present.left |= left  # the next look says it again


def _snapshot(topics: dict[str, list[int]]) -> Iterator[str]:
    """Its names while another thread changes it."""
    while True:
        try:
            return iter(list(topics))
        except RuntimeError:
            continue


def _drain(bell: socket.socket) -> None:
    try:
        while bell.recv(4096):
            pass
    except BlockingIOError:
        pass


def _has_left(one: socket.socket) -> bool:
    """What a listener sends means nothing, but its end does."""
    try:
        return not one.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        return True
