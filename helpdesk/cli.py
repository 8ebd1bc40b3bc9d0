"""The commands of the core: background processes, the schema and the first agent."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from helpdesk import logs, scheduler, worker
from helpdesk.access import links
from helpdesk.database import needs_database
from helpdesk.db import db
from helpdesk.errors import DomainError, Invalid
from helpdesk.people import agents as people
from helpdesk.people import organizations

agent = AppGroup("agent", help="People inside: add one, give them a link to sign in.")


def install(app: Flask) -> None:
    app.cli.add_command(run_worker)
    app.cli.add_command(run_scheduler)
    app.cli.add_command(migrate)
    app.cli.add_command(write_migration)
    app.cli.add_command(agent)
    app.cli.add_command(add_organization)


@click.command("worker", help="Take requests in, send answers out and run jobs.")
@click.option("--schedule", is_flag=True, help="Be a scheduler too, in a thread.")
@needs_database
def run_worker(*, schedule: bool) -> None:
    logs.configure(process="worker")
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - threads need the app itself
    worker.run(app, beside=[scheduler.stand] if schedule else [])


@click.command("scheduler", help="Call what is due; one of any number leads.")
@needs_database
def run_scheduler() -> None:
    logs.configure(process="scheduler")
    scheduler.run(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - threads need the app itself


@click.command("migration", help="For developers: write the next migration from what the models say.")
@click.argument("name")
@needs_database
def write_migration(name: str) -> None:
    click.echo(_migrating().create(current_app.config["SQLALCHEMY_DATABASE_URI"], name))


@click.command("migrate", help="Bring the database's schema up to this version.")
@needs_database
def migrate() -> None:
    _migrating().upgrade(current_app.config["SQLALCHEMY_DATABASE_URI"])
    click.echo("The schema is up to date.")


@agent.command("add", help="Add somebody and print their invitation link.")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=click.Choice(people.ROLES), default="agent")
@click.option("--zone", default="UTC")
@needs_database
def add_agent(email: str, name: str, role: str, zone: str) -> None:
    try:
        made = people.create(email, name=name, role=role, zone=zone)
        link = links.issue(made, "invitation")
    except DomainError as error:
        raise _in_words(error) from error
    db.session.commit()
    click.echo(link)


@click.command("organization", help="Add a customer company; whoever writes from its mail domains belongs to it.")
@click.argument("name")
@click.option("--domain", "domains", multiple=True, help="A mail domain of theirs; may be given again.")
@needs_database
def add_organization(name: str, domains: tuple[str, ...]) -> None:
    try:
        made = organizations.create(name, domains=domains)
    except DomainError as error:
        raise _in_words(error) from error
    db.session.commit()
    click.echo(f"{made.name} is here.")


@agent.command("link", help="Print a link with which somebody can set a new password.")
@click.argument("email")
@needs_database
def sign_in_link(email: str) -> None:
    known = people.find_by_email(email)
    if known is None or not known.is_active:
        raise click.ClickException("Nobody here has this address.")
    link = links.issue(known, "reset")
    db.session.commit()
    click.echo(link)


def _migrating() -> Any:
    """Loaded by who migrates: its library takes 8 MB and no process that lasts needs it."""
    return import_module("helpdesk.migrating")


def _in_words(error: DomainError) -> click.ClickException:
    fields = error.fields if isinstance(error, Invalid) else {}
    return click.ClickException(" ".join([error.message, *fields.values()]))
