"""Live updates: ids of what changed leave with the commit and reach every open browser."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import psycopg
from sqlalchemy import event as sa_event
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.session import around, inside

log = logging.getLogger(__name__)

CHANNEL = "kept_live"
KEEP_ALIVE_SECONDS = 12
CHECK_SECONDS = 3.0
_QUEUE = 500
_RECENT = timedelta(seconds=30)
_MARGIN = timedelta(seconds=1)  # a page says when it was drawn, and its rows were read before that
_PAYLOAD_LIMIT = 7000  # PostgreSQL refuses 8,000 bytes


class Numbered(Protocol):
    """A ticket, whose number the database gives it when its row is written."""

    @property
    def number(self) -> int: ...


def announce(*, kind: str, ticket: Numbered | None = None, id: int = 0, message: int = 0) -> None:  # noqa: A002 - the wire's word
    """Tell every browser, when this transaction commits, that `ticket` changed, or something of no ticket."""
    session = db.session()
    change = {"event": id, "id": message or id, "kind": kind, "ticket": ticket}
    session.info.setdefault("changes", []).append((inside(session), change))


def whisper(*, to: str, kind: str) -> None:
    """Tell whoever listens to the topic `to`, when this transaction commits; no agent's browser hears of it."""
    session = db.session()
    session.info.setdefault("changes", []).append((inside(session), {"to": to, "kind": kind}))


def silence() -> None:
    """Announce nothing of this transaction (imports, seeds)."""
    db.session.info["silent"] = True


@sa_event.listens_for(Session, "before_commit")
def _notify(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint is no commit
        return
    changes = session.info.pop("changes", [])
    if session.info.pop("silent", False) or not changes:
        return
    session.flush()
    for batch in _batches([_numbered(change) for _, change in changes]):
        session.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": batch})


def _numbered(change: dict[str, Any]) -> dict[str, Any]:
    if "to" in change:
        return change
    ticket = change["ticket"]
    return {**change, "ticket": ticket.number if ticket is not None else 0}


@sa_event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, undone: SessionTransaction) -> None:
    """A savepoint that is rolled back takes along what was announced inside it, the whole transaction everything."""
    if undone.parent is None:
        session.info.pop("changes", None)
        session.info.pop("silent", None)
        return
    changes = session.info.get("changes", [])
    changes[:] = [(within, change) for within, change in changes if undone not in around(within)]


def _batches(changes: list[dict[str, Any]]) -> Iterator[str]:
    lines: list[str] = []
    size = 0
    for change in changes:
        line = json.dumps(change, separators=(",", ":"))
        if size + len(line) > _PAYLOAD_LIMIT:
            yield "\n".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    yield "\n".join(lines)


class Full(Exception):
    """Every stream of this process is taken; the browser polls until one is free."""


Living = Callable[[set[int]], set[int]]
"""Which of these sessions still open doors."""

Whispered = Callable[[str, str], None]
"""Takes a topic, empty for all of them, and what is said to it."""


@dataclass(eq=False)
class Stream:
    """One browser's place in the fan-out, and its events as they come. None in the queue ends it.

    Closing gives the place back, also before the first event was asked for.
    """

    session_id: int
    leave: Callable[[Stream], None]
    slot: int = 0
    """Which second of the keep-alive's round is its own, so that never all threads wake together."""
    queue: SimpleQueue[bytes | None] = field(default_factory=SimpleQueue)
    begun: bool = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self.begun:
            self.begun = True
            return b"retry: %d\nevent: hello\ndata: {}\n\n" % random.randint(1000, 3000)  # noqa: S311 - jitter
        payload = self.queue.get()
        if payload is None:
            self.close()
            raise StopIteration
        return payload

    def close(self) -> None:
        self.leave(self)

    def put(self, payload: bytes | None) -> None:
        """Add an event. A reader that cannot follow finds one word instead of the rest: look again."""
        if payload is None:
            _drain(self.queue)
        elif self.queue.qsize() >= _QUEUE:
            payload = None if _drain(self.queue) else RESYNC
        self.queue.put(payload)


class Hub:
    """One LISTEN connection of a process, fanned out to bounded queues."""

    def __init__(self, url: str, *, limit: int) -> None:
        self._url = url
        self._limit = limit
        self._streams: set[Stream] = set()
        self._recent: deque[tuple[datetime, bytes]] = deque(maxlen=_QUEUE // 2)
        self._opened = 0
        self._ended = False
        self._beaten = int(time.monotonic())
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.is_alive: Callable[[], bool] = lambda: True
        self.living: Living = lambda sessions: sessions
        self.whispered: Whispered = lambda _topic, _kind: None

    def start(self) -> None:
        """Listen from now on. Before the first browser comes, so that none has to ask for its page a second time."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="live", daemon=True)
                self._thread.start()

    def stream(self, session_id: int, *, after: datetime | None = None) -> Stream:
        """Server-sent events for one browser until it leaves, the worker stops or its session ends.

        `after` is when its page was drawn: what was heard since is told again, so that nothing falls between page and
        stream. A page that is older than half a minute looks again by itself.

        Raises:
            Full: at once, when the process has no stream left or stops.
        """
        with self._lock:
            if self._ended or len(self._streams) >= self._limit:
                raise Full
            self._opened += 1
            stream = Stream(session_id, self._leave, self._opened % KEEP_ALIVE_SECONDS)
            self._streams.add(stream)
            for payload in self._heard_since(after) if after else ():
                stream.put(payload)
        self.start()
        return stream

    def broadcast(self, payload: bytes | None) -> None:
        """Give one ready event to every browser, also to those whose page is on its way."""
        with self._lock:
            streams = list(self._streams)
            if payload is not None:
                self._recent.append((now(), payload))
        for stream in streams:
            stream.put(payload)

    def _heard_since(self, after: datetime) -> list[bytes]:
        if now() - after > _RECENT:
            return []
        missed = [payload for at, payload in self._recent if at >= after - _MARGIN]
        return [RESYNC] if RESYNC in missed or len(missed) == self._recent.maxlen else missed

    @property
    def count(self) -> int:
        return len(self._streams)

    def _leave(self, stream: Stream) -> None:
        with self._lock:
            self._streams.discard(stream)

    def _listen(self) -> None:
        """Hear what was announced, and look every few seconds whose session has ended."""
        pause = 0.2
        while self.is_alive():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.broadcast(RESYNC)  # what was said while nobody listened is lost
                    self.whispered("", "resync")
                    pause = 0.2
                    self._hear(connection)
            except (psycopg.Error, SQLAlchemyError):
                log.warning("live_connection_lost")
                self._keep_alive()
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
        with self._lock:
            self._ended = True  # nobody would wake a stream opened behind this
        self.broadcast(None)

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        looked = time.monotonic()
        while self.is_alive():
            for notice in connection.notifies(timeout=1.0):
                self._pass_on(notice.payload)
            self._keep_alive()
            if time.monotonic() - looked > CHECK_SECONDS:
                looked = time.monotonic()
                self._end_dead_sessions()

    def _pass_on(self, payload: str) -> None:
        """Whispers to who is meant, everything else to every browser."""
        lines = payload.splitlines()
        said = [line for line in lines if line.startswith(_WHISPER)]
        if len(said) < len(lines):
            self.broadcast(_as_events([line for line in lines if not line.startswith(_WHISPER)]))
        for line in said:
            change = json.loads(line)
            self.whispered(str(change["to"]), str(change["kind"]))

    def _keep_alive(self) -> None:
        """A line for the streams whose second has come since the last call; their threads sleep without a timer."""
        at = int(time.monotonic())
        due = {second % KEEP_ALIVE_SECONDS for second in range(max(self._beaten, at - KEEP_ALIVE_SECONDS) + 1, at + 1)}
        self._beaten = at
        with self._lock:
            streams = [stream for stream in self._streams if stream.slot in due]
        for stream in streams:
            stream.put(_STILL_HERE)

    def _end_dead_sessions(self) -> None:
        with self._lock:
            streams = list(self._streams)
        living = self.living({stream.session_id for stream in streams})
        for stream in streams:
            if stream.session_id not in living:
                stream.put(None)


RESYNC = b"event: resync\ndata: {}\n\n"
_STILL_HERE = b": still here\n\n"


_WHISPER = '{"to":'


def _as_events(lines: Sequence[str]) -> bytes:
    return b"".join(
        b"id: %d\nevent: change\ndata: %s\n\n" % (json.loads(line)["event"], line.encode()) for line in lines
    )


def _drain(queue: SimpleQueue[bytes | None]) -> bool:
    """Throw away what waits; whether the end was among it."""
    ended = False
    while True:
        try:
            ended |= queue.get_nowait() is None
        except Empty:
            return ended
