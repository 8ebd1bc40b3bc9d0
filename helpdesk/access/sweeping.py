"""Housekeeping at the door: what has run out is deleted."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from helpdesk.access import throttle
from helpdesk.access.models import OneTimeLink, Session
from helpdesk.access.places import REMEMBERED
from helpdesk.db import db
from helpdesk.now import now

LINKS_KEPT = timedelta(days=30)
"""So long a spent link still says that it was spent."""


def tick() -> None:
    """Drop ended sessions, long spent links and counters nobody has touched; harmless at any time."""
    db.session.execute(delete(Session).where(Session.expires_at <= now()))
    db.session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at <= now() - LINKS_KEPT))
    throttle.forget(REMEMBERED)
    db.session.commit()
