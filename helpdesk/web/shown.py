"""One promise as a page shows it: geometry, shape and words worked out together, so that they never disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.text.promised import Promised, State
from helpdesk.text.timeleft import clock, counts_from, time_left
from helpdesk.web.rails import Geometry, rail_geometry, warning_point

SHAPES = {"cool": "ring", "warm": "half", "ember": "diamond", "paused": "bars", "kept": "tick", "broken": "struck"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A promise at one instant for one viewer. `listed` and `told` are the words in a list and on the ticket.

    What a list does not show is worked out when it is asked for.
    """

    promise: Promised
    now: datetime
    zone: ZoneInfo
    geometry: Geometry
    tone: str
    shape: str
    listed: str
    counts_from: datetime
    warn_at: datetime

    @property
    def utc_offset(self) -> int:
        """Minutes the viewer's clock is ahead of UTC now."""
        return _minutes_ahead(self.now, self.zone)

    @property
    def told(self) -> str:
        return time_left(self.promise, self.now, self.zone, "ticket")

    @property
    def brief(self) -> str:
        """Where what was promised stands beside it."""
        return time_left(self.promise, self.now, self.zone, "panel")

    @property
    def label(self) -> str:
        return _label(self.promise, self.now, self.zone)

    @property
    def ticks(self) -> tuple[tuple[str, float, bool], ...]:
        return _ticks(self.promise, self.geometry, self.now, self.zone)

    @property
    def ticking(self) -> bool:
        """Whether the browser moves it on."""
        return self.promise.state is State.RUNNING


def show(promise: Promised, now: datetime, zone: ZoneInfo) -> Shown:
    """Work out everything a rail and its words need."""
    geometry = rail_geometry(promise, now)
    return Shown(
        promise=promise,
        now=now,
        zone=zone,
        geometry=geometry,
        tone=geometry.tone,
        shape=SHAPES[geometry.tone],
        listed=time_left(promise, now, zone, "list"),
        counts_from=counts_from(promise.due, zone),
        warn_at=promise.warn_at or warning_point(promise.start, promise.due),
    )


def _minutes_ahead(now: datetime, zone: ZoneInfo) -> int:
    offset = now.astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(minutes=1)


def _label(promise: Promised, now: datetime, zone: ZoneInfo) -> str:
    start, due = clock(promise.start, now, zone), clock(promise.due, now, zone)
    if promise.state in {State.KEPT, State.BROKEN}:
        return f"Promised {start}, due {due}, {promise.state} {clock(promise.finished or promise.due, now, zone)}"
    return f"Promised {start}, now {clock(now, now, zone)}, due {due}"


def _ticks(promise: Promised, geometry: Geometry, now: datetime, zone: ZoneInfo) -> tuple[tuple[str, float, bool], ...]:
    """Times under the line, each with its place and whether it is now; now wins where two would touch."""
    marks = [(clock(promise.start, now, zone), 0.0, False), (clock(promise.due, now, zone), geometry.cap, False)]
    if geometry.now is None:
        return tuple(marks)
    here = (clock(now, now, zone), geometry.now, True)
    return (*(mark for mark in marks if abs(mark[1] - geometry.now) >= 12), here)
