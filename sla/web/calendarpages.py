"""What the pages of calendars show: rows of the list, the editor, the history, and who counts in which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.zones import zones
from helpdesk.web.rendering import page
from sla.calendars import describing, editing, holidays, reading
from sla.calendars.describing import Day
from sla.calendars.drafts import Draft
from sla.calendars.models import Calendar, CalendarVersion
from sla.calendars.rules import Rules
from sla.policies.models import Clause, PolicyVersion, SLAPolicy
from sla.web.calendarforms import Values
from sla.web.managers import manages

SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Row:
    """One calendar of the list."""

    id: int
    name: str
    zone: str
    words: str
    policies: int
    is_archived: bool
    planned_from: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """One version of the history, newest first."""

    id: int
    words: str
    zone: str
    valid_from: datetime
    created_at: datetime
    by: str
    state: str
    """"planned", "now" or "" for one that was."""


def rows() -> list[Row]:
    """Every calendar by name, those set aside last."""
    calendars = list(db.session.scalars(select(Calendar).order_by(Calendar.archived_at.isnot(None), Calendar.name)))
    known: dict[int, list[CalendarVersion]] = {}
    for one in db.session.scalars(select(CalendarVersion).order_by(CalendarVersion.valid_from)):
        known.setdefault(one.calendar_id, []).append(one)
    used = policies_using()
    return [_row(one, known[one.id], used.get(one.id, 0)) for one in calendars if one.id in known]


def policies_using() -> dict[int, int]:
    """Calendar id -> how many policies promise something counted in it, now, as a plan or as a draft."""
    later = aliased(PolicyVersion)
    replaced = (
        select(later.id)
        .where(
            later.policy_id == PolicyVersion.policy_id, later.number > PolicyVersion.number, later.valid_from <= now()
        )
        .exists()
    )
    counted = (
        select(Clause.calendar_id, func.count(PolicyVersion.policy_id.distinct()))
        .join(PolicyVersion, PolicyVersion.id == Clause.policy_version_id)
        .join(SLAPolicy, and_(SLAPolicy.id == PolicyVersion.policy_id, SLAPolicy.archived_at.is_(None)))
        .where(Clause.calendar_id.isnot(None), or_(PolicyVersion.valid_from.is_(None), ~replaced))
        .group_by(Clause.calendar_id)
    )
    return {calendar: count for calendar, count in db.session.execute(counted) if calendar is not None}


def history(known: Sequence[CalendarVersion]) -> list[Past]:
    people = select(Agent.id, Agent.name).where(Agent.id.in_([one.created_by_id for one in known if one.created_by_id]))
    names: dict[int, str] = dict(db.session.execute(people).all())
    current = editing.in_force(known, now())
    return [_past(one, names, current) for one in reversed(known)]


def editor(
    values: Values,
    *,
    calendar: Calendar | None = None,
    shown: Draft | None = None,
    errors: Mapping[str, str] | None = None,
    message: str = "",
    **more: Any,
) -> str:
    """The page of one calendar. `shown` is what the next two weeks are drawn from."""
    known = editing.versions(calendar) if calendar is not None else []
    current = _draft(editing.in_force(known, now())) if known else None
    drawn = shown or current
    return page(
        "sla/calendars/edit.html",
        section="calendars",
        calendar=calendar,
        values=values,
        errors=dict(errors or {}),
        message=message,
        history=history(known) if known else [],
        planned=known[-1] if known and known[-1].valid_from > now() and len(known) > 1 else None,
        summary=summary(current) if current is not None else "",
        days=days(drawn) if drawn is not None else [],
        day_names=list(zip(reading.DAYS, describing.LONG, strict=True)),
        zones=sorted(zones()),
        countries=holidays.countries(),
        regions=holidays.regions(values.country),
        may_edit=manages(current_agent()),
        years=_years(values),
        this_year=str(now().year),
        **more,
    )


def days(draft: Draft) -> list[Day]:
    rules = reading.rules(draft.rules)
    return list(describing.days(rules, draft.names, today_in(rules.zone), SHOWN_DAYS))


def summary(draft: Draft) -> str:
    return _words(reading.rules(draft.rules))


def today_in(zone: ZoneInfo) -> date:
    return now().astimezone(zone).date()


def _row(calendar: Calendar, known: Sequence[CalendarVersion], policies: int) -> Row:
    current = editing.in_force(known, now())
    planned = next((one.valid_from for one in known[1:] if one.valid_from > now()), None)
    rules = reading.rules(current.rules)
    archived = calendar.archived_at is not None
    return Row(calendar.id, calendar.name, rules.zone.key, _words(rules), policies, archived, planned)


def _words(rules: Rules) -> str:
    return describing.in_words(rules, today=today_in(rules.zone))


def _past(one: CalendarVersion, names: Mapping[int, str], current: CalendarVersion) -> Past:
    rules = reading.rules(one.rules)
    state = "now" if one is current else "planned" if one.valid_from > now() else ""
    by = names.get(one.created_by_id or 0, "")
    return Past(one.id, _words(rules), rules.zone.key, one.valid_from, one.created_at, by, state)


def _draft(version: CalendarVersion) -> Draft:
    return Draft(version.rules, version.names)


def _years(values: Values) -> list[tuple[str, list[Any]]]:
    """Holidays by year: "" for those of every year."""
    found: dict[str, list[Any]] = {}
    for one in values.holidays:
        found.setdefault(one.year, []).append(one)
    return list(found.items())
