"""What the scheduler calls for the core; each commits its own work."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select

from helpdesk import heartbeats, http
from helpdesk.db import db
from helpdesk.errors import DomainError
from helpdesk.now import now
from helpdesk.outbox import Delivery, State
from helpdesk.settings import settings
from helpdesk.tickets.lifecycle import wake_due

log = logging.getLogger(__name__)

_SILENCE = timedelta(seconds=60)
_STUCK = timedelta(minutes=5)
"""A delivery that nobody has tried for so long: no worker works."""


def wake() -> None:
    """Bring back tickets that have slept long enough."""
    if wake_due():
        db.session.commit()
    else:
        db.session.rollback()


def beat() -> None:
    heartbeats.beat("scheduler")
    db.session.commit()


def call_out() -> None:
    """Tell the watcher outside that all is well; when it is not called it raises the alarm, whatever failed here."""
    url = settings().heartbeat_url
    if not url or not _is_well():
        return
    try:
        answer = http.request("GET", url, timeout=10, limit=64 * 1024)
    except DomainError as error:
        log.warning("heartbeat_not_heard", extra={"reason": type(error).__name__})
        return
    if answer.status >= 400:
        log.warning("heartbeat_not_heard", extra={"reason": str(answer.status)})


def _is_well() -> bool:
    silent = heartbeats.silent_for("scheduler")
    waiting = Delivery.state == State.QUEUED, Delivery.attempts == 0, Delivery.not_before < now() - _STUCK
    stuck = db.session.scalar(select(Delivery.id).where(*waiting).limit(1))
    db.session.rollback()
    return silent is not None and silent < _SILENCE and stuck is None
