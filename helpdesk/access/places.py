"""Places somebody has signed in from: others' guesses elsewhere never lock them out there."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from helpdesk.access.models import Throttle
from helpdesk.access.throttle import Bucket
from helpdesk.db import db
from helpdesk.now import now

REMEMBERED = timedelta(days=90)
_PLACE = Bucket("place", 0, REMEMBERED)
"""Kept beside the counters: the same hashed key, the same forgetting."""


def is_known(email: str, network: str) -> bool:
    key, since = _PLACE.key(email, network), now() - REMEMBERED
    return db.session.scalar(select(Throttle.key).where(Throttle.key == key, Throttle.at > since)) is not None


def remember(email: str, network: str) -> None:
    seen = insert(Throttle).values(key=_PLACE.key(email, network), tokens=0, at=now())
    db.session.execute(seen.on_conflict_do_update(index_elements=["key"], set_={"at": seen.excluded.at}))
