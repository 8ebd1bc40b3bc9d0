"""Equipment as a table of text (CSV, RFC 4180): read with its columns guessed, written so that no cell is a formula.

Both ways use the same columns, so that what was written can be read again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from helpdesk.errors import Invalid

MOST_BYTES = 5_000_000
MOST_ROWS = 5_000
MOST_COLUMNS = 60
_LONGEST_CELL = 2_000

COLUMNS: dict[str, tuple[str, ...]] = {
    "serial": ("Serial", "serial number", "serial no", "s/n", "sn", "serno"),
    "model": ("Model", "model number", "model no", "type", "product"),
    "maker": ("Maker", "manufacturer", "brand", "make", "vendor"),
    "kind": ("What it is", "kind", "description", "category", "equipment"),
    "site": ("Site", "location", "branch"),
    "place": ("Where it stands", "place", "room", "position"),
    "manufactured_on": ("Made on", "manufactured", "manufacture date", "made"),
    "purchased_on": ("Bought on", "purchased", "purchase date", "bought"),
    "shipped_on": ("Shipped on", "shipped", "ship date", "delivered", "delivery date"),
    "installed_on": ("Installed on", "installed", "install date", "installation date", "commissioned"),
    "service_months": ("Serviced every, months", "service months", "service interval", "interval"),
    "serviced_on": ("Last serviced on", "last service", "serviced", "last serviced"),
}
"""Field of a unit -> what its column is called when we write it, and what else it may be called."""
PROBLEM = "What is wrong"
"""The column of what was not taken; it is no field."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells as they stand in a line; `line` counts from 1 with the headers."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds; every row has as many cells as there are headers."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def read(content: bytes) -> Table:
    """A file's table: UTF-8, UTF-16 or what Windows writes; cells apart by comma, semicolon or tab.

    Raises:
        Invalid: at "file": too large, too long, no table.
    """
    if len(content) > MOST_BYTES:
        raise _wrong(f"The file is larger than {MOST_BYTES // 1_000_000} MB. Split it.")
    text = _decoded(content)
    if "\0" in text:
        raise _wrong("This is no text. Save the sheet as CSV.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        return _table(reader)
    except csv.Error as error:
        words = f"Line {reader.line_num} cannot be read: a quotation mark is not closed, or out of place."
        raise _wrong(words) from error


def guess(headers: Sequence[str]) -> list[str]:
    """For each column the field it seems to hold, "" for none; each field once."""
    names = {_plain(name): field for field, known in COLUMNS.items() for name in (field, *known)}
    found: list[str] = []
    for header in headers:
        field = names.get(_plain(header), "")
        found.append(field if field not in found else "")
    return found


def written(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows as lines of CSV, one at a time."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([safe(cell) for cell in row])
        yield line.getvalue()


def safe(cell: str) -> str:
    """A cell that a spreadsheet takes for text, never for a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def meant(cell: str) -> str:
    """A cell as it was before `safe`, without the space around it."""
    stripped = cell.strip()
    return stripped[1:] if stripped.startswith("'") and stripped[1:].startswith(_FORMULA) else stripped


def _table(lines: Iterator[list[str]]) -> Table:
    headers = tuple(cell.strip()[:200] for cell in next(lines, []))
    if not any(headers):
        raise _wrong("The file is empty. Its first line names the columns.")
    if len(headers) > MOST_COLUMNS:
        raise _wrong(f"The file has {len(headers)} columns, and at most {MOST_COLUMNS} can be read.")
    rows: list[Row] = []
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            raise _wrong(f"The file has more than {MOST_ROWS:,} lines. Split it.")
        line = lines.line_num  # type: ignore[attr-defined]
        if len(cells) > len(headers) or any(len(cell) > _LONGEST_CELL for cell in cells):
            raise _wrong(f"Line {line} has more cells than the first line has columns, or one that is too long.")
        rows.append(Row(line, (*map(meant, cells), *[""] * (len(headers) - len(cells)))))
    if not rows:
        raise _wrong("There is nothing below the first line.")
    return Table(headers, tuple(rows))


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _wrong(words: str) -> Invalid:
    return Invalid("The file was not read. Nothing was saved.", {"file": words})
