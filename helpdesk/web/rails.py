"""The geometry of a rail: a promise drawn as a line, in percent of its width, so that no style attribute is needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.text.promised import Promised, Segment, State

PAST_NOW = 96.0
"""Where "now" stands on a rail whose promise is past, so that the line visibly runs beyond its ring."""
PAST_DUE_MOST = 90.0
"""A ring of a promise just past stays this far left, or its overrun could not be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of the line: its left edge and its width, in percent."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Geometry:
    """What to draw: `track` is a width, `cap` and `now` are positions, in percent of the rail."""

    tone: str
    track: float
    cap: float
    rest: Bar | None = None
    over: Bar | None = None
    gaps: tuple[Bar, ...] = ()
    now: float | None = None


def warning_point(start: datetime, due: datetime) -> datetime:
    """When a promise turns warm unless its policy says otherwise: 75 % used or two hours left, whichever is first."""
    return min(start + (due - start) * 0.75, due - timedelta(hours=2))


def tone(promise: Promised, now: datetime) -> str:
    """The temperature: cool, warm, ember, kept, broken or paused."""
    if promise.state in {State.KEPT, State.BROKEN}:
        return promise.state.value
    if promise.state is not State.RUNNING:
        return "paused"
    if now >= promise.due:
        return "ember"
    return "warm" if now >= (promise.warn_at or warning_point(promise.start, promise.due)) else "cool"


def rail_geometry(promise: Promised, now: datetime) -> Geometry:
    """Lay out the axis from start to due, or to now when past."""
    start, due = promise.start, promise.due
    colour = tone(promise, now)
    if colour == "kept":
        kept = _along(promise.finished or due, start, due)
        return Geometry(colour, 100.0, kept, rest=Bar(0.0, kept))
    if colour in {"ember", "broken"}:
        return _overrun(promise, promise.finished or now, colour)
    here = _along(now, start, due)
    rest = Bar(here, _tenth(100.0 - here))
    return Geometry(colour, 100.0, 100.0, rest=rest, gaps=_gaps(promise.segments, start, due), now=here)


def _overrun(promise: Promised, end: datetime, colour: str) -> Geometry:
    start, due = promise.start, promise.due
    whole = max(end - start, timedelta(seconds=1))
    ring = _tenth(min(PAST_NOW * ((due - start) / whole), PAST_DUE_MOST))
    gaps = _gaps(promise.segments, start, due)
    scaled = tuple(Bar(_tenth(gap.x * ring / 100), _tenth(gap.width * ring / 100)) for gap in gaps)
    here = PAST_NOW if colour == "ember" else None
    return Geometry(colour, ring, ring, over=Bar(ring, _tenth(PAST_NOW - ring)), gaps=scaled, now=here)


def _gaps(segments: Iterable[Segment], start: datetime, due: datetime) -> tuple[Bar, ...]:
    bars = ((_along(part.start, start, due), _along(part.end, start, due)) for part in segments)
    return tuple(Bar(left, _tenth(right - left)) for left, right in bars if right > left)


def _along(instant: datetime, start: datetime, due: datetime) -> float:
    """Where `instant` stands between start and due, kept within the line."""
    if due <= start:
        return 100.0
    return _tenth(min(max((instant - start) / (due - start), 0.0), 1.0) * 100)


def _tenth(percent: float) -> float:
    return round(percent, 1)
