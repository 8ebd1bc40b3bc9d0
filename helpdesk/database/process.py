"""One postmaster: is it there, does it answer, make it stop."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from psycopg import pq

from helpdesk.database.address import conninfo, embedded

_POLL_SECONDS = 0.02


def answers(socket: Path) -> bool:
    """A server takes connections on `socket`."""
    return _ping(socket) == pq.Ping.OK


def speaks(socket: Path) -> bool:
    """A server is there, though it may still be starting or recovering."""
    return _ping(socket) in {pq.Ping.OK, pq.Ping.REJECT}


def pid_of(data: Path) -> int | None:
    """The living postmaster of this data folder.

    A zombie is dead though its lock files say otherwise, and after a reboot the number may be another program's.
    """
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if is_alive(pid) and _serves(pid, data) else None


def is_alive(pid: int) -> bool:
    """The process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"


def clear_leftovers(data: Path, socket: Path) -> None:
    """Take away the lock files of a postmaster that is dead.

    Its pid may live on as a zombie, and PostgreSQL would then refuse to start.
    The shared memory of surviving backends still protects the data.
    """
    for name in (data / "postmaster.pid", socket / ".s.PGSQL.5432.lock", socket / ".s.PGSQL.5432"):
        name.unlink(missing_ok=True)


def stop(pid: int, *, grace: float = 60.0) -> None:
    """A fast shutdown: open transactions are rolled back; after `grace` seconds an immediate one."""
    for request, patience in ((signal.SIGINT, grace), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, request)
        if _gone(pid, patience):
            return


def reap(pid: int | None) -> None:
    """Collect a dead child, so that it does not stay a zombie; harmless for anything else."""
    if pid is not None:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _gone(pid: int, patience: float) -> bool:
    end = time.monotonic() + patience
    while is_alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _serves(pid: int, data: Path) -> bool:
    """The process is the server of this folder; believed where there is no /proc to ask."""
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return not Path("/proc/self").exists()


def _ping(socket: Path) -> int:
    return pq.PGconn.ping((conninfo(embedded(socket, "postgres")) + "&connect_timeout=3").encode())


def _state(pid: int) -> str:
    """The letter of /proc/pid/stat; empty where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""
