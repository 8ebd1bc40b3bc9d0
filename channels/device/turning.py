"""What one report, or time that passed, makes of a fault. Pure: it changes the fault it is given and nothing else.

over --there--> waiting --lasted--> firing --over--> settling --lasted--> over. With no patience the states between are
passed through at once. Received time decides how long something lasted; the machine's own only what is older news.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from channels.adapter import Report
from channels.device.models import DeviceFault
from channels.device.pace import Pace


class Turn(Enum):
    """What is to be done."""

    OPEN = "open"
    """Open a ticket."""
    RETURN = "return"
    """It has one from before, which needs us again."""
    COUNT = "count"
    """It is counted on its ticket."""
    WAIT = "wait"
    """Whether it lasts is not known yet."""
    SETTLE = "settle"
    """It is over, and whether it stays so is not known yet."""
    CLOSE = "close"
    """It is over."""
    BRIEF = "brief"
    """It was over before anybody was told."""
    STALE = "stale"
    """It is older than what is known."""
    NONE = "none"
    """It was not there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The circumstances: received at, by the machine's clock, and what else is known.

    `quiet_until` is the end of a planned visit. `closed_at` is when the ticket was closed, None while it is open.
    """

    at: datetime
    told_at: datetime | None = None
    quiet_until: datetime | None = None
    closed_at: datetime | None = None


def told(fault: DeviceFault, report: Report, seen: Seen, pace: Pace) -> Turn:
    """A report came in."""
    if _is_stale(fault, report, seen):
        return Turn.STALE
    before = fault.told_at
    if seen.told_at is not None:
        fault.told_at = seen.told_at if before is None else max(before, seen.told_at)
    if report.is_over:
        return _over(fault, seen, pace)
    fault.last_at = seen.at
    return _again(fault, seen) if fault.state in {"firing", "waiting", "settling"} else _begin(fault, seen, pace)


def passed(fault: DeviceFault, seen: Seen, pace: Pace) -> Turn:
    """Its time has come: what waited lasted, what settled stays over. During a visit it waits on."""
    if fault.state == "settling":
        return _end(fault, seen.at)
    if seen.quiet_until is not None:
        fault.turns_at = seen.quiet_until
        return Turn.WAIT
    if seen.at < fault.began_at + pace.lasts:
        fault.turns_at = fault.began_at + pace.lasts
        return Turn.WAIT
    return _fire(fault)


def _is_stale(fault: DeviceFault, report: Report, seen: Seen) -> bool:
    """Older news of a change that a newer one took back; that it is still there is no change."""
    if seen.told_at is None or fault.told_at is None or seen.told_at >= fault.told_at:
        return False
    return report.is_over or fault.state in {"over", "settling"}


def _begin(fault: DeviceFault, seen: Seen, pace: Pace) -> Turn:
    """It was not there and is now; long after its last end it is a new one."""
    lately = fault.over_at is not None and seen.at - fault.over_at <= pace.returns
    if fault.ticket_id is None or not lately:
        fault.ticket_id, fault.count, fault.first_at = None, 0, seen.at
    fault.count, fault.began_at, fault.quiet = fault.count + 1, seen.at, ""
    if pace.lasts or seen.quiet_until is not None:
        fault.state = "waiting"
        fault.turns_at = max(seen.at + pace.lasts, seen.quiet_until or seen.at)
        return Turn.WAIT
    return _fire(fault)


def _again(fault: DeviceFault, seen: Seen) -> Turn:
    """It was there and still is. Somebody may have closed its ticket meanwhile."""
    fault.count += 1
    if fault.state == "waiting":
        return Turn.WAIT
    fault.state, fault.turns_at = "firing", None
    return Turn.RETURN if seen.closed_at is not None else Turn.COUNT


def _over(fault: DeviceFault, seen: Seen, pace: Pace) -> Turn:
    if fault.state == "waiting":
        fault.state, fault.turns_at, fault.over_at = "over", None, seen.at
        return Turn.BRIEF
    if fault.state == "firing" and pace.settles:
        fault.state, fault.turns_at = "settling", seen.at + pace.settles
        return Turn.SETTLE
    if fault.state == "settling":
        return Turn.SETTLE
    return _end(fault, seen.at) if fault.state == "firing" else Turn.NONE


def _fire(fault: DeviceFault) -> Turn:
    fault.state, fault.turns_at = "firing", None
    return Turn.OPEN if fault.ticket_id is None else Turn.RETURN


def _end(fault: DeviceFault, at: datetime) -> Turn:
    fault.state, fault.turns_at, fault.over_at = "over", None, at
    return Turn.CLOSE
