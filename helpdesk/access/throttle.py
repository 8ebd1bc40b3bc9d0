"""Token buckets: how often something may be tried, counted in PostgreSQL across all web workers, or by each."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, text, update

from helpdesk.access.models import Throttle
from helpdesk.db import db
from helpdesk.errors import TooMany
from helpdesk.now import now


@dataclass(frozen=True)
class Bucket:
    """`size` tries at once, coming back evenly over `refill`."""

    name: str
    size: int
    refill: timedelta

    def key(self, *of: str) -> str:
        """Whom it counts, as a hash: the table holds no addresses."""
        digest = hashlib.sha256("\0".join(of).encode()).hexdigest()
        return f"{self.name}:{digest[:40]}"

    @property
    def per_second(self) -> float:
        return self.size / self.refill.total_seconds()


_TAKE = text("""
    WITH quickly AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO throttle AS t (key, tokens, at) SELECT :key, CAST(:size AS float) - 1, :at FROM quickly
    ON CONFLICT (key) DO UPDATE SET
        tokens = least(:size, t.tokens + :per_second * greatest(0, extract(epoch FROM :at - t.at))) - 1,
        at = greatest(t.at, :at)
    WHERE least(:size, t.tokens + :per_second * greatest(0, extract(epoch FROM :at - t.at))) >= 1
    RETURNING tokens
""")
"""Nobody waits for the disk: what a crash forgets of the last half second is a try or two."""
_LEFT = text("SELECT tokens + :per_second * greatest(0, extract(epoch FROM :at - at)) FROM throttle WHERE key = :key")


def take(bucket: Bucket, *of: str) -> None:
    """Use up one try, at once and for good: a failure later in the request does not give it back.

    Raises:
        TooMany: none is left; `retry_after` says when the next one is.
    """
    arguments = {"key": bucket.key(*of), "per_second": bucket.per_second, "at": now()}
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.execute(_TAKE, {**arguments, "size": bucket.size}).first() is not None:
            return
        left = connection.execute(_LEFT, arguments).scalar() or 0.0
    raise _refusal(bucket, left)


class Counted:
    """A bucket for each of those who have shown who they are, counted by this process alone: it asks no database."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._left: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, whom: str) -> None:
        """Use up one try.

        Raises:
            TooMany: none is left; `retry_after` says when the next one is.
        """
        at = now()
        with self._lock:
            left, since = self._left.get(whom, (float(self._bucket.size), at))
            back = self._bucket.per_second * max(0.0, (at - since).total_seconds())
            left = min(float(self._bucket.size), left + back)
            self._left[whom] = (left - 1 if left >= 1 else left), max(at, since)
        if left < 1:
            raise _refusal(self._bucket, left)


def refill(bucket: Bucket, *of: str) -> None:
    """All tries are back: whoever asked has shown who they are."""
    with db.engine.begin() as connection:
        connection.execute(delete(Throttle).where(Throttle.key == bucket.key(*of)))


def give_back(bucket: Bucket, *of: str) -> None:
    """Undo one `take`: it was no guess."""
    with db.engine.begin() as connection:
        connection.execute(
            update(Throttle)
            .where(Throttle.key == bucket.key(*of))
            .values(tokens=func.least(bucket.size, Throttle.tokens + 1))
        )


def forget(older_than: timedelta) -> None:
    """Drop the counters nobody has touched for so long."""
    db.session.execute(delete(Throttle).where(Throttle.at < now() - older_than))


def _refusal(bucket: Bucket, left: float) -> TooMany:
    wait = max(1, math.ceil((1 - left) / bucket.per_second))
    return TooMany(f"That was tried too often. Wait {_spoken(wait)} and try again.", wait)


def _spoken(seconds: int) -> str:
    if seconds < 100:
        return f"{seconds} seconds"
    if seconds < 6000:
        return f"{math.ceil(seconds / 60)} minutes"
    return f"{math.ceil(seconds / 3600)} hours"
