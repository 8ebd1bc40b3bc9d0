"""What somebody is told before their first word: by when a person answers them, at this hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.now import now
from helpdesk.plugins import Asking
from helpdesk.text.until import until
from helpdesk.text.zones import zones
from sla.calendars.hours import NoOpenTime
from sla.calendars.loading import always, versions_of
from sla.calendars.timeline import Timeline
from sla.commitments.sayings import SAYINGS
from sla.entitlements import resolving
from sla.entitlements.deciding import Request
from sla.policies.models import Clause

_FIRST = "first_response"
_FARTHEST = timedelta(days=400)


def sentence(asking: Asking) -> str:
    """Such as "It is 20:14. A person answers by 20:44."; empty where no first answer is promised.

    An agreement counts only for the organization that is proven, so nobody learns from this who has one.
    """
    at = now()
    decision = resolving.would_cover(
        Request(at=at, organization_id=asking.organization_id, team_id=asking.team_id, channel=asking.channel)
    )
    clause = next((one for one in decision.clauses if one.metric == _FIRST), None)
    if clause is None:
        return ""
    timeline = _timeline(clause, at)
    seconds = clause.targets.get("normal", clause.target_seconds)
    try:
        due = datetime.fromtimestamp(timeline.add(at.timestamp(), seconds), UTC)
    except NoOpenTime:
        return ""
    return _said(at, due, asking, _our_zone(clause, timeline, at)) if due - at < _FARTHEST else ""


def _said(at: datetime, due: datetime, asking: Asking, ours: str) -> str:
    """On the visitor's wall where they say where it is, else on ours, and then it is named."""
    says = SAYINGS[asking.language]
    theirs = asking.zone if asking.zone in zones() else ""
    zone = ZoneInfo(theirs or ours)
    here, then = at.astimezone(zone), due.astimezone(zone)
    behind = "" if theirs else f" ({ours})"
    if asking.language == "en" and here.date() == then.date():
        return f"It is {here:%H:%M}. A person answers by {then:%H:%M}{behind}."
    by = f"{until(then, asking.language)}{says.your_time if theirs else behind}"
    return says.answer.format(who=says.someone, until=by)


def _timeline(clause: Clause, at: datetime) -> Timeline:
    if clause.calendar_id is None:
        return always()
    return versions_of({clause.calendar_id})[clause.calendar_id].timeline(at.timestamp())


def _our_zone(clause: Clause, timeline: Timeline, at: datetime) -> str:
    return "UTC" if clause.calendar_id is None else timeline.at(at.timestamp()).rules.zone.key
