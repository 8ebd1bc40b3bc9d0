"""Fetching: a file that came as a name is had from its provider, by a job; tried again for a day, then given up.

1. claim: nobody else asks for it for some minutes, committed before anything is asked;
2. fetch, holding no database connection;
3. the file is on its message, or the message says why it is not.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from channels import missing, registry
from channels.adapter import Permanent, Retryable, SendError
from channels.doors import Fetching
from channels.models import Channel, Fetch
from helpdesk import blobs, jobs
from helpdesk.db import db
from helpdesk.now import now

_LEASE = timedelta(minutes=5)
_PAUSES = (10, 60, 300, 1800, 3600, 7200, 14400, 28800)
"""Seconds between tries; behind the last one it is given up."""


def fetch(fetch_id: int) -> None:
    """Fetch one file if it is still wanted and nobody is at it; a job."""
    claimed = _claim(fetch_id)
    if claimed is None:
        return
    kind, reference, connection = claimed
    adapter = registry.offered(kind, Fetching)  # type: ignore[type-abstract]
    assert adapter is not None  # it gave the name of the file
    try:
        content = adapter.fetch(reference, connection)
    except SendError as error:
        _not_here(fetch_id, error)
    else:
        _here(fetch_id, content)


def remind() -> int:
    """Give every file that is due a job, in case its own was lost; how many. A tick of the scheduler."""
    due = select(Fetch.id).where(Fetch.state == "waiting", Fetch.not_before < now() - timedelta(seconds=30))
    late = list(db.session.scalars(due.order_by(Fetch.not_before).limit(200)))
    for fetch_id in late:
        jobs.defer("fetch", key=f"fetch:{fetch_id}", fetch_id=fetch_id)
    db.session.commit()
    return len(late)


def _claim(fetch_id: int) -> tuple[str, str, object] | None:
    wanted = update(Fetch).where(Fetch.id == fetch_id, Fetch.state == "waiting", Fetch.not_before <= now())
    taken = wanted.values(not_before=now() + _LEASE, attempts=Fetch.attempts + 1).returning(
        Fetch.channel_id, Fetch.reference
    )
    row = db.session.execute(taken).one_or_none()
    db.session.commit()
    if row is None:
        return None
    channel = db.session.get_one(Channel, row.channel_id)
    try:
        claimed = channel.kind, row.reference, registry.adapter(channel.kind).connect(channel)
    except SendError as error:
        _not_here(fetch_id, error)
        return None
    db.session.rollback()  # the provider takes its time, and no connection waits for it
    return claimed


def _here(fetch_id: int, content: bytes) -> None:
    found = _held(fetch_id)
    if found is None:
        return
    try:
        missing.put(found, content)
    except blobs.NoRoom:
        db.session.rollback()
        _not_here(fetch_id, Retryable("The disk is full."))
        return
    db.session.commit()


def _not_here(fetch_id: int, error: SendError) -> None:
    """Later again, or never; a sign-in that was refused may be mended."""
    found = _held(fetch_id)
    if found is None:
        return
    if isinstance(error, Permanent) or found.attempts > len(_PAUSES):
        missing.give_up(found, error.reason)
    else:
        least = error.retry_after if isinstance(error, Retryable) else 0
        found.reason = error.reason
        found.not_before = now() + timedelta(seconds=max(least, _PAUSES[found.attempts - 1]))
        jobs.defer("fetch", at=found.not_before, fetch_id=fetch_id)
    db.session.commit()


def _held(fetch_id: int) -> Fetch | None:
    rows = select(Fetch).where(Fetch.id == fetch_id, Fetch.state == "waiting")
    return db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).one_or_none()
