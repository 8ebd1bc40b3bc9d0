"""Arithmetic on the stretches in which a clock ran: pairs of instants, the last one open while it runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sla.calendars.timeline import Timeline

Spans = Sequence[Sequence[float | None]]


def used(timeline: Timeline, spans: Spans, at: float) -> float:
    """Business seconds used up to `at`."""
    between, seconds = timeline.between, 0.0
    for start, end in spans:
        if start is not None:
            seconds += between(start, at if end is None else end)
    return seconds


def reached(timeline: Timeline, spans: Spans, seconds: float) -> float | None:
    """When so many were used; None when the clock stands still before that."""
    left = seconds
    for start, end in spans:
        if start is None:
            continue
        if end is None:
            return timeline.add(start, left)
        room = timeline.between(start, end)
        if left <= room and room:
            return timeline.add(start, left)
        left -= room
    return None
