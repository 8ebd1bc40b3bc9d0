"""`flask seed demo`: the demo story, at this moment or at a given one."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

from helpdesk.database import needs_database
from helpdesk.db import db
from helpdesk.demo.times import instant
from helpdesk.errors import DomainError
from helpdesk.now import now
from helpdesk.settings import settings

if TYPE_CHECKING:
    from helpdesk.demo.story import Story

seed = AppGroup("seed", help="Fill an empty database.")


class Instant(click.ParamType[datetime]):
    """An ISO 8601 time with its offset from UTC."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            given = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("Write a time like 2026-10-15T16:42-05:00.", param, ctx)
        if given.tzinfo is None:
            self.fail("Add the offset from UTC, like 2026-10-15T16:42-05:00.", param, ctx)
        return given


@seed.command("demo", help="Load the demo story: a company, its customers and one busy afternoon.")
@click.option("--at", type=Instant(), help="The story's now; without it, this moment.")
@click.option("--freeze", is_flag=True, help="Load it for a clock that stands still, to compare screens.")
@needs_database
def demo(at: datetime | None, freeze: bool) -> None:  # noqa: FBT001 - click calls by name
    told = _part("story").story()
    moment = at or (instant(told.now, told.zone) if freeze else now())
    try:
        _part("seeding").load(told, at=moment)
    except DomainError as error:
        raise click.ClickException(error.message) from error
    db.session.commit()
    for line in _how_to_go_on(told, moment, freeze=freeze):
        click.echo(line)


def _how_to_go_on(told: Story, moment: datetime, *, freeze: bool) -> list[str]:
    here = settings()
    lines = [
        f"{told.brand} is here: {len(told.tickets)} tickets, {len(told.agents)} people.",
        f"Sign in at {here.base_url} as {told.agents[0].email} with the password {_part('people').PASSWORD}.",
        f"Everybody has that password: {', '.join(agent.email for agent in told.agents)}.",
        f"Mail for {told.mailbox.address} is taken in at {here.mail_host}:{here.mail_port}.",
        f"Answers are written to {here.var / 'outbox'} and go no further.",
    ]
    if freeze:
        lines.append(f"Start it with HELPDESK_FROZEN_AT={moment.isoformat()} to stop its clock there.")
    return lines


def _part(name: str) -> Any:
    """Loaded by who tells the story: the library that checks its values takes 8 MB, and no process that lasts does."""
    return import_module(f"helpdesk.demo.{name}")
