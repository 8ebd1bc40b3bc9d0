"""`flask sla ...` and `flask oncall ...`: the arithmetic of promises and rotas, JSON lines in and out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from helpdesk.database import needs_database
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid
from helpdesk.now import now
from sla.calendars.calculating import calculate
from sla.commitments.replaying import replay
from sla.commitments.verifying import Verified, verify
from sla.money import checking as money
from sla.money import days, exporting
from sla.oncall.answering import answer as answer_rota
from sla.reports import asking, checking
from sla.volume import checking as service
from sla.volume import counting
from sla.zendesk import writing as outside

sla = AppGroup("sla", help="Promises: recompute what the product computes.")
oncall = AppGroup("oncall", help="On call: who rings when.")
reports = AppGroup("reports", help="Reports: recompute what is counted.")

_LONGEST_LINE = 1_000_000


@click.command("calculate", help="Answer questions about business time, one JSON object a line.")
def calculate_lines() -> None:
    _each_line(calculate)


@click.command("replay", help="Run the clocks of tickets again, one history a line as a JSON object.")
def replay_lines() -> None:
    _each_line(replay)


@click.command("verify", help="Replay every ticket and compare; ends with 1 where a stored promise differs.")
@needs_database
def verify_rows() -> None:
    count, different = Verified(), 0
    for one in verify(count):
        different += 1
        click.echo(json.dumps(asdict(one), default=str))
    click.echo(f"{count.tickets} tickets, {count.cycles} promises, {different} differences.", err=True)
    if different:
        raise SystemExit(1)


@reports.command("verify", help="Count promises, tickets and money again; ends with 1 where a figure differs.")
@needs_database
def verify_figures() -> None:
    different = 0
    for one in chain(checking.verify(), service.verify(), money.verify()):
        different += 1
        click.echo(json.dumps(one, default=str))
    click.echo(f"{different} differences.", err=True)
    if different:
        raise SystemExit(1)


@reports.command("rebuild", help="Write every figure anew from the promises and what happened.")
@needs_database
def rebuild_figures() -> None:
    changed = checking.rebuild()
    facts = counting.count_everything()
    days.again()
    db.session.commit()
    click.echo(f"{changed} outcomes and {facts} rows of service were written; every day was added up anew.")


@reports.command("export", help="Write tables of another helpdesk's shape as CSV files, to be counted by others.")
@click.option("--shape", type=click.Choice(["zendesk"]), required=True, help="Whose tables: what dbt_zendesk reads.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@needs_database
def export_tables(shape: str, folder: Path) -> None:
    try:
        for table, count in outside.write(folder):
            click.echo(f"{folder / table}.csv: {count} rows")
    except DomainError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"All tables of the shape {shape} are written, as of one instant.", err=True)


@reports.command("money", help="Write the facts of money as CSV with its figures; verify_money.py works them out anew.")
@click.option("--period", "name", help="today, week, month, quarter or year; this month where none is named.")
@click.option("--from", "since", default="", help="A first day, instead of a period.")
@click.option("--to", "until", default="", help="A last day.")
@click.option("--csv", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@needs_database
def write_money(name: str | None, since: str, until: str, folder: Path) -> None:
    try:
        asked = asking.period({"period": name or "", "from": since, "to": until})
        written = exporting.export(asked, folder, now())
    except Invalid as error:
        raise click.ClickException(" ".join([error.message, *error.fields.values()])) from None
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written: {error.strerror}.") from None
    for file, rows in sorted(written.items()):
        click.echo(f"{file}.csv: {rows} rows", err=True)


@click.command("shifts", help="Work out the shifts of rotas, one JSON object a line.")
def shift_lines() -> None:
    _each_line(answer_rota)


def _each_line(answer: Callable[[Any], dict[str, Any]]) -> None:
    for line in sys.stdin:
        if line.strip():
            click.echo(json.dumps(_one(line, answer)))


def _one(line: str, answer: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        return {"error": "The line is longer than a million characters."}
    try:
        question = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return {"error": "The line is not JSON."}
    return answer(question)


sla.add_command(calculate_lines)
sla.add_command(replay_lines)
sla.add_command(verify_rows)
oncall.add_command(shift_lines)
