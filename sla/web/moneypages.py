"""Money: what was earned and spent, of what it is made, by month, and by customer or agreement; for managers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from helpdesk.access.guards import current_agent
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.text.numbers import whole
from helpdesk.web.rendering import page
from sla.money import figures, verify_money
from sla.money.figures import Money
from sla.money.kinds import COST, INCOME, UNTIMED, WORDS
from sla.money.sums import Line
from sla.reports.asking import NONE, Question, period
from sla.reports.periods import Period
from sla.web import dashdraw, dashnames, dashwords, moneywords
from sla.web.managers import managers_only, manages

bp = Blueprint("moneypages", __name__, url_prefix="/promises/money")

HEADS = {"customer": "Customer", "agreement": "Agreement", "month": "Month"}
LONGEST = 200
_SCRIPT = Path(verify_money.__file__)


@bp.get("")
@managers_only
def front() -> str | tuple[str, int]:
    try:
        question = asked(request.args)
    except Invalid as error:
        return _page(asked({}), errors=error.fields), error.status
    return _page(question)


@bp.get("/verify_money.py")
@managers_only
def script() -> Response:
    response = Response(_SCRIPT.read_bytes(), mimetype="text/x-python")
    response.headers["Content-Disposition"] = 'attachment; filename="verify_money.py"'
    return response


def tab(tab: str, along: str) -> str:
    """The way here beside the managers' other pages, for those who see money."""
    return (
        render_template("sla/money/_tab.html", is_here=tab == "money", path=f"/promises/money{along}")
        if manages(current_agent())
        else ""
    )


def asked(address: Mapping[str, str]) -> Question:
    """The question of an address; what it leaves open is this month, everything, by customer.

    Raises:
        Invalid: a day, a period, a filter or a grouping that is none; `fields` says which.
    """
    group = address.get("by") or figures.GROUPS[0]
    if group not in figures.GROUPS:
        raise Invalid("Money is not grouped by this.", {"by": f"Choose one of {', '.join(figures.GROUPS)}."})
    filters = {name: _id(name, address[name]) for name in figures.FILTERS if address.get(name, "").strip()}
    return Question(period(address), filters, group)


def names(question: Question) -> dict[str, str]:
    """What is filtered by, in words."""
    return {name: dashnames.names(name, [value], now())[value] for name, value in question.filters.items()}


def narrowed(question: Question, key: str) -> Question:
    """The same of a line of the grouping."""
    if question.group != "month":
        return question.filtered(question.group, key)
    first = date.fromisoformat(key)
    after = (first + timedelta(days=31)).replace(day=1)
    days = question.period
    since, until = max(days.since, first), min(days.until, after)
    return question.during(Period("days", since, until, days.house))


def _id(name: str, said: str) -> str:
    said = said.strip()
    if said == NONE:
        return ""
    number = whole(said)
    if number is None:
        raise Invalid("There is nothing to filter by here.", {name: "Choose one of the list."})
    return str(number)


def _page(question: Question, errors: dict[str, str] | None = None) -> str:
    found, chosen = figures.money(question, now()), names(question)
    lines = _ordered(question, found)
    return page(
        "sla/money/index.html",
        section="promises",
        q=question,
        found=found,
        whole=found.whole,
        kinds=[("income", kind) for kind in INCOME] + [("cost", kind) for kind in (*COST, UNTIMED)],
        kind_words=WORDS,
        lines=[(line_name, found.by[key], narrowed(question, key)) for key, line_name in lines[:LONGEST]],
        more=max(0, len(lines) - LONGEST),
        heads=HEADS,
        days=dashwords.days(question.period, question.period.today()),
        filters=chosen,
        what=dashwords.filtered(chosen),
        here_zone=question.period.house.zone.key,
        errors=errors or {},
        typed=request.args,
        words=moneywords,
        drawn=_drawn(found),
    )


def _ordered(question: Question, found: Money) -> list[tuple[str, str]]:
    """Keys and names; months as they come, else what earned most first, and of these what cost most."""
    if question.group == "month":
        return [(key, moneywords.named(date.fromisoformat(key))) for key in found.by]
    first = _main(found.whole)
    keys = sorted(found.by, key=lambda key: (*_weight(found.by[key], first), key))
    called = dashnames.names(question.group, keys, now())
    return [(key, called[key]) for key in keys]


def _weight(line: Line, currency: str) -> tuple[int, int]:
    earned = spent = 0
    for kind, amount in line.parts.items():
        if kind in INCOME:
            earned += amount.cents.get(currency, 0)
        else:
            spent += amount.cents.get(currency, 0)
    return -earned, -spent


def _main(line: Line) -> str:
    """The currency that is compared by: the one of most money, for what is ordered and nothing else."""
    found = line.income.cents or line.cost.cents
    return max(found, key=lambda one: (found[one], one), default="")


def _drawn(found: Money) -> Sequence[tuple[str, Markup, str, Sequence[Any]]]:
    """For each currency a picture of the months, what it shows in words, and its rows."""
    pictures = []
    for currency in found.whole.currencies:
        rows = [
            (month, line.income.cents.get(currency, 0), line.cost.cents.get(currency, 0), line)
            for month, line in found.months.items()
        ]
        drawn = dashdraw.bars([max(0, row[1]) for row in rows], [max(0, row[2]) for row in rows])
        pictures.append((currency, drawn, moneywords.months(found.months, currency), rows))
    return pictures
