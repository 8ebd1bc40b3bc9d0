"""The figures of the page of service as JSON: the same question in the address, the same numbers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from helpdesk.access.guards import agents_only
from helpdesk.now import now
from sla.reports import hours
from sla.volume import asking, bands
from sla.volume.figures import Sums
from sla.volume.usual import Usual
from sla.volume.waking import KINDS, Carried
from sla.web import dashjson, dashnames, serviceparts
from sla.web.serviceparts import Line

bp = Blueprint("service_json", __name__, url_prefix="/api/v1/promises/service")


@bp.get("")
@agents_only
def front() -> Response:
    """Days as YYYY-MM-DD, both counted; durations are seconds; bands are named by `reply_bands` and `age_bands`."""
    question, at = asking.asked(request.args), now()
    found = serviceparts.service(question, at)
    names = dashnames.names(question.group, [line.key for line in found.lines], at)
    return jsonify(
        zone=question.period.house.zone.key,
        period=dashjson.days(question.period),
        filters={name: value or None for name, value in question.filters.items()},
        reply_bands=bands.REPLY_WORDS,
        age_bands=bands.AGE_WORDS,
        **_sums(found.sums),
        usual_first_reply=_usual(found.usual),
        open={"at": found.at.isoformat() if found.at else None, "count": found.open.count, "ages": found.open.ages},
        hours=[
            {"hour": hour, "requests": found.hours.get(str(hour), Sums()).arrived, "closed": hour in found.closed}
            for hour in range(hours.WEEK)
        ],
        channels=[{"key": key, "requests": one.arrived, "outside": one.arrived_out} for key, one in found.channels],
        topics=[{"key": key, "requests": one.arrived, "outside": one.arrived_out} for key, one in found.topics],
        by=question.group,
        rows=[_line(line, names[line.key]) for line in found.lines],
        on_call=[_carried(one) for one in found.carried],
    )


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "requests": sums.arrived,
        "requests_outside": sums.arrived_out,
        "machines": sums.machine,
        "replies": sums.replied,
        "replies_outside": sums.replied_out,
        "first_replies": {"count": sums.first, "clock": sums.clock, "working": sums.working},
        "done": sums.done,
        "reopened": sums.reopened,
    }


def _usual(found: Usual | None) -> dict[str, int] | None:
    return {"clock": found.clock, "working": found.working} if found is not None else None


def _line(line: Line, name: str) -> dict[str, Any]:
    usual = _usual(line.usual)
    return {"key": line.key, "name": name, **_sums(line.sums), "usual_first_reply": usual, "open": line.open}


def _carried(one: Carried) -> dict[str, Any]:
    wakes, seconds = dict(zip(KINDS, one.wakes, strict=True)), dict(zip(KINDS, one.seconds, strict=True))
    return {"agent": one.agent_id, "wakes": wakes, "seconds": seconds}
