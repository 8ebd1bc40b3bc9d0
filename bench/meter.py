"""Time and CPU: of this run, of its database, and of everybody else on the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

QUIET = 0.35
"""Others using more of a core than this make a round noisy."""
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """One stretch: seconds of the wall, CPU seconds of the app and the database, cores others kept busy."""

    wall: float = 0.0
    app: float = 0.0
    database: float = 0.0
    others: float = 0.0


@contextmanager
def measured(postmaster: int | None) -> Iterator[Spent]:
    """Measure the block. The app is this process and its descendants without the database."""
    spent = Spent()
    began, mine, postgres, machine = time.perf_counter(), _app(postmaster), _postgres(postmaster), _machine()
    yield spent
    spent.wall = time.perf_counter() - began
    spent.database = _postgres(postmaster) - postgres
    spent.app = _app(postmaster) - mine
    ours = spent.app + spent.database
    spent.others = max(0.0, (_machine() - machine - ours) / max(spent.wall, 1e-9))


def quiet(rounds: Sequence[Spent]) -> list[int]:
    """The places of the rounds in which others left us alone."""
    return [place for place, spent in enumerate(rounds) if spent.others <= QUIET]


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def descendants(pid: int) -> set[int]:
    """`pid` and everything it started that still runs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                parents[int(entry.name)] = int(_fields(int(entry.name))[1])
    found, size = {pid}, 0
    while len(found) != size:
        size = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def tree_seconds(pids: set[int]) -> float:
    """CPU seconds of processes and of those they have reaped."""
    total = 0.0
    for each in pids:
        with suppress(OSError, ValueError, IndexError):
            total += sum(int(field) for field in _fields(each)[11:15]) / _TICK
    return total


def pss(pids: set[int]) -> int:
    """Proportional memory of processes, in bytes."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def _postgres(pid: int | None) -> float:
    return tree_seconds(descendants(pid)) if pid else 0.0


def _app(postmaster: int | None) -> float:
    return tree_seconds(descendants(os.getpid()) - (descendants(postmaster) if postmaster else set()))


def _machine() -> float:
    """CPU seconds everybody used: user, nice, system, irq and softirq."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    busy = [int(fields[place]) for place in (0, 1, 2, 5, 6)]
    return sum(busy) / _TICK


def _fields(pid: int) -> list[str]:
    """/proc/PID/stat behind the name: state first (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
