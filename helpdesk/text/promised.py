"""A promise as far as a screen is concerned: when it began, when it is due, how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """How a promise stands. Soon and past are not states: they follow from the clock."""

    RUNNING = "running"
    ASLEEP = "asleep"
    PAUSED = "paused"
    KEPT = "kept"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which the clock does not run."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Promised:
    """What is known of one promise; every instant is aware."""

    start: datetime
    due: datetime
    state: State = State.RUNNING
    what: str = "reply"
    """Finishes "42 min to …"."""
    segments: tuple[Segment, ...] = ()
    finished: datetime | None = None
    """When it was kept, or kept too late."""
    warn_at: datetime | None = None
    """When it turns warm; None means the default of `web.rails.warning_point`."""
    starts: datetime | None = None
    """When a sleeping clock runs next."""
    since: datetime | None = None
    """When a paused clock stopped."""
    waiting_for: str = "them"
    working: timedelta | None = None
    """Time left inside the calendar, where it differs from wall-clock time."""

    def taken(self, now: datetime) -> timedelta:
        """How long keeping it took, or how late it was kept, or is by now."""
        return (self.finished or now) - (self.due if self.state is State.BROKEN else self.start)
