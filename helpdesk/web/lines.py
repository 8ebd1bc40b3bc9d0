"""A row of a list worked out to the last word and number, so that drawing fifty of them is putting them in place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.text.initials import initials, tint
from helpdesk.text.timeleft import when
from helpdesk.tickets.queue import Row, group_of
from helpdesk.tickets.views import NEWEST, View
from helpdesk.web.assets import CHANNEL_ICONS, CHANNEL_WORDS, milliseconds
from helpdesk.web.drawing import bars
from helpdesk.web.promises import listed
from helpdesk.web.shown import Shown


@dataclass(frozen=True, slots=True)
class Clock:
    """What the browser needs to move a promise on, in its milliseconds."""

    start: int
    due: int
    warn: int
    counts: int


@dataclass(frozen=True, slots=True)
class Face:
    """What stands for somebody without a picture."""

    initials: str
    tint: int


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list as it is drawn."""

    row: Row
    group: str
    sort: str
    at: str
    when: str
    contact: Face
    assignee: Face | None
    channel_icon: str
    channel_word: str
    shown: Shown | None
    bars: str
    """The inside of the promise's rail."""
    clock: Clock | None
    """None while nothing moves."""

    @property
    def number(self) -> int:
        return self.row.number


def line(row: Row, view: View, now: datetime, zone: ZoneInfo) -> Line:
    shown = listed(row, now, zone)
    return Line(
        row=row,
        group=group_of(row, now, zone)[1] if view.by_due else "all",
        sort=f"{_sort(row, view):.3f}",
        at=row.last_message_at.isoformat(),
        when=when(row.last_message_at, now, zone),
        contact=Face(initials(row.contact_name), tint(row.contact_id)),
        assignee=_face(row.assignee_name, row.assignee_id),
        channel_icon=CHANNEL_ICONS.get(row.channel_kind, "message-circle"),
        channel_word=CHANNEL_WORDS.get(row.channel_kind, row.channel_kind),
        shown=shown,
        bars=bars(shown.geometry) if shown is not None else "",
        clock=_clock(shown) if shown is not None and shown.ticking else None,
    )


def _sort(row: Row, view: View) -> float:
    """What rows of the list are sorted by, the smallest first."""
    if view.by_due:
        return row.queue_at.timestamp()
    at = row.last_message_at.timestamp()
    return -at if view.order == NEWEST else at


def _face(name: str | None, identity: int | None) -> Face | None:
    return Face(initials(name), tint(identity)) if name is not None and identity is not None else None


def _clock(shown: Shown) -> Clock:
    return Clock(
        start=milliseconds(shown.promise.start),
        due=milliseconds(shown.promise.due),
        warn=milliseconds(shown.warn_at),
        counts=milliseconds(shown.counts_from),
    )
