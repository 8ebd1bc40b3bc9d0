"""A statement as a PDF, from its JSON alone: the same file makes the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from helpdesk.db import Json
from sla.statements.wording import became, days, money, share, sum_words, unit_words, when

_FONTS = Path(__file__).parent / "fonts"
_FAINT = (95, 95, 95)
_MOST_ROWS = 100
"""Of a table; the file in JSON has all."""


def pdf(document: Json, sha256: str) -> bytes:
    """`sha256` names the JSON file it was made from; empty for a draft."""
    told = document["statement"]
    sheet = _Sheet(told)
    sheet.head(document)
    sheet.figures()
    sheet.broken()
    sheet.money()
    sheet.origin(document, sha256)
    return bytes(sheet.pdf.output())


class _Page(FPDF):
    """A page that says which of how many it is."""

    said = ""

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Geist", size=8)
        self.set_text_color(*_FAINT)
        self.cell(0, 5, f"{self.said}   {self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0)


class _Sheet:
    def __init__(self, told: Json) -> None:
        self.told = told
        self.zone = ZoneInfo(told["period"]["zone"])
        self.pdf = _Page(format="A4")
        self.pdf.set_margin(18)
        self.pdf.add_font("Geist", fname=_FONTS / "Geist-Regular.ttf")
        self.pdf.add_font("Geist", style="B", fname=_FONTS / "Geist-SemiBold.ttf")
        self.pdf.set_creation_date(datetime.fromisoformat(told["issued"] or told["as_of"]))
        self.pdf.set_title(f"Attainment statement {told['period']['month']}, {told['customer']['name']}")
        self.pdf.set_author(told["issuer"])
        self.pdf.set_lang("en")
        self.pdf.said = f"{told['issuer']}, {told['customer']['name']}, {told['period']['month']}"
        self.pdf.add_page()

    def head(self, document: Json) -> None:
        told = self.told
        self._line(told["issuer"], size=9, faint=True)
        self._line(f"Attainment statement, {days(told['period']['month'])}", size=19, bold=True)
        self._line(told["customer"]["name"], size=13, bold=True)
        for one in told["agreements"]:
            self._line(f"{one['name']}, agreement {one['number']}, {one['from']} to {one['to']}", size=9, faint=True)
        if document["signature"] is None:
            self._line("Draft. It is not issued, and figures may still change.", bold=True)
        else:
            said = f"Issued {self._at(told['issued'])}, revision {told['revision']}."
            self._line(said, size=9, faint=True)
        if told["corrects"]:
            before = told["corrects"]
            self._line(f"Corrects revision {before['revision']}: {before['reason']}", size=9)
            self._line(f"The earlier file's SHA-256 is {before['sha256']}.", size=8, faint=True)

    def figures(self) -> None:
        figures = self.told["figures"]
        self.pdf.ln(4)
        self._line(share(figures), size=15, bold=True)
        rows = [
            (one["number"], one["words"], str(one["kept"]), str(one["counted"]), _percent(one["percent"]))
            for one in self.told["by_promise"]
        ]
        if rows:
            self._table(("Clause", "Promise", "Kept", "Counted", "Share"), rows, (14, 100, 18, 22, 20))
        if figures["excused"]:
            self._line(f"{figures['excused']} of the broken were excused. They stay among the broken.", size=9)

    def broken(self) -> None:
        broken = [one for one in self.told["promises"] if one["outcome"] == "broken"]
        if not broken:
            return
        self._head("Broken promises")
        rows = [
            (f"#{one['ticket']}", self.told["clauses"][one["clause"]]["words"], self._at(one["settled"]), became(one))
            for one in broken[:_MOST_ROWS]
        ]
        self._table(("Ticket", "Promise", "Broke", "What became of it"), rows, (18, 70, 34, 52))
        if len(broken) > _MOST_ROWS:
            self._line(f"The first {_MOST_ROWS} of {len(broken)}; the file in JSON has all.", size=9)

    def money(self) -> None:
        if self.told["credits"]:
            self._head("Credits")
            rows = [
                (f"#{self._ticket(one)}", money(one["amount_cents"], one["currency"]), one["state"], one["reason"])
                for one in self.told["credits"][:_MOST_ROWS]
            ]
            self._table(("Ticket", "Amount", "State", "Reason"), rows, (24, 34, 28, 88))
            if len(self.told["credits"]) > _MOST_ROWS:
                self._line(f"The first {_MOST_ROWS} of {len(self.told['credits'])}.", size=9)
            for one in self.told["credit_sums"]:
                self._line(sum_words(one), size=9)
        if self.told["prepaid"]:
            self._head("Prepaid")
            prepaid = [
                (unit_words(one["unit"]), *(str(one[name]) for name in ("bought", "drawn_before", "drawn", "left")))
                for one in self.told["prepaid"]
            ]
            self._table(("", "Bought", "Drawn before", "Drawn", "Left"), prepaid, (54, 30, 30, 30, 30))

    def origin(self, document: Json, sha256: str) -> None:
        self._head("How to check it")
        self._line(" ".join(self.told["how"][name] for name in ("kept", "counted", "month")), size=9)
        if document["signature"] is None:
            return
        signed = document["signature"]
        self._line(
            "This page is made from a file in JSON, which is what was signed. It holds every promise with its clock;"
            " the script verify_statement.py recomputes each figure from it and checks the signature.",
            size=9,
        )
        self._line(f"SHA-256 of the file: {sha256}", size=8, faint=True)
        self._line(f"Ed25519 key {signed['key']}, published at {signed['published']}", size=8, faint=True)
        self._line(f"Signature: {signed['value']}", size=8, faint=True)

    def _ticket(self, credit: Json) -> int:
        return next(int(one["ticket"]) for one in self.told["promises"] if one["id"] == credit["promise"])

    def _head(self, words: str) -> None:
        self.pdf.ln(4)
        self._line(words, size=12, bold=True)

    def _line(self, words: str, *, size: float = 10, bold: bool = False, faint: bool = False) -> None:
        self.pdf.set_font("Geist", "B" if bold else "", size)
        self.pdf.set_text_color(*(_FAINT if faint else (0, 0, 0)))
        self.pdf.multi_cell(0, size * 0.55, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.pdf.set_text_color(0)

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        self.pdf.set_font("Geist", size=9)
        self.pdf.ln(1)
        head = FontFace(emphasis="BOLD")
        with self.pdf.table(
            col_widths=widths, headings_style=head, borders_layout="HORIZONTAL_LINES", line_height=5, text_align="LEFT"
        ) as table:
            for row in (heads, *rows):
                table.row(row)
        self.pdf.ln(1)

    def _at(self, text: str) -> str:
        return when(text, self.zone)


def _percent(told: str | None) -> str:
    return f"{told} %" if told is not None else ""
