"""A table as an Excel workbook, written row by row to a file; what does not fit on a sheet goes on to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from helpdesk.sheets.formulas import is_formula
from helpdesk.sheets.values import Cell, Column, Kind, Sheet

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 1_048_576
"""Of a sheet, its heads among them: more are no workbook to Excel."""
LONGEST = 32_767
"""Characters of a cell."""
_WIDTHS = {Kind.TEXT: 28, Kind.INSTANT: 20, Kind.DAY: 12}
_FORMATS = {Kind.INSTANT: "yyyy-mm-dd hh:mm:ss", Kind.DAY: "yyyy-mm-dd", Kind.SECONDS: "[h]:mm:ss", Kind.PERCENT: "0.0"}
_DAY_SECONDS = 86_400
_A_DAY = timedelta(days=1)
_ORIGIN = datetime(1899, 12, 30)  # noqa: DTZ001 - it is of the wall


def write(sheet: Sheet, path: Path, *, rows: int = ROWS) -> int:
    """Write the file, never more than a row in memory; how many rows it has. Times are wall times of `sheet.zone`.

    Its parts lie in the folder of `path` until it is done.
    """
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    book = import_module("xlsxwriter").Workbook(str(path), options)
    book.use_zip64()
    pages = _Pages(book, sheet, rows)
    try:
        for row in sheet.rows():
            pages.add(row)
    finally:
        book.close()
    return pages.count


class _Pages:
    """The sheets of a workbook, begun one after the other."""

    def __init__(self, book: Any, sheet: Sheet, rows: int) -> None:
        self._book, self._columns, self._zone, self._rows = book, sheet.columns, sheet.zone, rows
        self._formats = {kind: book.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()}
        self._bold, self._quoted = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        self._cells: list[Callable[[int, int, Any], object]] = []
        self.count = 0
        self._at = 0
        self._begin()

    def add(self, row: Sequence[Cell]) -> None:
        if self._at >= self._rows:
            self._begin()
        for place, (put, cell) in enumerate(zip(self._cells, row, strict=True)):
            if cell is not None:
                put(self._at, place, cell)
        self._at += 1
        self.count += 1

    def _begin(self) -> None:
        self._page = self._book.add_worksheet()
        self._page.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._page.set_column(place, place, _WIDTHS.get(column.kind, 14))
            self._page.write_string(0, place, self._head(column), self._bold)
        self._cells = [self._cell(column.kind) for column in self._columns]
        self._at = 1

    def _head(self, column: Column) -> str:
        return f"{column.head}, {self._zone.key}" if column.kind is Kind.INSTANT else column.head

    def _cell(self, kind: Kind) -> Callable[[int, int, Any], object]:
        page, shown, zone = self._page, self._formats.get(kind), self._zone
        kinds: dict[Kind, Callable[[int, int, Any], object]] = {
            Kind.TEXT: self._text(page),
            Kind.NUMBER: page.write_number,
            Kind.DECIMAL: page.write_number,
            Kind.SECONDS: lambda at, place, cell: page.write_number(at, place, cell / _DAY_SECONDS, shown),
            Kind.PERCENT: lambda at, place, cell: page.write_number(at, place, cell, shown),
            Kind.INSTANT: lambda at, place, cell: page.write_number(at, place, _serial(cell.astimezone(zone)), shown),
            Kind.DAY: lambda at, place, cell: page.write_datetime(at, place, _midnight(cell), shown),
        }
        return kinds[kind]

    def _text(self, page: Any) -> Callable[[int, int, str], object]:
        write, quoted = page.write_string, self._quoted

        def put(at: int, place: int, cell: str) -> None:
            whole = cell if len(cell) <= LONGEST else f"{cell[: LONGEST - 1]}…"
            write(at, place, whole, quoted if is_formula(whole) else None)

        return put


def _serial(wall: datetime) -> float:
    """A wall time as Excel counts it: days since the end of 1899 (ECMA-376, 18.17.4.1)."""
    return (wall.replace(tzinfo=None) - _ORIGIN) / _A_DAY


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day has no zone
