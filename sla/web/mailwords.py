"""The sentences about a report's mails: when, to whom, and what became of the last ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sla.calendars.describing import LONG, clock
from sla.saved import plans
from sla.saved.models import ReportSchedule, ReportSending
from sla.saved.plans import Plan

LANGUAGE_NAMES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "nl": "Nederlands",
    "pt": "Português",
    "pl": "Polski",
    "sv": "Svenska",
}


def words(row: ReportSchedule, zone: ZoneInfo) -> str:
    """Such as "Each Monday at 08:00 in Europe/Oslo, Excel. Next: Mon 30 Nov 08:00.", times in the reader's zone."""
    plan = plans.read(row.plan)
    told = f"{when(plan)}, as {plans.FORMATS[plan.format]}, in {LANGUAGE_NAMES[plan.language]}."
    if row.next_at is None:
        return f"{told} {row.pause_reason or 'Paused.'}"
    return f"{told} Next: {_moment(row.next_at, zone)}."


def when(plan: Plan) -> str:
    """Such as "Each Monday at 08:00 in Europe/Oslo"."""
    days = {
        "daily": "Each day",
        "weekly": f"Each {LONG[plan.weekday]}",
        "monthly": "On the last day of each month" if plan.day == 31 else f"On day {plan.day} of each month",
    }
    return f"{days[plan.cadence]} at {clock(plan.at)} in {plan.zone.replace('_', ' ')}"


def people(row: ReportSchedule, names: Mapping[int, str]) -> str:
    return ", ".join(names.get(agent_id, "somebody") for agent_id in plans.read(row.plan).agent_ids)


def last(sendings: Sequence[ReportSending], zone: ZoneInfo) -> str:
    """What became of the mails of one due instant: how many were sent, and why others were not."""
    sent = sum(one.state == "sent" for one in sendings)
    waiting = sum(one.state == "waiting" for one in sendings)
    reasons = dict.fromkeys(one.reason for one in sendings if one.state in {"skipped", "missed"})
    said = [f"{_moment(sendings[0].due_at, zone)}: {sent} of {len(sendings)} handed over."]
    return " ".join(
        [*said, *([f"{waiting} being written."] if waiting else []), *(f"Not sent: {one}" for one in reasons)]
    )


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"
