"""Service and volume: how soon they hear from us, what is open, what comes in, who does it, and who is woken."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from sqlalchemy import select

from helpdesk.access.guards import agents_only
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from helpdesk.tickets.models import Tag
from helpdesk.web.rendering import page
from sla.volume import asking, bands, counting
from sla.volume.asking import Question
from sla.volume.dimensions import WHEN
from sla.volume.models import VolumeDay
from sla.volume.waking import share
from sla.web import dashdraw, dashnames, dashwords, serviceparts, servicewords
from sla.web.serviceparts import Service

bp = Blueprint("servicepages", __name__, url_prefix="/promises/service")

HEADS = {"agent": "Person", "team": "Team", "channel": "Channel", "topic": "Topic", "customer": "Customer"}
_FEW_TOPICS = 8
_MOST_TAGS = 200


@bp.get("")
@agents_only
def front() -> str | tuple[str, int]:
    try:
        question = asking.asked(request.args)
    except Invalid as error:
        return _page(asking.asked({}), errors=error.fields), error.status
    return _page(question)


def names(question: Question) -> dict[str, str]:
    """What is filtered by, in words."""
    return {name: dashnames.names(name, [value], now())[value] for name, value in question.filters.items()}


def _page(question: Question, errors: dict[str, str] | None = None) -> str:
    found = serviceparts.service(question, now())
    chosen = names(question)
    return page(
        "sla/promises/service.html",
        section="promises",
        q=question,
        found=found,
        waiting=counting.waiting(),
        heads=HEADS,
        days=dashwords.days(question.period, question.period.today()),
        filters=chosen,
        what=dashwords.filtered(chosen),
        choices=_choices(),
        here_zone=question.period.house.zone.key,
        errors=errors or {},
        typed=request.args,
        said=servicewords,
        bands=bands,
        **_drawn(found),
        **_named(question, found),
    )


def _drawn(found: Service) -> dict[str, Any]:
    rows = dashdraw.cells({int(key): one.arrived for key, one in found.hours.items()}, {}, found.closed)
    return {
        "rows": rows,
        "drawn": {
            "replies": dashdraw.bars(found.sums.working, found.sums.clock),
            "open": dashdraw.bars(found.open.ages),
            "hours": [dashdraw.row(each) for each in rows],
        },
    }


def _named(question: Question, found: Service) -> dict[str, Any]:
    at = now()
    people = dashnames.names("agent", [str(one.agent_id) for one in found.carried], at)
    return {
        "line_names": dashnames.names(question.group, [one.key for one in found.lines], at),
        "channel_names": dashnames.names("channel", [key for key, _ in found.channels], at),
        "topic_names": dashnames.names("topic", [key for key, _ in found.topics[:_FEW_TOPICS]], at),
        "people": people,
        "fairness": servicewords.fairness(found.carried, {int(key): name for key, name in people.items()}),
        "share": share,
        "woken": sum(one.wakes_out for one in found.carried),
        "on_call": sum(one.seconds_out for one in found.carried),
    }


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What can be filtered by in a form: what has few values."""
    teams = db.session.execute(select(Team.id, Team.name).order_by(Team.name))
    people = select(Agent.id, Agent.name).where(Agent.deactivated_at.is_(None)).order_by(Agent.name)
    tags = db.session.execute(select(Tag.id, Tag.name).order_by(Tag.name).limit(_MOST_TAGS))
    kinds = db.session.scalars(select(VolumeDay.key).where(VolumeDay.dimension == "channel").distinct()).all()
    return {
        "team": [(str(number), name) for number, name in teams],
        "agent": [(str(number), name) for number, name in db.session.execute(people)],
        "channel": sorted(dashnames.names("channel", kinds, now()).items(), key=lambda each: each[1]),
        "topic": [(str(number), name) for number, name in tags],
        "when": list(WHEN.items()),
    }
