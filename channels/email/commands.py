"""`flask mail ...`: what the product sees in a mail."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import AppGroup

from channels.adapter import Quarantine
from channels.email.describing import describe
from channels.email.limits import RAW_BYTES
from channels.email.sandbox import Sandbox

mail = AppGroup("mail", help="Look at mails the way the product does.")


@click.command("parse")
@click.option("--own", multiple=True, metavar="ADDRESS", help="An address of ours, to recognise our own mail.")
@click.option("--trusted", multiple=True, metavar="SERVER", help="A server whose Authentication-Results count.")
@click.pass_context
def parse(context: click.Context, own: tuple[str, ...], trusted: tuple[str, ...]) -> None:
    """Print the mail on standard input as one JSON object."""
    raw = sys.stdin.buffer.read(RAW_BYTES + 1)
    sandbox = Sandbox(
        own_addresses=frozenset(map(str.lower, own)),
        trusted_authserv=frozenset(map(str.lower, trusted)),
    )
    try:
        click.echo(json.dumps(describe(sandbox.parse(raw)), indent=2))
    except Quarantine as quarantine:
        click.echo(json.dumps({"error": quarantine.reason}))
        context.exit(1)
    finally:
        sandbox.close()


# Reading a mail needs neither application nor database, so the command is not wrapped in their context.
mail.add_command(parse)
