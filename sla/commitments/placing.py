"""The nearest promise of a ticket, as the queue sorts and draws it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from helpdesk.tickets.dues import Due, set_next_due
from helpdesk.tickets.models import Ticket
from sla.calendars.hours import NoOpenTime
from sla.commitments.facts import Cycle
from sla.commitments.models import Commitment
from sla.commitments.stored import instant, instant_or_none

_KINDS = {"first_response": "reply", "next_response": "reply", "ownership": "reply", "update": "update"}
_KINDS |= {"on_site": "on_site", "restore": "restore"}
_MOST_GAPS = 40
_SOON = timedelta(hours=2)


def place(
    ticket: Ticket, cycles: Sequence[Cycle], rows: Sequence[Commitment], words: Mapping[int, str], at: datetime
) -> None:
    """By the open promise that falls due first, broken ones before all; by nothing when none is running.

    `words`: clause -> what it promises.
    """
    open_ones = [
        (cycle.due, i)
        for i, (cycle, row) in enumerate(zip(cycles, rows, strict=True))
        if row.ended_at is None and row.excused_at is None and cycle.due is not None
    ]
    if not open_ones or not ticket.is_active:
        set_next_due(ticket, None)
        return
    nearest = min(open_ones)[1]
    set_next_due(ticket, _due(cycles[nearest], words.get(cycles[nearest].clause, ""), at))


def _due(cycle: Cycle, words: str, at: datetime) -> Due:
    assert cycle.due is not None
    due, here = instant(cycle.due), at.timestamp()
    warns = instant_or_none(cycle.warns) or due
    asleep = _asleep_until(cycle, here)
    return Due(
        kind=_KINDS.get(cycle.metric, "resolve"),
        since=instant(cycle.started),
        at=due,
        warn_at=max(warns, due - _SOON),
        asleep_until=instant(asleep) if asleep is not None else None,
        words=words,
        gaps=tuple(islice(_gaps(cycle), _MOST_GAPS)),
        turns_at=_turns(cycle, here, asleep),
    )


def _asleep_until(cycle: Cycle, at: float) -> float | None:
    """The next opening, while it is closed and time is left."""
    if cycle.broken is not None or cycle.timeline.is_open(at):
        return None
    try:
        opening = cycle.timeline.next_open(at)
    except NoOpenTime:
        return None
    left = cycle.due is not None and (cycle.due > at or (cycle.breaks or 0) > at)
    return opening if left else None


def _turns(cycle: Cycle, at: float, asleep: float | None) -> datetime | None:
    if asleep is not None:
        return instant(asleep)
    if cycle.due is None or cycle.due <= at:
        return None
    interval = next(cycle.timeline.intervals(at, cycle.due + 1), None)
    return instant(interval.end) if interval is not None and interval.end <= cycle.due else None


def _gaps(cycle: Cycle) -> Iterator[tuple[datetime, datetime]]:
    """Closed and paused stretches between its start and its due time."""
    assert cycle.due is not None
    cursor = cycle.started
    for start, end in cycle.spans:
        for interval in cycle.timeline.intervals(start, min(end or cycle.due, cycle.due)):
            begin = max(start, interval.start)
            if begin > cursor:
                yield instant(cursor), instant(begin)
            cursor = max(cursor, interval.end)
    if cursor < cycle.due:
        yield instant(cursor), instant(cycle.due)
