"""The embedded server of one `var` folder: started once however many ask, stopped by the last who used it."""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg
from psycopg import sql

from helpdesk.database import address, cluster, process
from helpdesk.database.binaries import Binaries, find
from helpdesk.database.place import OUTSIDE, Place, prepare, reachable
from helpdesk.database.trouble import CannotStart

_RETRY_SECONDS = 5.0
"""How long leftovers of a killed server may stand in the way of a new one."""
_RECOVERY_SECONDS = 600.0
"""How long replaying the log after a crash may take."""
_PASSING = ("lock file", "shared memory block")
"""What the server says while remains of its predecessor are still there."""


@dataclass
class Server:
    """A running embedded server this process uses; a context manager that gives it up at the end."""

    url: str
    place: Place
    binaries: Binaries
    fsync: bool
    _use: IO[str]
    _child: int | None = field(default=None, repr=False)
    """The postmaster's pid where this process started it, and so must reap it."""

    def is_running(self) -> bool:
        """A server answers, or is on its way to."""
        process.reap(self._child)
        return process.speaks(self.place.socket)

    def restart(self) -> None:
        """Bring it back after it died; harmless when it did not.

        Raises:
            CannotStart: it does not come back.
        """
        with _locked(self.place):
            process.reap(self._child)
            self._child = _bring_up(self.place, self.binaries, fsync=self.fsync) or self._child

    def url_of(self, database: str) -> str:
        """The URL of another database on this server."""
        return address.embedded(self.place.socket, database)

    @property
    def pid(self) -> int | None:
        return process.pid_of(self.place.data)

    def stop(self) -> None:
        """Give the server up; the last of its users shuts it down. Twice is harmless."""
        if self._use.closed:
            return
        with _locked(self.place) if self.place.folder.is_dir() else nullcontext():
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                self._use.close()
            self._shut_down()

    def _shut_down(self) -> None:
        pid = self.pid or self._child
        if pid is not None:
            process.stop(pid)
        process.reap(self._child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(var: Path, *, fsync: bool = True, pg_bin: str = "", outside: Path = OUTSIDE) -> Server:
    """The embedded server of `var`, running: made, started or adopted as needed, by any number of processes at once.

    `pg_bin` names the folder of its programs; `outside` is where data goes when root runs the product in a folder
    the database user cannot enter.

    Raises:
        CannotStart: one sentence that says why and what to do.
    """
    place = prepare(var, outside=outside)
    try:
        with _locked(place):
            binaries = reachable(find(preferred=pg_bin, major=place.major), place)
            cluster.ensure(place, binaries, fsync=fsync)
            child = _bring_up(place, binaries, fsync=fsync)
            _ensure_database(place)
            use = place.users.open("a")
            fcntl.flock(use, fcntl.LOCK_SH)
        url = address.embedded(place.socket)
        address.remember(var, url)
    except OSError as error:
        raise CannotStart(f"{error.filename or var} cannot be used: {error.strerror}.") from error
    return Server(url, place, binaries, fsync, use, child)


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """One process at a time may make, start or stop this server."""
    with place.lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring_up(place: Place, binaries: Binaries, *, fsync: bool) -> int | None:
    """See that a server answers: its pid if it was started here, None when it already ran.

    Whether one runs is told by connecting: lock files and process lists remember the dead.
    """
    if process.speaks(place.socket) and _wait_until_ready(place, None):
        return None
    end = time.monotonic() + _RETRY_SECONDS
    while True:
        child = _launch(place, binaries, fsync=fsync)
        if _wait_until_ready(place, child):
            child.returncode = 0  # it may outlive this process: Popen need not watch it
            return child.pid
        said = _last_words(place)
        if time.monotonic() > end or not any(phrase in said for phrase in _PASSING):
            raise CannotStart(f"The database in {place.data} does not start: {said} (more in {place.log})")
        time.sleep(0.2)


def _launch(place: Place, binaries: Binaries, *, fsync: bool) -> subprocess.Popen[bytes]:
    if process.pid_of(place.data) is None:
        process.clear_leftovers(place.data, place.socket)
    with place.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - programs found by `binaries`
            cluster.command(place, binaries, fsync=fsync),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.folder,
            env=cluster.ENVIRONMENT,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops the database last
            **cluster.dropped(place.owner),
        )


def _wait_until_ready(place: Place, child: subprocess.Popen[bytes] | None) -> bool:
    """True once it answers, False when it gave up before that."""
    end = time.monotonic() + _RECOVERY_SECONDS
    while time.monotonic() < end:
        if process.answers(place.socket):
            return True
        if child is not None and child.poll() is not None:
            return False
        if child is None and not process.speaks(place.socket):
            return False
        time.sleep(0.02)
    raise CannotStart(f"The database in {place.data} is still recovering after {_RECOVERY_SECONDS:.0f} seconds.")


def _last_words(place: Place) -> str:
    lines = place.log.read_text(errors="replace").strip().splitlines()
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    return (fatal or lines or ["it said nothing"])[-1].partition("] ")[2] or (fatal or lines or ["it said nothing"])[-1]


def _ensure_database(place: Place) -> None:
    admin = address.conninfo(address.embedded(place.socket, "postgres"))
    with psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [address.DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(address.DATABASE)))
