"""The promises' page: how many were kept and why, what needs a decision, when requests come, by customer and others."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.people.choices import teams_and_agents
from helpdesk.text.zones import zone_choices
from helpdesk.web.rendering import fragment, page, panels, zone_of
from sla.policies.models import METRICS
from sla.reports import asking, periods, zoning
from sla.reports.asking import Question
from sla.reports.models import PromiseDay
from sla.volume import zoning as volume_zoning
from sla.web import dashnames, dashpage, dashtable, dashwords
from sla.web.managers import managers_only, manages

bp = Blueprint("promises", __name__, url_prefix="/promises")

_FURTHER = 50
_SAID = {
    "zone": "Days begin there now. Every day was counted anew.",
    "left": "Left alone on purpose. It is under “Left alone”, from where you take it up again.",
    "again": "Promised again. The customer has your words; the first promise is counted as it is.",
    "assigned": "It is theirs now.",
    "back": "It is back in the list.",
}
"""What the page says after the form that led to it; the address only names the sentence."""


@bp.get("")
@agents_only
def front() -> str | tuple[str, int]:
    try:
        question = asking.asked(request.args)
    except Invalid as error:
        return _page(asking.asked({}), errors=error.fields), error.status
    return _page(question)


@bp.get("/live")
@agents_only
def live() -> str:
    """The headline and what needs a decision, for a page that stays open."""
    question = asking.asked(request.args)
    return fragment("sla/promises/_live.html", **_live(question))


@bp.get("/parts/heat")
@agents_only
def heat_part() -> str:
    """The hours of the week, where they take longer than the rest."""
    question = asking.asked(request.args)
    return fragment("sla/promises/_heat.html", q=question, heat=_heat(question), heavy=False)


@bp.get("/parts/table")
@agents_only
def table_part() -> str:
    """The table, where it takes longer than the rest."""
    return fragment("sla/promises/_table.html", **_table(asking.asked(request.args)), heavy=False)


@bp.get("/hours")
@agents_only
def by_hour() -> str:
    """Requests and misses by hour of the week as a table, each a link to its tickets."""
    question = asking.asked(request.args)
    return page(
        "sla/promises/hours.html",
        section="promises",
        q=question,
        heat=_heat(question),
        days=dashwords.days(question.period, question.period.today()),
        what=dashwords.filtered(_names(question)),
    )


@bp.get("/definitions")
@agents_only
def definitions() -> str:
    return _definitions({})


@bp.post("/zone")
@managers_only
def zone() -> Response | tuple[str, int]:
    """Where days begin; every day is counted anew."""
    try:
        zoning.change(request.form.get("zone", ""))
        volume_zoning.follow()
    except Invalid as error:
        db.session.rollback()
        return _definitions(error.fields), error.status
    db.session.commit()
    return redirect("/promises?said=zone", 303)


def _definitions(errors: dict[str, str]) -> str:
    return page(
        "sla/promises/definitions.html",
        section="promises",
        here_zone=periods.zone().key,
        zones=zone_choices() if manages(current_agent()) else (),
        errors=errors,
    )


def _names(question: Question) -> dict[str, str]:
    """What is filtered by, in words."""
    return {name: dashnames.names(name, [value], now())[value] for name, value in question.filters.items()}


def _page(question: Question, errors: dict[str, str] | None = None) -> str:
    heavy = dashpage.is_heavy(question) and "all" not in request.args
    live = _live(question)
    names = _names(question)
    return page(
        "sla/promises/index.html",
        section="promises",
        **live,
        heavy=heavy,
        heat=None if heavy else dashpage.heat(current_agent(), question, live["kept"]),
        **({"table": None, "heads": dashtable.HEADS} if heavy else _tabled(question)),
        beside=panels("promises.next", question=question),
        days=dashwords.days(question.period, question.period.today()),
        filters=names,
        what=dashwords.filtered(names),
        choices=_choices(),
        here_zone=question.period.house.zone.key,
        errors=errors or {},
        typed=request.args,
        said=_SAID.get(request.args.get("said", ""), ""),
    )


def _heat(question: Question) -> dashpage.Heat:
    return dashpage.heat(current_agent(), question, dashpage.kept(question, now()))


def _live(question: Question) -> dict[str, Any]:
    agent, at = current_agent(), now()
    return {
        "q": question,
        "so_far": dashwords.SO_FAR.get(question.period.name, ""),
        "kept": dashpage.kept(question, at),
        "risked": dashpage.risked(agent, question, at, zone_of(agent)),
        "manages": manages(agent),
        "percent": dashwords.percent,
    }


def _table(question: Question) -> dict[str, Any]:
    return {"q": question, **_tabled(question)}


def _tabled(question: Question) -> dict[str, Any]:
    after = request.args.get("after")
    limit = _FURTHER if after else 8
    return {
        "table": dashtable.table(question, now(), after=after, limit=limit),
        "heads": dashtable.HEADS,
        "after": after,
    }


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What can be filtered by in a form: what has few values."""
    teams, agents = teams_and_agents()
    kinds = db.session.scalars(select(PromiseDay.key).where(PromiseDay.dimension == "channel").distinct()).all()
    channels = dashnames.names("channel", sorted(kinds), now())
    return {
        "team": [(str(one.id), one.name) for one in teams],
        "agent": [(str(one.id), one.name) for one in agents],
        "channel": sorted(channels.items(), key=lambda each: each[1]),
        "kind": [(key, words.capitalize()) for key, words in METRICS.items()],
        "hour": [("in", "In working hours"), ("out", "Outside working hours")],
    }


def promises_entry() -> str:
    """The sidebar's way here."""
    is_here = request.path == "/promises" or request.path.startswith("/promises/")
    return render_template("sla/promises/_entry.html", is_here=is_here)
