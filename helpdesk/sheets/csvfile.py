"""A table as CSV (RFC 4180): UTF-8 with its mark, every cell quoted, no cell a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.sheets.formulas import harmless, is_formula
from helpdesk.sheets.values import Cell, Column, Kind, Sheet

MIME = "text/csv; charset=utf-8"
_MARK = "\ufeff"
"""Without it Excel reads the letters of another code page."""
_PIECE = 64 * 1024
_AT_ONCE = 64
"""Rows whose cells are written column by column, so that what a column is has to be asked once for all of them."""

_Shown = Callable[[Iterable[Any]], list[object]]


def pieces(sheet: Sheet) -> Iterator[bytes]:
    """The file in pieces of about 64 KiB; times as 2026-10-15T16:42:00-05:00, lengths of time in seconds."""
    held = io.StringIO()
    held.write(_MARK)
    writer = csv.writer(held, quoting=csv.QUOTE_ALL)
    writer.writerow([harmless(head(column)) for column in sheet.columns])
    shown = [_shown(column, sheet.zone) for column in sheet.columns]
    rows = iter(sheet.rows())
    while some := list(islice(rows, _AT_ONCE)):
        columns = zip(*some, strict=True)
        writer.writerows(zip(*(show(cells) for show, cells in zip(shown, columns, strict=True)), strict=True))
        if held.tell() > _PIECE:
            yield _taken(held)
    yield _taken(held)


def head(column: Column) -> str:
    return f"{column.head}, seconds" if column.kind is Kind.SECONDS else column.head


def texts(row: Sequence[Cell], sheet: Sheet) -> list[str]:
    """The cells of a row as people read them, in the first columns of a sheet; nothing is put before a formula."""
    columns = sheet.columns[: len(row)]
    return [
        cell if isinstance(cell, str) else str(_shown(column, sheet.zone)([cell])[0])
        for column, cell in zip(columns, row, strict=True)
    ]


def _taken(held: io.StringIO) -> bytes:
    piece = held.getvalue().encode("utf-8", "replace")
    held.seek(0)
    held.truncate()
    return piece


def _shown(column: Column, zone: ZoneInfo) -> _Shown:
    """The cells of a column as they stand in the file; nothing where there is nothing."""

    def instants(cells: Iterable[datetime | None]) -> list[object]:
        return ["" if one is None else one.astimezone(zone).isoformat(timespec="seconds") for one in cells]

    kinds: dict[Kind, _Shown] = {
        Kind.TEXT: _texts,
        Kind.INSTANT: instants,
        Kind.DAY: _days,
        Kind.PERCENT: _decimals,
        Kind.DECIMAL: _decimals,
    }
    return kinds.get(column.kind, _whole)


def _texts(cells: Iterable[str | None]) -> list[object]:
    return ["" if one is None else f"'{one}" if is_formula(one) else one for one in cells]


def _days(cells: Iterable[date | None]) -> list[object]:
    return ["" if one is None else one.isoformat() for one in cells]


def _decimals(cells: Iterable[float | None]) -> list[object]:
    return ["" if one is None else f"{one:.4f}" for one in cells]


def _whole(cells: Iterable[float | None]) -> list[object]:
    return ["" if one is None else int(one) for one in cells]
