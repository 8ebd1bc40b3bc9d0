"""Commands that need a database say in one sentence when there is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click
from flask import current_app

from helpdesk.database.requirements import check
from helpdesk.database.trouble import CannotStart

Command = TypeVar("Command", bound=Callable[..., Any])

NOWHERE = "postgresql+psycopg://nobody@/none?host=/nonexistent"
"""What an app is given that knows of no database, so that commands that need none run."""


def needs_database(command: Command) -> Command:
    """Run the command's function only when the app's database answers and can hold the product."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        missing = current_app.extensions.get("no_database")
        if missing:
            raise click.ClickException(missing)
        try:
            check(current_app.config["SQLALCHEMY_DATABASE_URI"])
        except CannotStart as error:
            raise click.ClickException(str(error)) from error
        return command(*arguments, **options)

    return cast("Command", run)
