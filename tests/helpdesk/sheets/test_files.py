"""Tables as files, read back by programs of others: nothing is a formula, nothing is cut, nothing is lost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sheets import csvfile, jsonfile, workbook
from helpdesk.sheets.formulas import harmless, is_formula
from helpdesk.sheets.values import Cell, Column, Kind, Sheet

CHICAGO = ZoneInfo("America/Chicago")
COLUMNS = (
    Column("who", "Who"),
    Column("count", "Count", Kind.NUMBER),
    Column("share", "Share, percent", Kind.PERCENT),
    Column("took", "Took", Kind.SECONDS),
    Column("at", "At", Kind.INSTANT),
    Column("day", "Day", Kind.DAY),
)
AT = datetime(2026, 10, 15, 21, 42, 7, tzinfo=UTC)
ROW: Sequence[Cell] = ("Zoë 日本 🙂", -3, 97.61904, 5400, AT, date(2026, 10, 15))
FORMULAS = (
    "=1+1",
    "+4923",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =cmd|'/c calc'!A0",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "\u200b=1",
    "\ufeff=1",
    "\x00=1",
    "\xa0=1",
)


def sheet(*rows: Sequence[Cell], columns: Sequence[Column] = COLUMNS) -> Sheet:
    return Sheet("things", columns, lambda: iter(rows), CHICAGO)


def texts(*cells: str) -> Sheet:
    return sheet(*([cell] for cell in cells), columns=[Column("text", "Text")])


def read_csv(told: Sheet) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(csvfile.pieces(told)).decode("utf-8-sig"), newline="")))


def read_workbook(told: Sheet, folder: Path, **how: int) -> openpyxl.Workbook:
    path = folder / "table.xlsx"
    workbook.write(told, path, **how)
    return openpyxl.load_workbook(path)


class TestFormulas:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_are_known_and_made_harmless(self, text: str):
        assert is_formula(text)
        assert harmless(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["", "Olive", "a=b", "1-2", "#12", "'=1", "…", "30 − 2"])
    def test_that_are_none_stay_as_they_are(self, text: str):
        assert harmless(text) == text


class TestCsv:
    def test_is_read_as_it_was_meant_by_another_reader(self):
        rows = read_csv(sheet(ROW, [None] * 6))
        assert rows == [
            ["Who", "Count", "Share, percent", "Took, seconds", "At", "Day"],
            ["Zoë 日本 🙂", "-3", "97.6190", "5400", "2026-10-15T16:42:07-05:00", "2026-10-15"],
            [""] * 6,
        ]

    def test_begins_with_the_mark_of_its_letters_and_quotes_every_cell(self):
        raw = b"".join(csvfile.pieces(sheet(ROW)))
        assert raw.startswith(b'\xef\xbb\xbf"Who",')
        assert raw.endswith(b'"2026-10-15"\r\n')

    @pytest.mark.parametrize("text", FORMULAS)
    def test_has_no_cell_that_is_a_formula(self, text: str):
        assert read_csv(texts(text))[1] == [f"'{text}"]

    def test_of_a_head_that_is_one_neither(self):
        assert read_csv(sheet(["x"], columns=[Column("x", "=HYPERLINK(A1)")]))[0] == ["'=HYPERLINK(A1)"]

    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1))
    def test_gives_back_every_text_whatever_quotes_and_lines_are_in_it(self, cells: list[str]):
        assert read_csv(texts(*cells))[1:] == [[harmless(cell)] for cell in cells]

    def test_leaves_in_pieces_and_reads_its_rows_only_as_they_leave(self):
        read = []

        def rows() -> Iterator[Sequence[Cell]]:
            for place in range(10_000):
                read.append(place)
                yield ["x" * 100]

        pieces = csvfile.pieces(Sheet("long", [Column("text", "Text")], rows, CHICAGO))
        assert len(next(pieces)) < 80_000
        assert len(read) < 1_000
        assert sum(len(piece) for piece in pieces) > 900_000


class TestWorkbook:
    def test_is_read_as_it_was_meant_by_another_reader(self, tmp_path: Path):
        page = read_workbook(sheet(ROW, [None] * 6), tmp_path).active
        assert [cell.value for cell in page[1]] == [
            "Who",
            "Count",
            "Share, percent",
            "Took",
            "At, America/Chicago",
            "Day",
        ]
        who, count, share, took, at, day = (cell.value for cell in page[2])
        assert (who, count, share) == ("Zoë 日本 🙂", -3, pytest.approx(97.61904))
        assert took.total_seconds() == 5400
        assert (at, day) == (datetime(2026, 10, 15, 16, 42, 7), datetime(2026, 10, 15))

    @pytest.mark.parametrize("text", [one for one in FORMULAS if "\x00" not in one])
    def test_has_text_where_a_formula_would_be(self, tmp_path: Path, text: str):
        cell = read_workbook(texts(text), tmp_path).active["A2"]
        assert cell.data_type == "s"
        assert cell.quotePrefix
        assert cell.value.replace("_x000D_", "\r") in {text, text.replace("\r", "\n")}

    def test_takes_addresses_and_numbers_for_text_as_they_are(self, tmp_path: Path):
        page = read_workbook(texts("https://example.com/x", "0012", "1e5", "#12"), tmp_path).active
        assert [row[0].value for row in page.iter_rows(min_row=2)] == ["https://example.com/x", "0012", "1e5", "#12"]
        assert not page._hyperlinks

    def test_holds_wide_text_up_to_what_a_cell_takes_and_says_where_it_was_cut(self, tmp_path: Path):
        page = read_workbook(texts("é" * workbook.LONGEST, "é" * 40_000), tmp_path).active
        assert page["A2"].value == "é" * workbook.LONGEST
        assert len(page["A3"].value) == workbook.LONGEST
        assert page["A3"].value.endswith("é…")

    def test_survives_characters_no_xml_has(self, tmp_path: Path):
        page = read_workbook(texts("a\x00b\x1fc\ufffe", "fine"), tmp_path).active
        assert page["A3"].value == "fine"

    def test_goes_on_to_a_next_sheet_with_its_heads_where_rows_do_not_fit(self, tmp_path: Path):
        book = read_workbook(
            sheet(*([place] for place in range(7)), columns=[Column("n", "N", Kind.NUMBER)]), tmp_path, rows=4
        )
        assert [[row[0].value for row in page] for page in book.worksheets] == [
            ["N", 0, 1, 2],
            ["N", 3, 4, 5],
            ["N", 6],
        ]

    def test_leaves_nothing_beside_the_file(self, tmp_path: Path):
        assert workbook.write(sheet(ROW, ROW), tmp_path / "table.xlsx") == 2
        assert [one.name for one in tmp_path.iterdir()] == ["table.xlsx"]


class TestJson:
    def test_has_columns_rows_by_their_keys_and_how_many(self):
        told = json.loads(b"".join(jsonfile.pieces(sheet(ROW, [None] * 6))))
        assert told["columns"][3] == {"key": "took", "head": "Took", "kind": "seconds"}
        assert told["rows"][0] == {
            "who": "Zoë 日本 🙂",
            "count": -3,
            "share": 97.619,
            "took": 5400,
            "at": "2026-10-15T21:42:07+00:00",
            "day": "2026-10-15",
        }
        assert told["rows"][1] == dict.fromkeys(told["rows"][0])
        assert told["count"] == 2

    @pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1_000])
    def test_is_one_document_however_many_rows_a_piece_has(self, count: int):
        told = json.loads(b"".join(jsonfile.pieces(texts(*("=1" for _ in range(count))))))
        assert (len(told["rows"]), told["count"]) == (count, count)
        assert all(row == {"text": "=1"} for row in told["rows"])

    def test_that_was_cut_off_is_no_json(self):
        pieces = list(jsonfile.pieces(texts(*("x" for _ in range(1_000)))))
        with pytest.raises(json.JSONDecodeError):
            json.loads(b"".join(pieces[:-1]))
