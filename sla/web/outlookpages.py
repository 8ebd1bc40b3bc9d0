"""The next 24 hours and five working days: what falls due against who is there, and how the last week was foretold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template
from sqlalchemy import select

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page, zone_of
from sla.commitments.models import Commitment
from sla.policies.models import Clause
from sla.reports import outlook, periods
from sla.reports.asking import Question
from sla.reports.forecasting import Chance
from sla.reports.outlook import Outlook
from sla.web import dashdraw, outlookwords

bp = Blueprint("outlookpages", __name__, url_prefix="/promises/next")

_MOST = 50


@dataclass(frozen=True, slots=True)
class Named:
    """A promise that runs, with its ticket and how likely it is to slip, in percent."""

    ticket: Ticket
    words: str
    due_at: datetime | None
    percent: int


def panel(question: Question) -> str:
    """The card beside the hours of the week; nothing until the first outlook was made."""
    told = outlook.latest()
    if told is None:
        return ""
    return render_template("sla/promises/_next.html", **_shown(told, question.period.house.zone))


@bp.get("")
@agents_only
def show() -> str:
    """Everything behind the card: hours, days, the tickets, how it is worked out, how it did."""
    told, zone = outlook.latest(), periods.zone()
    if told is None:
        return page("sla/promises/next.html", section="promises", told=None)
    return page(
        "sla/promises/next.html",
        section="promises",
        **_shown(told, zone),
        named=named(current_agent(), outlook.items())[:_MOST],
        did=outlookwords.record(outlook.record(now())),
    )


def _shown(told: Outlook, zone: ZoneInfo) -> dict[str, Any]:
    at = now()
    names = _people(told)
    suggestion = told.suggestion if told.suggestion is not None and told.suggestion.at > at.timestamp() else None
    return {
        "told": told,
        "zone": zone_of(current_agent()),
        "sentence": outlookwords.sentence(told, zone),
        "likely": outlookwords.likely(told),
        "suggestion": outlookwords.suggestion(suggestion, names, zone) if suggestion is not None else "",
        "drawn": dashdraw.against_room(told.hours),
        "ticks": [outlookwords.clock(one.start, zone) for one in told.hours[::6]],
        "rows": [(outlookwords.hour(one, zone, at), one) for one in told.hours],
    }


def named(agent: Agent, items: list[Chance]) -> list[Named]:
    """Of tickets the agent may see, the likeliest to slip first; without what was decided or paused meanwhile."""
    chance = {one.key: one.slips for one in items}
    rows = (
        select(Commitment, Ticket, Clause.words)
        .join(Ticket, Ticket.id == Commitment.ticket_id)
        .join(Clause, Clause.id == Commitment.clause_id)
        .where(among(Commitment.id, chance), Commitment.outcome == "running")
        .where(Ticket.id.in_(visible_tickets(agent).with_only_columns(Ticket.id)))
    )
    found = [
        Named(ticket, words, one.due_at, round(100 * chance[one.id])) for one, ticket, words in db.session.execute(rows)
    ]
    return sorted(found, key=lambda one: (-one.percent, one.due_at is None, one.due_at, one.ticket.id))


def _people(told: Outlook) -> dict[int, str]:
    if told.suggestion is None:
        return {}
    agent = db.session.get(Agent, told.suggestion.agent_id)
    return {agent.id: agent.first_name} if agent is not None else {}
