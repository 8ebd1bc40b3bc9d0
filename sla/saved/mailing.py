"""The mail of a report: its first rows, its whole table as a file, and where the page is; put into the outbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import render_template

from helpdesk import blobs, outbox
from helpdesk.db import Json
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.people.models import Agent
from helpdesk.settings import settings
from helpdesk.sheets import csvfile, workbook
from helpdesk.sheets.values import Cell, Export, Sheet
from sla.reports import asking, periods
from sla.saved import plans
from sla.saved.letters import LETTERS
from sla.saved.models import ReportSchedule, ReportSending
from sla.saved.plans import Plan

SHOWN, MOST_ROWS, MOST_BYTES = 20, 50_000, 8_000_000
"""Rows in the mail itself; what a file may have to go along with it."""
_COLUMNS = 8


class _TooLarge(Exception):
    """The table is no file for a mail."""


@dataclass
class _Rows:
    """The rows of a sheet as they pass by: how many, and the first ones."""

    sheet: Sheet
    count: int = 0
    first: list[Sequence[Cell]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self.sheet.rows():
            self.count += 1
            if self.count > MOST_ROWS:
                raise _TooLarge
            if self.count <= SHOWN:
                self.first.append(row)
            yield row


def write(schedule: ReportSchedule, sending: ReportSending, agent: Agent, export: Export) -> Delivery:
    """With the eyes of `agent`, who gets it.

    Raises:
        Invalid: what the report asks for is no more.
        NoRoom: the disk is full.
    """
    plan = plans.read(schedule.plan)
    address, days = asked(schedule.report.query, plan, sending.due_at, is_live=export.live)
    sheet = replace(export.ask(agent, address), zone=ZoneInfo(plan.zone))
    rows = _Rows(sheet)
    files = _files(replace(sheet, rows=lambda: rows), plan.format)
    page = settings().address(f"{export.page}?{urlencode(address)}")
    words = LETTERS[plan.language]
    told = {
        "words": words,
        "lang": plan.language,
        "hello": words.hello.format(name=agent.first_name),
        "name": schedule.report.name,
        "days": days,
        "heads": [csvfile.head(column) for column in sheet.columns[:_COLUMNS]],
        "rows": [csvfile.texts(row[:_COLUMNS], sheet) for row in rows.first],
        "summary": _summary(rows.count, is_whole=bool(files), plan=plan),
        "page": page,
        "why": words.why.format(owner=schedule.owner.name),
        "change": settings().address("/promises/saved"),
        "test": words.test if sending.is_test else "",
    }
    subject = f"{told['test']} {schedule.report.name}{f', {days}' if days else ''}".strip()
    content = {
        "subject": subject,
        "text": render_template("mail/report.txt", **told),
        "html": render_template("mail/report.html", **told),
        "files": files,
    }
    recipient = DeliveryRecipient(address=agent.email, name=agent.name)
    return outbox.enqueue(Delivery(purpose="letter", channel_id=None, content=content, recipients=[recipient]))


def asked(query: str, plan: Plan, due_at: datetime, *, is_live: bool) -> tuple[Mapping[str, str], str]:
    """What is asked for a due instant, its days spelled out, so that a mail that is late is of the same days."""
    address = dict(parse_qsl(query))
    if is_live:
        return address, ""
    house = periods.house()
    if plan.days == "before":
        since, until = plans.span(plan, due_at.astimezone(house.zone).date())
    elif address.get("from") or address.get("to"):
        found = asking.period(address)
        since, until = found.since, found.until
    else:
        found = periods.named(address.get("period") or "month", due_at, house)
        since, until = found.since, found.until
    last = until - timedelta(days=1)
    rest = {name: value for name, value in address.items() if name not in {"period", "from", "to"}}
    return {"from": str(since), "to": str(last), **rest}, f"{since} – {last}" if last > since else str(since)


def _files(sheet: Sheet, kind: str) -> list[Json]:
    try:
        content = b"".join(_limited(csvfile.pieces(sheet))) if kind == "csv" else _workbook(sheet)
    except _TooLarge:
        return []
    mime = csvfile.MIME.partition(";")[0] if kind == "csv" else workbook.MIME
    return [{"filename": f"{sheet.name}.{kind}", "content_type": mime, "sha256": blobs.put(content)}]


def _limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise _TooLarge
        yield piece


def _workbook(sheet: Sheet) -> bytes:
    with TemporaryDirectory(dir=settings().var, prefix="workbook-") as folder:
        path = Path(folder) / "table.xlsx"
        workbook.write(sheet, path)
        if path.stat().st_size > MOST_BYTES:
            raise _TooLarge
        return path.read_bytes()


def _summary(count: int, *, is_whole: bool, plan: Plan) -> str:
    words = LETTERS[plan.language]
    if not is_whole:
        return words.too_large
    return words.rows.format(count=count) if count else words.none
