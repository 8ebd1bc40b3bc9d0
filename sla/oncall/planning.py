"""A temporary plan from turns: people in order between two instants, instead of everything the rota says then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.db import Json
from sla.oncall import editing, loading
from sla.oncall.instants import utc
from sla.oncall.models import OnCallSchedule
from sla.oncall.overriding import Shifted
from sla.oncall.resolving import Roster


def anchored(layer: Json, start: datetime, zone: ZoneInfo) -> Json:
    """The layer with its first one's turn running at `start`, and its hand-overs on the wall of `zone`."""
    wall = start.astimezone(zone)
    day = wall.date() if f"{wall:%H:%M}" >= str(layer["hand_over"]) else wall.date() - timedelta(days=1)
    return layer | {"anchor": day.isoformat()}


def shifts(schedule: OnCallSchedule, spec: Json, start: datetime, end: datetime) -> tuple[Shifted, ...]:
    """Who rings when by the turns of `spec`, cut at both ends.

    Raises:
        Invalid: by field, what does not fit, as in `sla.oncall.editing.checked`.
    """
    said = editing.checked(spec)
    roster = Roster(replace(said, office=loading.office(schedule), offices=loading.offices(schedule)))
    found = roster.shifts(int(start.timestamp()), int(end.timestamp()))
    return tuple(Shifted(int(one.person), utc(one.start), utc(one.end), one.lane) for one in found)
