"""Whether the day's team is there, and from when it will be."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sla.calendars.loading import versions_of
from sla.calendars.timeline import Timeline
from sla.commitments.stored import instant


@dataclass(frozen=True)
class Daytime:
    """The hours of some calendars at one instant; without a calendar it is night for ever."""

    at: datetime
    _timelines: dict[int, Timeline] = field(default_factory=dict)

    @classmethod
    def of(cls, calendar_ids: Collection[int | None], at: datetime) -> Daytime:
        """Load these calendars, in one query."""
        found = versions_of({one for one in calendar_ids if one is not None})
        return cls(at, {key: versions.timeline(at.timestamp()) for key, versions in found.items()})

    def is_open(self, calendar_id: int | None) -> bool:
        timeline = self._timelines.get(calendar_id or 0)
        return timeline is not None and timeline.is_open(self.at.timestamp())

    def opens_at(self, calendar_id: int | None) -> datetime | None:
        """The next opening: now while it is open, None when there are no hours."""
        timeline = self._timelines.get(calendar_id or 0)
        return None if timeline is None else instant(timeline.next_open(self.at.timestamp()))
