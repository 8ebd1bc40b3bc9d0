"""The table: one line a workload, and whether its goal is met."""

from __future__ import annotations

from dataclasses import dataclass

PEER = "not installed"


@dataclass(frozen=True)
class Line:
    """One figure. `limit` is the ratio to the machine's own limit in the same run, `cpu` app CPU ms a unit of work."""

    workload: str
    value: str
    goal: str
    met: bool | None
    cpu: str = ""
    limit: str = ""
    others: float | None = None
    peer: str = PEER


HEAD = ("workload", "value", "app CPU", "to the limit", "to a peer", "others (cores)", "goal", "met")


def draw(lines: list[Line]) -> str:
    """The table as text; `~` marks a figure taken while others used the machine."""
    rows = [HEAD, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([drawn[0], "-" * len(drawn[0]), *drawn[1:]])


def _cells(line: Line) -> tuple[str, ...]:
    noisy = "" if line.others is None else f"{line.others:.2f}{' ~' if line.others > 0.35 else ''}"
    met = "" if line.met is None else "yes" if line.met else "NO"
    return line.workload, line.value, line.cpu, line.limit, line.peer, noisy, line.goal, met
