"""A million rows of a table as a file: rows a second, its first byte, and how much more memory its process takes."""

from __future__ import annotations

import csv
import io
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl

import xlsxwriter

from bench.ground import direct, log_nowhere
from bench.meter import measured
from bench.pages import HTML, Visitor
from bench.table import Line
from helpdesk.db import db
from helpdesk.people.models import Agent
from helpdesk.plugins import installed
from helpdesk.sheets.values import Cell, Kind, Sheet

_KEY = "promise-tickets"
_FEW = "from=2020-01-01&to=2020-01-02"
_MOST = 1_000_000
_ROOM = 40
"""Megabytes more than a table without a row: what flat means."""
_AIMS = {"csv": 25_000, "xlsx": 8_000}
"""Rows a second of one core."""
_SAMPLE = {"csv": 50_000, "xlsx": 10_000}


@dataclass(frozen=True)
class Taken:
    """Seconds to the first byte and to the last, and of the processor; rows a second that the bare library does."""

    rows: int
    first: float
    took: float
    cpu: float
    megabytes: float
    more: float
    bare: float


def lines(url: str, token: str, postmaster: int | None, size: str) -> Iterator[Line]:
    """Each kind in a process of its own, since the most it ever took is what is asked about."""
    asked = _asked(url)
    for ending, aim in _AIMS.items():
        with measured(postmaster) as spent:
            taken = _in_a_process(url, token, ending, asked)
        rate = taken.rows / taken.cpu
        yield Line(
            f"{taken.rows:,} rows as {ending}, {size}",
            f"{taken.rows / taken.took:,.0f} rows/s, {rate:,.0f} a CPU second, first byte {taken.first:.2f} s,"
            f" {taken.megabytes:.0f} MB, {taken.more:.0f} MB more memory",
            f">= {aim:,} a CPU second, <= {_ROOM} MB more",
            rate >= aim and taken.more <= _ROOM,
            cpu=f"{1000 * taken.cpu:.0f} ms + db {1000 * spent.database:.0f}",
            limit=f"{rate / taken.bare:.2f} of the bare library ({taken.bare:,.0f})",
            others=spent.others,
        )


def _asked(url: str) -> str:
    """Days back from now that hold no more than a million rows."""
    counted = "SELECT day, sum(count(*)) OVER (ORDER BY day DESC) AS so_far FROM promise_outcome GROUP BY day"
    with direct(url) as connection:
        days = connection.execute(f"SELECT min(day), max(day) FROM ({counted}) days WHERE so_far <= {_MOST}").fetchone()  # type: ignore[arg-type]
    assert days is not None
    return f"from={days[0]}&to={days[1]}"


def _in_a_process(url: str, token: str, ending: str, asked: str) -> Taken:
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measure, args=(url, token, ending, asked, there))
    child.start()
    there.close()
    try:
        found: Taken = here.recv()
    finally:
        child.join()
    return found


def _measure(url: str, token: str, ending: str, asked: str, told: Connection) -> None:
    log_nowhere()
    visitor, path = Visitor(url, token), f"/exports/{_KEY}.{ending}"
    for _ in range(3):
        _taken(visitor, f"{path}?{_FEW}")
    before, began, busy = _peak(), time.perf_counter(), time.process_time()
    first, size = _taken(visitor, f"{path}?{asked}")
    took, cpu, more = time.perf_counter() - began, time.process_time() - busy, _peak() - before
    sheet, rows = _sampled(visitor, asked, _SAMPLE[ending])
    bare = _bare_csv(rows) if ending == "csv" else _bare_workbook(sheet, rows)
    told.send(Taken(_count(url, asked), first, took, cpu, size / 1e6, more, bare))


def _taken(visitor: Visitor, path: str) -> tuple[float, int]:
    """The whole file, read and thrown away; seconds to its first byte, and bytes."""
    began = time.perf_counter()
    answer = visitor.client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.status
    first = time.perf_counter() - began
    size = sum(len(piece) for piece in answer.iter_encoded())
    answer.close()
    return first, size


def _count(url: str, asked: str) -> int:
    since, until = (day for _, day in parse_qsl(asked))
    with direct(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM promise_outcome WHERE day BETWEEN %s AND %s", [since, until]
        ).fetchone()
    return int(str((found or (0,))[0]))


def _sampled(visitor: Visitor, asked: str, many: int) -> tuple[Sheet, list[Sequence[Cell]]]:
    with visitor.app.app_context():
        agent = db.session.get_one(Agent, 1)
        export = installed().export(_KEY, agent)
        assert export is not None  # an administrator may have every table
        sheet = export.ask(agent, dict(parse_qsl(asked)))
        return sheet, list(islice(sheet.rows(), many))


def _bare_csv(rows: list[Sequence[Cell]]) -> float:
    """The limit: `csv.writer` of the same tuples as they are, every cell quoted."""
    busy = time.process_time()
    csv.writer(io.StringIO(), quoting=csv.QUOTE_ALL).writerows(rows)
    return len(rows) / (time.process_time() - busy)


def _bare_workbook(sheet: Sheet, rows: list[Sequence[Cell]]) -> float:
    """The limit: XlsxWriter of the same cells, one row in memory."""
    busy = time.process_time()
    with TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(str(Path(folder) / "bare.xlsx"), {"constant_memory": True, "tmpdir": folder})
        page, shown = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        kinds = [column.kind for column in sheet.columns]
        for at, row in enumerate(rows):
            for place, (kind, cell) in enumerate(zip(kinds, row, strict=True)):
                if cell is None:
                    continue
                if kind is Kind.TEXT:
                    page.write_string(at, place, cell)
                elif kind is Kind.INSTANT:
                    page.write_datetime(at, place, cell.replace(tzinfo=None), shown)  # type: ignore[union-attr, call-arg]
                else:
                    page.write_number(at, place, cell)
        book.close()
    return len(rows) / (time.process_time() - busy)


def _peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
