"""The rows of each table, read by one statement each where it is long; ids of tickets are the numbers people say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, text

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.settings import settings
from sla.zendesk import columns, living, schedules
from sla.zendesk.living import Told

Row = Sequence[object]
_BATCH = 2_000

_TICKETS = """
    SELECT number, created_at, last_message_at,
        CASE WHEN spam_at IS NOT NULL THEN 'deleted' WHEN merged_into_id IS NOT NULL THEN 'closed'
            ELSE status::text END,
        priority, subject, next_due_at, 2 * assignee_id + 1, team_id, organization_id, 2 * contact_id,
        (SELECT coalesce(jsonb_agg(one.number), '[]') FROM ticket one WHERE one.merged_into_id = ticket.id),
        channel_kind
    FROM ticket ORDER BY id
"""
_PEOPLE = """
    SELECT 2 * id + 1, name, CASE role WHEN 'agent' THEN 'agent' ELSE 'admin' END, deactivated_at IS NULL, false,
        NULL::bigint, zone, created_at, created_at FROM agent
    UNION ALL
    SELECT 2 * id, name, 'end-user', true, false, organization_id, zone, created_at, created_at FROM contact ORDER BY 1
"""
_TAGS = """
    SELECT ticket.number, tag.name FROM ticket, unnest(tag_ids) one JOIN tag ON tag.id = one
    ORDER BY ticket.id, tag.name
"""
_COMMENTS = """
    SELECT message.id, ticket.number, CASE WHEN message.agent_id IS NULL THEN 2 * message.contact_id
            ELSE 2 * message.agent_id + 1 END,
        message.created_at, message.direction <> 'note', '', message.channel_kind = 'phone',
        message.channel_kind IN ('messenger', 'facebook'), message.channel_kind = 'x'
    FROM message JOIN ticket ON ticket.id = message.ticket_id
    WHERE message.kind = 'message' ORDER BY message.id
"""
_EVENTS = """
    SELECT ticket.number, event.kind, event.at, event.agent_id, event.contact_id, event.data
    FROM event JOIN ticket ON ticket.id = event.ticket_id
    WHERE event.kind = ANY(:kinds) ORDER BY event.ticket_id, event.id
"""
_PROMISES = """
    SELECT ticket.number, commitment.metric, commitment.started_at, commitment.ended_at, commitment.target_seconds,
        clause.calendar_id IS NOT NULL, coalesce(sla_policy.name, contract_version.name)
    FROM commitment JOIN ticket ON ticket.id = commitment.ticket_id JOIN clause ON clause.id = commitment.clause_id
        LEFT JOIN policy_version ON policy_version.id = clause.policy_version_id
        LEFT JOIN sla_policy ON sla_policy.id = policy_version.policy_id
        LEFT JOIN contract_version ON contract_version.id = clause.contract_version_id
    WHERE commitment.metric = ANY(:metrics) AND commitment.outcome <> 'void' ORDER BY commitment.id
"""
_COUNTED_IN = """
    SELECT DISTINCT ON (ticket.id) ticket.number, ticket.created_at, coalesce(clause.calendar_id, 0)
    FROM ticket JOIN commitment ON commitment.ticket_id = ticket.id JOIN clause ON clause.id = commitment.clause_id
    ORDER BY ticket.id, clause.calendar_id IS NULL, commitment.id
"""
_CALENDARS = """
    SELECT DISTINCT ON (calendar.id) calendar.id, calendar.name, calendar.created_at, rules, names
    FROM calendar JOIN calendar_version ON calendar_version.calendar_id = calendar.id
    WHERE valid_from <= :at ORDER BY calendar.id, valid_from DESC
"""
_POLICIES = """
    SELECT sla_policy.id, policy_version.valid_from, sla_policy.created_at, sla_policy.name, sla_policy.rank
    FROM sla_policy JOIN policy_version ON policy_version.policy_id = sla_policy.id
    WHERE policy_version.valid_from IS NOT NULL ORDER BY policy_version.id
"""
_TARGETS = """
    SELECT policy_version.policy_id, policy_version.valid_from, clause.calendar_id IS NOT NULL, clause.metric,
        clause.target_seconds, clause.targets
    FROM clause JOIN policy_version ON policy_version.id = clause.policy_version_id
    WHERE policy_version.valid_from IS NOT NULL AND clause.metric = ANY(:metrics)
    ORDER BY policy_version.id, clause.position
"""


def of(table: str) -> Iterator[Row]:
    """In the order of `columns.TABLES`, without what every table has."""
    return _TABLES[table]()


def _read(statement: str, **values: Any) -> Iterator[Any]:
    """By a cursor of the database, so that a long table takes no room."""
    asked: TextClause = text(statement)
    with db.session.execute(asked, values, execution_options={"yield_per": _BATCH}) as found:
        for some in found.partitions():
            yield from some


def _plain(statement: str) -> Callable[[], Iterator[Row]]:
    return lambda: _read(statement)


def _tickets() -> Iterator[Row]:
    base = settings().address("/tickets/")
    brand = db.session.scalar(text("SELECT min(id) FROM brand"))
    for row in _read(_TICKETS):
        number, began, moved, state, priority, subject, due, owner, team, firm, who, merged, kind = row
        status = columns.STATES[int(state)] if state.isdecimal() else state
        urgency = columns.PRIORITIES[priority]
        known = (
            number,
            began,
            moved,
            status,
            urgency,
            subject,
            "incident",
            True,
            due,
            owner,
            team,
            firm,
            who,
            who,
            brand,
        )
        yield *known, json.dumps(merged), kind, f"{base}{number}"


def _history() -> Iterator[Row]:
    """Fields of tickets, then the promises made on them: a target when it begins, nothing when it is over."""
    for number, rows in groupby(_read(_EVENTS, kinds=list(living.READ)), key=lambda row: row[0]):
        for one in living.changes(Told(*row[1:]) for row in rows):
            yield number, one.field, one.at, one.user, one.value
    for number, metric, began, ended, seconds, in_hours, name in _read(_PROMISES, metrics=list(columns.METRICS)):
        field = columns.METRICS[metric]
        target = {"minutes": seconds // 60, "in_business_hours": "true" if in_hours else "false"}
        yield number, "sla_policy", began, None, name
        yield number, field, began, None, json.dumps(target)
        if ended is not None:
            yield number, field, ended, None, None


def _schedules() -> Iterator[Row]:
    at = now()
    yield schedules.ALWAYS, "Around the clock", "UTC", 0, 7 * 24 * 60, 0, 7 * 24 * 60, datetime(2000, 1, 1, tzinfo=UTC)
    for calendar_id, name, made, rules, _ in _read(_CALENDARS, at=at):
        minutes = schedules.ahead(ZoneInfo(rules["zone"]), at)
        for window in schedules.windows(rules.get("hours", {})):
            utc = window.start - minutes, window.end - minutes
            yield calendar_id, name, rules["zone"], window.start, window.end, *utc, made


def _holidays() -> Iterator[Row]:
    number = 0
    for calendar_id, _, _, rules, names in _read(_CALENDARS, at=now()):
        for day in schedules.holidays(rules.get("holidays", []), _years()):
            number += 1
            yield number, calendar_id, names.get(str(day)) or names.get(f"{day:%m-%d}") or "Holiday", day, day


def _zones() -> Iterator[Row]:
    for name in _named():
        yield name, schedules.clock(schedules.ahead(ZoneInfo(name), now()))


def _summers() -> Iterator[Row]:
    for name in _named():
        for one in schedules.summers(ZoneInfo(name), _years()):
            yield name, one.year, one.begins, one.ends, f"{one.hours:g}"


def _named() -> list[str]:
    return sorted({row[3]["zone"] for row in _read(_CALENDARS, at=now())} | {"UTC"})


def _years() -> range:
    """From the first ticket's to the next."""
    first = db.session.scalar(text("SELECT min(created_at) FROM ticket")) or now()
    return range(first.year, now().year + 2)


def _targets() -> Iterator[Row]:
    for policy, since, in_hours, metric, seconds, targets in _read(_TARGETS, metrics=list(columns.METRICS)):
        for index, priority in enumerate(("urgent", "high", "normal", "low")):
            minutes = targets.get(priority, seconds) // 60
            yield policy, index, since, in_hours, columns.METRICS[metric], priority, minutes


_TABLES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "brand": _plain("SELECT id, name, true, NULL, NULL FROM brand ORDER BY id"),
    "organization": _plain("SELECT id, name, created_at, created_at FROM organization ORDER BY id"),
    "domain_name": _plain(
        "SELECT organization_id, row_number() OVER (PARTITION BY organization_id ORDER BY domain) - 1, domain"
        " FROM organization_domain ORDER BY organization_id, domain"
    ),
    "group": _plain("SELECT id, name, NULL, NULL, NULL FROM team ORDER BY id"),
    "user": _plain(_PEOPLE),
    "ticket": _tickets,
    "ticket_tag": _plain(_TAGS),
    "ticket_comment": _plain(_COMMENTS),
    "ticket_field_history": _history,
    "ticket_schedule": _plain(_COUNTED_IN),
    "schedule": _schedules,
    "schedule_holiday": _holidays,
    "time_zone": _zones,
    "daylight_time": _summers,
    "sla_policy_history": _plain(_POLICIES),
    "sla_policy_metric_history": _targets,
}
