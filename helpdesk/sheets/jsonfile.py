"""A table as JSON: its columns, its rows as objects, and at the end how many there were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

from helpdesk.sheets.values import Cell, Sheet

MIME = "application/json"
_ROWS_A_PIECE = 200


def pieces(sheet: Sheet) -> Iterator[bytes]:
    """Instants are UTC (RFC 3339), lengths of time seconds; `count` comes last, so that what is cut off is no JSON."""
    columns = [{"key": one.key, "head": one.head, "kind": str(one.kind)} for one in sheet.columns]
    keys = [one.key for one in sheet.columns]
    held = [f'{{"name": {json.dumps(sheet.name)}, "columns": {json.dumps(columns)}, "rows": [']
    count = 0
    for row in sheet.rows():
        plain = {key: _plain(cell) for key, cell in zip(keys, row, strict=True)}
        held.append(f"{',' if count else ''}\n{json.dumps(plain)}")
        count += 1
        if len(held) > _ROWS_A_PIECE:
            yield "".join(held).encode()
            held = []
    held.append(f'\n], "count": {count}}}\n')
    yield "".join(held).encode()


def _plain(cell: Cell) -> str | int | float | None:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat()
    return cell.isoformat() if isinstance(cell, date) else round(cell, 4) if isinstance(cell, float) else cell
