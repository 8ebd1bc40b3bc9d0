"""Jobs: rows written in the same transaction as what they serve, run by name in the worker.

A job only says "look at row N"; the truth stays in our own rows, claimed by
compare-and-set, so a lost or doubled job never loses or doubles an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import text

from helpdesk.db import Json, by_hand, db

queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

_WAITING = text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:keys)")


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


def defer_each(name: str, jobs: Mapping[str, Json]) -> None:
    """The same for many of one name, by their keys, in few statements; those that wait already are left alone."""
    waiting = _waiting(jobs)
    new = [key for key in jobs if key not in waiting]
    if not new:
        return
    savepoint = db.session.begin_nested()
    try:
        queue.job_manager.batch_defer_jobs([_job(name, key, jobs[key]) for key in new], connection=by_hand())
    except AlreadyEnqueued:  # somebody else deferred one of them at this instant
        savepoint.rollback()
        for key in new:
            defer(name, key=key, **jobs[key])
    else:
        savepoint.commit()


def bind(jobs: dict[str, Callable[..., Any]], *, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Give every job name its function, each wrapped by `around` (an app context, a session)."""
    for name, function in jobs.items():
        queue.task(name=name)(around(function))


def _waiting(keys: Collection[str]) -> set[str]:
    """Those of these keys under which a job waits."""
    return set(db.session.scalars(_WAITING, {"keys": list(keys)}))


def _job(name: str, key: str, arguments: Json) -> procrastinate.jobs.Job:
    return queue.configure_task(name, allow_unknown=True, queueing_lock=key).make_new_job(**arguments)


def _write(name: str, at: datetime | None, key: str | None, arguments: dict[str, Any]) -> None:
    """By the session's own connection: asking for it is also what sends a savepoint that was begun."""
    connection = by_hand()
    job = queue.configure_task(name=name, allow_unknown=True, schedule_at=at, queueing_lock=key, connection=connection)
    job.defer(**arguments)
