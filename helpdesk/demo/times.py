"""Moving the story in time: most instants by the same length, opening hours by whole days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SPOKEN = re.compile(r"\[(\d\d:\d\d)\]")


@dataclass(frozen=True)
class Shift:
    """The way from the story's wall times (naive, in `zone`) to instants in UTC."""

    zone: ZoneInfo
    by: timedelta
    days: int

    def moment(self, wall: datetime) -> datetime:
        """The instant that stands to the new now as `wall` stood to the story's."""
        return instant(wall, self.zone.key) + self.by

    def wall(self, wall: datetime) -> datetime:
        """The instant of the same time of day, as many days later as now is: what opens at 08:00 still does."""
        return (wall + timedelta(days=self.days)).replace(tzinfo=self.zone).astimezone(UTC)

    def spoken(self, text: str, *, said: datetime) -> str:
        """`text` with each [19:00], a time of the day it was `said`, moved and rounded to five minutes."""

        def moved(found: re.Match[str]) -> str:
            local = self.moment(datetime.combine(said.date(), time.fromisoformat(found[1]))).astimezone(self.zone)
            rounded = local + timedelta(minutes=2, seconds=30)
            return f"{rounded:%H}:{rounded.minute // 5 * 5:02}"

        return _SPOKEN.sub(moved, text).strip()


def shift(story_now: datetime, zone: str, *, to: datetime) -> Shift:
    """How the story moves so that `story_now` (naive, in `zone`) becomes `to` (aware)."""
    place = ZoneInfo(zone)
    days = (to.astimezone(place).date() - story_now.date()).days
    return Shift(place, to - instant(story_now, zone), days)


def instant(wall: datetime, zone: str) -> datetime:
    """The instant (UTC) at which clocks in `zone` show `wall`."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
