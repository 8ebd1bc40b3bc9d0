"""Child processes: forked to share what is loaded, dead when their parent dies, restarted when they exit."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG
_ADOPT_ORPHANS = 36  # prctl(2): PR_SET_CHILD_SUBREAPER


@dataclass(frozen=True)
class Program:
    """Something to run: a command line, or a console script of this Python called in a fork."""

    name: str
    argv: tuple[str, ...]
    entry: Callable[[], object] | None = None
    """The console script's function; it shares the memory of every module loaded before."""
    keep: tuple[int, ...] = ()
    """File descriptors it inherits beside the standard ones."""


def spawn(program: Program, output: int) -> int:
    """Start `program` in a process group of its own, its output going to the descriptor `output`; its pid."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        try:
            _become(program, parent, output)
        finally:
            os._exit(127)
    with suppress(OSError):
        os.setpgid(pid, pid)
    return pid


def end_group(pid: int, request: int) -> None:
    """Signal every process of the group `pid` leads."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, request)


def die_with(parent: int) -> None:
    """Be killed by the kernel when `parent` ends, however it ends; where the system cannot, nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none is lost sight of."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1)


def children() -> set[int]:
    """The pids of this process's children; empty where there is no /proc."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found.update(int(pid) for pid in task.read_text().split())
    return found


def _become(program: Program, parent: int, output: int) -> None:
    os.setpgid(0, 0)
    die_with(parent)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    _close_all_but(program.keep)
    if program.entry is None:
        _execute(program)
    else:
        _call(program, program.entry)


def _execute(program: Program) -> None:
    for descriptor in program.keep:
        os.set_inheritable(descriptor, True)
    try:
        os.execvp(program.argv[0], program.argv)  # noqa: S606 - that is the purpose
    except OSError as error:
        sys.stderr.write(f"{program.argv[0]} cannot be run: {error.strerror}\n")


def _call(program: Program, entry: Callable[[], object]) -> None:
    """Run `entry` as the whole program and end the process as the interpreter would, without the parent's frames."""
    sys.argv = list(program.argv)
    code = 0
    try:
        entry()
    except SystemExit as wish:
        code = _status(wish)
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the last frame of this process
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as multiprocessing ends its forks
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _status(wish: SystemExit) -> int:
    if wish.code is None or isinstance(wish.code, int):
        return wish.code or 0
    sys.stderr.write(f"{wish.code}\n")
    return 1


def _close_all_but(kept: tuple[int, ...]) -> None:
    """Close what was inherited beside the standard descriptors: locks and sockets of others end with their owners."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, max(low, descriptor))
        low = descriptor + 1
    os.closerange(low, max(low, min(os.sysconf("SC_OPEN_MAX"), 65536)))
