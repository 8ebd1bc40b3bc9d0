"""Jobs: rows written in the same transaction as what they serve, run by name in the worker.

A job only says "look at row N"; the truth stays in our own rows, claimed by
compare-and-set, so a lost or doubled job never loses or doubles an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued

from helpdesk.db import by_hand, db

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(name: str, *, at: datetime | None = None, key: str | None = None, **arguments: Any) -> None:
    """Run the job `name` once this transaction has committed, not before `at`.

    With `key`, a job that already waits under the same key makes this call a no-op.
    """
    if key is None:
        _write(name, at, None, arguments)
        return
    savepoint = db.session.begin_nested()
    try:
        _write(name, at, key, arguments)
    except AlreadyEnqueued:
        savepoint.rollback()
    else:
        savepoint.commit()


def bind(jobs: dict[str, Callable[..., Any]], *, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Give every job name its function, each wrapped by `around` (an app context, a session)."""
    for name, function in jobs.items():
        queue.task(name=name)(around(function))


def _write(name: str, at: datetime | None, key: str | None, arguments: dict[str, Any]) -> None:
    """By the session's own connection: asking for it is also what sends a savepoint that was begun."""
    connection = by_hand()
    job = queue.configure_task(name=name, allow_unknown=True, schedule_at=at, queueing_lock=key, connection=connection)
    job.defer(**arguments)
