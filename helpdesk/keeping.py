"""Keep a list of programs running: forward what they say, restart what exits, stop all of it and leave nothing."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from helpdesk import processes
from helpdesk.processes import Program

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STABLE_SECONDS = 30.0
"""A program that ran this long has recovered: its next restart waits the first pause again."""
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str, str], None]
"""Takes a program's name and one line of its output."""


@dataclass
class _Child:
    program: Program
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    pause: float = FIRST_PAUSE
    output: int = -1
    partial: bytes = field(default=b"", repr=False)


class Keeper:
    """Runs `programs` until a signal asks it to stop; `watch` is called at least every second."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        say: Say,
        grace: float,
        watch: Callable[[], None] = lambda: None,
        spared: Callable[[], set[int]] = set,
    ) -> None:
        """`grace` in seconds between asking and killing; `spared` are children somebody else looks after."""
        self._children = [_Child(program) for program in programs]
        self._say = say
        self._watch = watch
        self._grace = grace
        self._requests = 0
        self._selector = selectors.DefaultSelector()
        self._spared = spared

    def keep(self) -> None:
        """Returns once every program and everything it started is gone."""
        processes.adopt_orphans()
        with self._signals(), self._selector:
            try:
                while not self._requests:
                    self._start_due()
                    self._listen(0.5)
                    self._reap()
                    self._watch()
            finally:
                self._stop()

    def _start_due(self) -> None:
        for child in self._children:
            if not child.pid and child.due <= time.monotonic():
                self._start(child)

    def _start(self, child: _Child) -> None:
        child.output, theirs = os.pipe()
        os.set_blocking(child.output, False)
        self._selector.register(child.output, selectors.EVENT_READ, child)
        child.started = time.monotonic()
        child.pid = processes.spawn(child.program, theirs)
        os.close(theirs)

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, _Child):
                self._read(key.data)
            else:
                with suppress(BlockingIOError):
                    os.read(key.fd, 4096)

    def _read(self, child: _Child) -> bool:
        """Forward what is there; False at the end or when there is no more now."""
        try:
            chunk = os.read(child.output, 65536)
        except BlockingIOError:
            return False
        *lines, child.partial = (child.partial + chunk).split(b"\n")
        for line in lines:
            self._say(child.program.name, line.decode(errors="replace"))
        if not chunk:
            self._selector.unregister(child.output)
        return bool(chunk)

    def _reap(self) -> None:
        """Collect whoever died, ours or adopted."""
        for pid in self._strays() | {child.pid for child in self._running()}:
            with suppress(ChildProcessError):
                gone, status = os.waitpid(pid, os.WNOHANG)
                child = next((child for child in self._children if child.pid == gone), None)
                if gone and child is not None:
                    self._ended(child, os.waitstatus_to_exitcode(status))

    def _ended(self, child: _Child, code: int) -> None:
        processes.end_group(child.pid, signal.SIGKILL)  # whatever it started goes with it
        self._close(child)
        if time.monotonic() - child.started >= STABLE_SECONDS:
            child.pause = FIRST_PAUSE
        child.pid = 0
        child.due = time.monotonic() + child.pause
        if not self._requests:
            how = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
            self._say("supervisor", f"{child.program.name} {how}; it starts again in {child.pause:.0f} s")
        child.pause = min(child.pause * 2, LONGEST_PAUSE)

    def _close(self, child: _Child) -> None:
        while child.output in self._selector.get_map() and self._read(child):
            pass
        if child.partial:
            self._say(child.program.name, child.partial.decode(errors="replace"))
            child.partial = b""
        if child.output in self._selector.get_map():
            self._selector.unregister(child.output)
        os.close(child.output)
        child.output = -1

    def _stop(self) -> None:
        """Ask, wait, insist; then end every orphan that came to us. A second signal cuts the waiting short."""
        asked = self._requests
        for child in self._running():
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
        end = time.monotonic() + self._grace
        while any(self._running()) and time.monotonic() < end and self._requests <= max(asked, 1):
            self._listen(0.1)
            self._reap()
        while left := self._strays() | {child.pid for child in self._running()}:
            for pid in left:
                processes.end_group(pid, signal.SIGKILL)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._listen(0.05)
            self._reap()

    def _strays(self) -> set[int]:
        """Our children, orphans that came to us among them, but for those somebody else looks after."""
        return processes.children() - self._spared()

    def _running(self) -> list[_Child]:
        return [child for child in self._children if child.pid]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals are counted, and wake the selector."""
        heard, wake = os.pipe()
        for end in (heard, wake):
            os.set_blocking(end, False)
        self._selector.register(heard, selectors.EVENT_READ, None)
        before = {number: signal.signal(number, self._request) for number in _STOPPING}
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        previous = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(previous)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(heard)
            os.close(wake)

    def _request(self, *_: object) -> None:
        self._requests += 1


def run_once(program: Program, say: Say) -> int:
    """Run `program` to its end; its exit status, negative for the signal that killed it."""
    ours, theirs = os.pipe()
    pid = processes.spawn(program, theirs)
    os.close(theirs)
    try:
        with os.fdopen(ours, errors="replace") as lines:
            for line in lines:
                say(program.name, line.rstrip("\n"))
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except BaseException:
        processes.end_group(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
        raise
