"""The parser in a process of its own, which a hostile mail may crash, fill or stall without harm to anything else."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock, Timer

from channels.adapter import Envelope, Quarantine
from channels.email import frames, limits

WALL_SECONDS = 14.0
"""What is left of 15 seconds after killing the child and saying so."""
BATCH_BYTES = 2**20
IDLE_SECONDS = 60.0
"""A child nobody needed for so long is ended: it is 15 MB, and the next one is there in a fifth of a second."""

_ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_PIPE_BYTES = 2**20


class Sandbox:
    """A long-lived parser process, started when needed and ended when idle or harmed. One caller at a time."""

    def __init__(
        self, *, own_addresses: frozenset[str] = frozenset(), trusted_authserv: frozenset[str] = frozenset(),
        wall_seconds: float = WALL_SECONDS, idle_seconds: float = IDLE_SECONDS,
    ) -> None:  # fmt: skip
        self.own_addresses = own_addresses
        self.trusted_authserv = trusted_authserv
        self._wall_seconds = wall_seconds
        self._idle_seconds = idle_seconds
        self._lock = Lock()
        self._child: _Child | None = None
        self._used = 0.0
        self._rest: Timer | None = None
        self._crashed_on: bytes | None = None

    def parse(self, raw: bytes) -> Envelope:
        """The envelope of one message.

        Raises:
            Quarantine: it is over a limit, or parsing it took too long, too much memory, or crashed.
        """
        (result,) = self.parse_many([raw])
        if isinstance(result, Quarantine):
            raise result
        return result

    def parse_many(self, raws: Sequence[bytes]) -> list[Envelope | Quarantine]:
        """One result for each message, in order. A message that kills the parser costs the others nothing."""
        return list(self.parse_each(raws))

    def parse_each(self, raws: Sequence[bytes]) -> Iterator[Envelope | Quarantine]:
        """The same one by one while the parser reads on; nobody else parses until the last is taken."""
        with self._lock:
            for batch in _batches(raws):
                done = 0
                while done < len(batch):
                    for result in self._attempt(batch[done:]):
                        done += 1
                        yield result
            self._used = time.monotonic()
            self._rest_later(self._idle_seconds)

    def close(self) -> None:
        """End the parser process; the next parse starts a new one."""
        with self._lock:
            self._drop()
            if self._rest is not None:
                self._rest.cancel()
                self._rest = None

    @property
    def pid(self) -> int | None:
        """The process id of the running parser, if any."""
        child = self._child  # it may be ended for its idleness at any time
        return child.process.pid if child else None

    def _rest_later(self, seconds: float) -> None:
        """See whether the child is idle after so long, unless that is due already."""
        if self._child is not None and (self._rest is None or not self._rest.is_alive()):
            self._rest = Timer(seconds, self._rest_if_idle)
            self._rest.daemon = True
            self._rest.start()

    def _rest_if_idle(self) -> None:
        with self._lock:
            self._rest = None
            left = self._used + self._idle_seconds - time.monotonic()
            if left <= 0:
                self._drop()
            else:
                self._rest_later(left)

    def _attempt(self, batch: list[bytes]) -> Iterator[Envelope | Quarantine]:
        """Results up to and with the first message that cost us the child."""
        if len(batch[0]) > limits.RAW_BYTES:
            yield Quarantine(f"The message is larger than {limits.RAW_BYTES // 2**20} MB.")
            return
        answered = 0
        try:
            child = self._running()
            child.send(batch, self.own_addresses, self.trusted_authserv)
            for _ in batch:
                result = child.receive()
                answered += 1
                yield result
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            yield from self._lose(batch[answered])
        except GeneratorExit:
            self._drop()  # answers nobody took would be taken for those of the next messages
            raise
        if self._child is not None and self._child.tired:
            self._drop()

    def _lose(self, raw: bytes) -> list[Envelope | Quarantine]:
        """Give up the child and, unless something else may have killed it, the message it was reading."""
        late = self._child is not None and self._child.out_of_time()
        lost: list[Envelope | Quarantine] = []
        if late or self._crashed_on is raw:
            lost.append(Quarantine(self._why()))
            self._crashed_on = None
        else:
            self._crashed_on = raw
        self._drop()
        return lost

    def _running(self) -> _Child:
        if self._child is None or not self._child.is_ours():
            self._drop()
            self._child = _Child(self._wall_seconds)
        return self._child

    def _why(self) -> str:
        if self._child is None:
            return "The parser could not be started."
        return self._child.why()

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """One parser process and the pipes to it."""

    def __init__(self, wall_seconds: float) -> None:
        self._owner = os.getpid()
        self._wall_seconds = wall_seconds
        self.tired = False
        self._late = False
        self._deadline = 0.0
        self._pending = bytearray()
        # Nothing of our environment goes along: no database address, no keys.
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self.process = subprocess.Popen(  # our own interpreter and module, no foreign word in it
            [sys.executable, "-m", "channels.email.parser_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={**environment, "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
            bufsize=0,
            pipesize=_PIPE_BYTES,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in = self.process.stdin.fileno()
        self._out = self.process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(self._in, select.POLLOUT)
        self._readable.register(self._out, select.POLLIN)

    def is_ours(self) -> bool:
        """False after a fork, and when the process ended."""
        return self._owner == os.getpid() and self.process.poll() is None

    def send(self, raws: list[bytes], own: frozenset[str], trusted: frozenset[str]) -> None:
        """Hand over a batch; the child reads all of it before it answers, so this cannot block both."""
        self._deadline = time.monotonic() + self._wall_seconds
        facts = {"own": sorted(own), "trusted": sorted(trusted)}
        chunks = frames.pack(facts, raws)
        small = [b"".join(chunks)] if sum(map(len, chunks)) < BATCH_BYTES * 2 else chunks
        for chunk in small:
            view = memoryview(chunk)
            while view:
                view = view[self._write(view) :]

    def receive(self) -> Envelope | Quarantine:
        """The next answer; each has the whole wall time to itself."""
        self._deadline = time.monotonic() + self._wall_seconds
        facts, sections = frames.unpack(self._read)
        self.tired = self.tired or bool(facts.get("tired"))
        if "refused" in facts:
            return Quarantine(str(facts["refused"]))
        return frames.envelope_in(facts, sections)

    def why(self) -> str:
        """Why it failed, in words for a person."""
        if self._late:
            return f"Reading the message took longer than {self._wall_seconds:.0f} seconds."
        if self.out_of_time():
            return "Reading the message took more than 10 seconds of computing."
        return "Reading the message crashed the parser."

    def out_of_time(self) -> bool:
        """True when a limit of time ended it, which would end it again."""
        return self._late or self._ended() == -signal.SIGPROF

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        if self._owner == os.getpid() and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _ended(self) -> int:
        try:
            return self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return 0

    def _write(self, view: memoryview) -> int:
        try:
            return os.write(self._in, view)
        except BlockingIOError:
            self._wait(self._writable)
            return 0

    def _read(self, size: int) -> bytes:
        pending = self._pending
        while len(pending) < size:
            self._wait(self._readable)
            found = os.read(self._out, max(size - len(pending), 2**16))
            if not found:
                raise EOFError
            pending += found
        taken = bytes(memoryview(pending)[:size])
        del pending[:size]
        return taken

    def _wait(self, poll: select.poll) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            self._late = True
            raise TimeoutError


def _batches(raws: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The messages in bunches that fit a pipe; a large one alone."""
    batch: list[bytes] = []
    size = 0
    for raw in raws:
        if batch and size + len(raw) > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(raw)
        size += len(raw)
    if batch:
        yield batch
