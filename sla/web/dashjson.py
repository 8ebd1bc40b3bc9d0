"""The figures of the promises' page as JSON: the same question in the address, the same numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.now import now
from sla.reports import asking, headline, hours, requests, risk, tables
from sla.reports.figures import Share
from sla.reports.headline import Headline
from sla.reports.periods import Period
from sla.reports.risk import AtRisk
from sla.reports.tables import Line
from sla.web import dashnames, dashpage

bp = Blueprint("promises_json", __name__, url_prefix="/api/v1/promises")


@bp.get("")
@agents_only
def front() -> Response:
    """Days as YYYY-MM-DD, both counted; percents are of counted promises, null where nothing was decided."""
    question, agent = asking.asked(request.args), current_agent()
    closed = question.period.closed()
    found = headline.headline(question)
    lines = tables.table(question, after=request.args.get("after"), limit=50)
    names = dashnames.names(question.group, [line.key for line in lines.rows], now())
    came = requests.by_hour(agent, question.period, question.filters)
    missed = dashpage.missed(found)
    return jsonify(
        zone=question.period.house.zone.key,
        period=days(question.period),
        filters={name: value or None for name, value in question.filters.items()},
        counting_since=str(found.since) if found.since else None,
        **_share(found.share),
        compared=_compared(found),
        moved=[
            {"by": one.dimension, "key": one.key, "now": _share(one.now), "before": _share(one.before)}
            for one in found.movements
        ],
        weeks=[
            {"monday": str(week.monday), **_share(week.now), "year_before": _share(week.before)} for week in found.weeks
        ],
        hours=[
            {"hour": hour, "requests": came.get(hour, 0), "missed": missed.get(hour, 0), "closed": hour in closed}
            for hour in range(hours.WEEK)
        ],
        by=question.group,
        rows=[_line(line, names[line.key]) for line in lines.rows],
        after=lines.after,
        at_risk=[_at_risk(one) for one in risk.most(agent, question.filters, now())],
    )


def _share(share: Share) -> dict[str, Any]:
    counted = {"counted": share.counted, "kept": share.kept, "broken": share.broken, "excused": share.excused}
    return {**counted, "percent": None if share.percent is None else round(share.percent, 4)}


def days(period: Period) -> dict[str, str]:
    """The days of a period for a program, both counted."""
    return {"name": period.name, "from": str(period.since), "to": str(period.until - timedelta(days=1))}


def _compared(found: Headline) -> dict[str, Any] | None:
    if found.compared is None:
        return None
    return {**days(found.compared), "is_a_year_before": found.is_a_year, **_share(found.before)}


def _line(line: Line, name: str) -> dict[str, Any]:
    weeks = [None if week is None else round(week, 4) for week in line.weeks]
    return {
        "key": line.key,
        "name": name,
        **_share(line.share),
        "weeks": weeks,
        "usually_in_hand_seconds": line.in_hand,
        "promise": line.promise,
    }


def _at_risk(one: AtRisk) -> dict[str, Any]:
    return {
        "id": one.commitment.id,
        "ticket": one.ticket.number,
        "words": one.words,
        "due": one.due.isoformat(),
        "promised_again": one.again is not None,
        "assignee_id": one.ticket.assignee_id,
    }
