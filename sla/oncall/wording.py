"""Instants of a rota in words, on the wall of who reads, with the team's in brackets where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sla.oncall.instants import local


@dataclass(frozen=True, slots=True)
class Walls:
    """The zones of who reads and of the team."""

    own: ZoneInfo
    team: ZoneInfo

    @property
    def differ(self) -> bool:
        return self.own.key != self.team.key

    def clock(self, instant: int) -> str:
        """Like 17:00, or 17:00 (10:00 Chicago)."""
        own, team = local(instant, self.own), local(instant, self.team)
        if own.replace(tzinfo=None) == team.replace(tzinfo=None):
            return f"{own:%H:%M}"
        return f"{own:%H:%M} ({team:%H:%M} {city(self.team)})"

    def day(self, instant: int) -> str:
        return f"{local(instant, self.own):%A %-d %B}"

    def moment(self, instant: int) -> str:
        return f"{local(instant, self.own):%a %-d %b} {self.clock(instant)}"

    def span(self, start: int, end: int) -> str:
        """Like Saturday 17 Oct 00:00 to 08:00, or with both days where they differ."""
        low, high = local(start, self.own), local(end, self.own)
        midnight = high.time().isoformat() == "00:00:00" and high.date() == low.date() + timedelta(days=1)
        if midnight:
            return f"{low:%A %-d %b} {self.clock(start)} to 24:00"
        if low.date() == high.date():
            return f"{low:%A %-d %b} {self.clock(start)} to {self.clock(end)}"
        return f"{low:%A %-d %b} {self.clock(start)} to {high:%A %-d %b} {self.clock(end)}"


def city(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")
