"""The tables as CSV files in a folder: for a loader, so nothing stands before what looks like a formula.

All of them are of one instant. Words of customers and addresses are not in them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from helpdesk.db import one_instant
from helpdesk.errors import Invalid
from helpdesk.now import now
from sla.zendesk import columns, rows


def write(folder: Path) -> Iterator[tuple[str, int]]:
    """Write each table and say how many rows it has; what lies there by these names is replaced when it is whole.

    Raises:
        Invalid: there is no such folder, or nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid(f"{folder} is no folder that can be written to.") from error
    at = _shown(now())
    with one_instant():
        for table, names in columns.TABLES.items():
            yield table, _written(folder / f"{table}.csv", table, names, at)


def _written(path: Path, table: str, names: Sequence[str], at: str) -> int:
    unfinished, count = path.with_suffix(".part"), 0
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, *columns.EVERY])
        for row in rows.of(table):
            writer.writerow([*map(_shown, row), at, "false"])
            count += 1
    unfinished.replace(path)
    return count


def _shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)
