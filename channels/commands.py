"""`flask channels ...`: what came in, and where it ended."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime

import click
from flask.cli import AppGroup

from channels import accounting

channels = AppGroup("channels", help="Look after the channels.")


@channels.command("reconcile")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A day (UTC); today when it is left out.")
@click.pass_context
def reconcile(context: click.Context, day: datetime | None) -> None:
    """Count what came in on a day by where it ended, as JSON; exit 1 when something has no end."""
    counted: date = day.date() if day is not None else accounting.today()
    tallies = accounting.tallies(counted)
    strays = [{**asdict(one), "received_at": one.received_at.isoformat()} for one in accounting.strays(counted)]
    said = {"day": counted.isoformat(), "channels": [asdict(one) for one in tallies], "unaccounted": strays}
    click.echo(json.dumps(said, indent=2))
    context.exit(1 if strays else 0)
