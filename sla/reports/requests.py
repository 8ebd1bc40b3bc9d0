"""Requests by hour of the week: tickets that began, without what was set aside as unwanted; merged ones count."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, select

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.reports.dimensions import Filters
from sla.reports.models import PromiseOutcome
from sla.reports.periods import Period
from sla.reports.sources import chosen

_ON_TICKET = {"customer": Ticket.organization_id, "team": Ticket.team_id, "agent": Ticket.assignee_id}
_QUARTER = timedelta(minutes=15)
"""Every zone is a whole number of these away from UTC; so rows are counted before their hour is worked out."""
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


def tickets(agent: Agent, period: Period, filters: Filters) -> Select[Ticket]:
    """Those of the period the agent may see; the figure counts them, the list shows them."""
    begin, end = _midnight(period.since, period), _midnight(period.until, period)
    return visible_tickets(agent).where(
        Ticket.created_at >= begin,
        Ticket.created_at < end,
        Ticket.spam_at.is_(None),
        *_filtered(period, filters),
    )


def by_hour(agent: Agent, period: Period, filters: Filters) -> Counter[int]:
    """How many in each hour of the week, 0 from Monday 00:00 in the zone."""
    quarter = func.date_bin(_QUARTER, Ticket.created_at, _ORIGIN).label("quarter")
    rest = {name: value for name, value in filters.items() if name != "hour"}
    asked = tickets(agent, period, rest).with_only_columns(quarter, func.count()).group_by(quarter)
    found: Counter[int] = Counter()
    for at, count in db.session.execute(asked):
        local = at.astimezone(period.house.zone)
        found[local.weekday() * 24 + local.hour] += count
    if "hour" in filters:
        wanted = set(period.house.chosen(filters["hour"], period.until))
        return Counter({hour: count for hour, count in found.items() if hour in wanted})
    return found


def _filtered(period: Period, filters: Filters) -> list[ColumnElement[bool]]:
    """By what the ticket says itself; the rest by the promises that were decided on it, in whatever days.

    Which kind of promise is asked about says nothing of requests: each of them gets several.
    """
    found: list[ColumnElement[bool]] = []
    promised = {name: value for name, value in filters.items() if name != "kind"}
    for name, column in _ON_TICKET.items():
        if name in promised:
            value = promised.pop(name)
            found.append(column == int(value) if value else column.is_(None))
    if "channel" in promised:
        found.append(Ticket.channel_kind == promised.pop("channel"))
    if "hour" in promised:
        found.append(_in_hours(promised.pop("hour"), period))
    if promised:
        mine = select(PromiseOutcome.ticket_id).where(PromiseOutcome.outcome != "void", *chosen([period], promised))
        found.append(Ticket.id.in_(mine.where(PromiseOutcome.day >= period.since)))
    return found


def _in_hours(value: str, period: Period) -> ColumnElement[bool]:
    local = func.timezone(literal(period.house.zone.key), Ticket.created_at)
    hour = cast((func.extract("isodow", local) - 1) * 24 + func.extract("hour", local), BigInteger)
    return among(hour, period.house.chosen(value, period.until))


def _midnight(day: date, period: Period) -> datetime:
    return datetime.combine(day, time(), period.house.zone)
