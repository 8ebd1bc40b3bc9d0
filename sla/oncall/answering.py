"""`flask oncall shifts`: a rota and a window in; shifts, gaps and broken rules out. See docs/guides/oncall.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sla.calendars.reading import Unreadable
from sla.oncall import reading
from sla.oncall.gaps import Gap, gaps
from sla.oncall.instants import local
from sla.oncall.resolving import Roster
from sla.oncall.rest import broken
from sla.oncall.roster import Shift

Json = dict[str, Any]

_LONGEST = 10 * 366 * 86_400


def answer(question: Any) -> Json:
    """The shifts, or {"error": a sentence}; never raises, whatever was asked."""
    try:
        return _answer(question)
    except Unreadable as error:
        return {"error": str(error)}
    except (ValueError, OverflowError, KeyError, TypeError, RecursionError) as error:
        return {"error": f"The rota cannot be read: {error}."}


def _answer(question: Any) -> Json:
    if not isinstance(question, Mapping):
        raise Unreadable("Give one object with schedule, and from and to or at.")
    unknown = set(question) - {"schedule", "from", "to", "at"}
    if unknown:
        raise Unreadable(f"There is no field {min(map(str, unknown))}.")
    roster = Roster(reading.schedule(question.get("schedule")))
    if "at" in question:
        at = reading.instant(question["at"], "at")
        return {"on_call": {str(lane): list(roster.on_call(at, lane)) for lane in roster.lanes}}
    start, end = (reading.instant(question.get(one), one) for one in ("from", "to"))
    if not start < end <= start + _LONGEST:
        raise Unreadable("to: give an instant after from, at most ten years later.")
    zone = roster.schedule.zone
    shifts = roster.shifts(start, end)
    return {
        "shifts": [_shift(one, zone) for one in shifts],
        "rest": [one.in_words(str(one.person), zone) for one in broken(shifts, roster.schedule.rest, zone)],
        "gaps": [_gap(one, zone) for lane in roster.lanes for one in gaps(roster, start, end, lane)],
    }


def _shift(shift: Shift, zone: ZoneInfo) -> Json:
    found: Json = {
        "start": _local(shift.start, zone),
        "end": _local(shift.end, zone),
        "lane": shift.lane,
        "person": shift.person,
        "why": shift.why,
    }
    if shift.layer:
        found["layer"] = shift.layer
    if shift.instead_of is not None:
        found["instead_of"] = shift.instead_of
    return found


def _gap(gap: Gap, zone: ZoneInfo) -> Json:
    found: Json = {
        "start": _local(gap.start, zone),
        "end": _local(gap.end, zone),
        "lane": gap.lane,
        "cause": gap.cause,
    }
    return found if gap.person is None else {**found, "person": gap.person}


def _local(instant: int, zone: ZoneInfo) -> str:
    """ISO 8601 with the rota's offset at that instant."""
    return local(instant, zone).isoformat()
