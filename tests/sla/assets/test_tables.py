"""Tables of units: what is read from a file, which columns are guessed, and cells that a spreadsheet never runs."""

from __future__ import annotations

import csv
import io

import pytest

from helpdesk.errors import Invalid
from sla.assets import tables


def read(text: str) -> tables.Table:
    return tables.read(text.encode())


class TestRead:
    @pytest.mark.parametrize("sign", [",", ";", "\t"])
    def test_takes_the_sign_the_first_line_uses(self, sign):
        table = read(f"Serial{sign}Model\nA-1000{sign}KX-40\n")
        assert table.headers == ("Serial", "Model")
        assert table.rows == (tables.Row(2, ("A-1000", "KX-40")),)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_takes_what_spreadsheets_write(self, encoding):
        table = tables.read("Serial,Site\nA-1000,Zürich\n".encode(encoding))
        assert table.headers[0] == "Serial"
        assert table.rows[0].cells == ("A-1000", "Zürich")

    def test_counts_lines_as_an_editor_does(self):
        table = read('Serial,Model\n"A-1\n000",KX\n\n,\nB-1000,KX\n')
        assert [row.line for row in table.rows] == [3, 6]

    def test_fills_short_lines(self):
        assert read("Serial,Model,Site\nA-1000,KX\n").rows[0].cells == ("A-1000", "KX", "")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "is empty"),
            (b"\n\n", "is empty"),
            (b"Serial,Model\n", "nothing below"),
            (b'Serial,Model\n"A-1000,KX\n', "Line 2 cannot be read"),
            (b"Serial,Model\nA,B,C\n", "Line 2 has more cells"),
            (b"Serial\0,Model\nA,B\n", "no text"),
            (b",".join([b"x"] * 61) + b"\n1\n", "61 columns"),
            (b"Serial,Model\n" + b"A,B\n" * 5001, "more than 5,000 lines"),
            (b"x" * 5_000_001, "larger than 5 MB"),
            (b"Serial,Model\nA," + b"x" * 2001 + b"\n", "too long"),
        ],
    )
    def test_says_what_is_wrong_with_a_file(self, content, words):
        with pytest.raises(Invalid) as refused:
            tables.read(content)
        assert words in refused.value.fields["file"]


class TestGuess:
    def test_knows_columns_by_many_names(self):
        headers = ["Serial No.", "MODEL", "Manufacturer", "Location", "Install Date", "Price"]
        assert tables.guess(headers) == ["serial", "model", "maker", "site", "installed_on", ""]

    def test_takes_each_field_once(self):
        assert tables.guess(["Serial", "S/N"]) == ["serial", ""]

    def test_knows_what_is_written(self):
        assert tables.guess([names[0] for names in tables.COLUMNS.values()]) == [*tables.COLUMNS]


class TestWritten:
    @pytest.mark.parametrize(
        "cell", ["=1+1", "+49 30", "-5", "@SUM(A1)", "\tx", "\r=1", "plain", "'quoted", "a,b", 'a"b']
    )
    def test_is_no_formula_and_reads_back(self, cell):
        text = "".join(tables.written([["Serial", "Model"], [cell, "KX"]]))
        [_, [shown, _]] = csv.reader(io.StringIO(text, newline=""))
        assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert read(text).rows[0].cells[0] == cell.strip() or cell[0] in "\t\r"
