"""Instants: POSIX seconds in a roster, UTC with whole seconds in the database, a wall for who reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_GRACE = timedelta(minutes=5)


def utc(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


def local(instant: float, zone: ZoneInfo) -> datetime:
    return utc(instant).astimezone(zone)


def whole(instant: datetime) -> datetime:
    """In UTC, without the parts of a second that rosters do not count."""
    return instant.astimezone(UTC).replace(microsecond=0)


def from_now(start: datetime, at: datetime) -> datetime:
    """`at` for a start a little before it: a form that says "from now on" was opened a few minutes ago."""
    return at if at - _GRACE <= start < at else start
