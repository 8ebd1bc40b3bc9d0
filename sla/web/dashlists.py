"""The tickets behind a figure: each promise, or request, that it counts, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.orm import joinedload

from helpdesk.access.guards import agents_only, current_agent
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now
from helpdesk.pagination import Slice, cut, decode
from helpdesk.tickets.models import Ticket
from helpdesk.web.rendering import page, zone_of
from sla.reports import asking, requests, risk, sources
from sla.reports.asking import Question
from sla.reports.models import PromiseOutcome
from sla.web import dashnames, dashpage, dashwords
from sla.web.managers import manages

bp = Blueprint("promise_lists", __name__, url_prefix="/promises")

WHAT = {
    "counted": "Promises that were decided",
    "kept": "Promises kept",
    "broken": "Promises broken",
    "excused": "Broken promises that were excused",
    "requests": "Requests",
}
PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A ticket, with the promise that counts; None where requests are listed."""

    ticket: Ticket
    outcome: PromiseOutcome | None = None


@bp.get("/tickets")
@agents_only
def tickets() -> str:
    question, what = asking.asked(request.args), what_of(request.args)
    found = listed(question, what, request.args.get("after"))
    words = dashnames.promises({one.outcome.promise for one in found.rows if one.outcome is not None}, now())
    names = {name: dashnames.names(name, [value], now())[value] for name, value in question.filters.items()}
    return page(
        "sla/promises/tickets.html",
        section="promises",
        q=question,
        what=what,
        title=WHAT[what],
        found=found,
        words=words,
        days=dashwords.days(question.period, question.period.today()),
        filters=names,
        said=_said,
    )


@bp.get("/open")
@agents_only
def owed() -> str:
    """All running promises nobody decided about, and those somebody did."""
    agent, at = current_agent(), now()
    zone, question = zone_of(agent), asking.asked(request.args)
    found = risk.owed(agent, question.filters, after=request.args.get("after"))
    kinds = {kind: risk.decided(agent, question.filters, kind) for kind in ("left", "again")}
    return page(
        "sla/promises/open.html",
        section="promises",
        q=question,
        rows=[dashpage.row(one, at, zone) for one in found.rows],
        after=found.after,
        decided={kind: [(row, dashpage.row(one, at, zone)) for row, one in rows] for kind, rows in kinds.items()},
        manages=manages(agent),
        said=request.args.get("said") == "back" and "It is back in the list.",
    )


def what_of(address: Mapping[str, str]) -> str:
    """Which list of `WHAT` is asked for; that of all promises where none is named.

    Raises:
        Invalid: there is no such list.
    """
    what = address.get("what") or "counted"
    if what not in WHAT:
        raise Invalid("There is no such list.", {"what": f"Choose one of {', '.join(WHAT)}."})
    return what


def listed(question: Question, what: str, after: str | None) -> Slice[Listed]:
    """Newest first: as many as the figure says, promise by promise."""
    return _requests(question, after) if what == "requests" else _promises(question, what, after)


def of(what: str) -> list[ColumnElement[bool]]:
    """Which outcomes a list of `WHAT` is of, but for requests."""
    if what == "counted":
        return []
    if what == "excused":
        return [PromiseOutcome.outcome == "broken", PromiseOutcome.is_excused.is_(True)]
    return [PromiseOutcome.outcome == what]


def _promises(question: Question, what: str, after: str | None) -> Slice[Listed]:
    rows = (
        visible_tickets(current_agent())
        .add_columns(PromiseOutcome)
        .join(PromiseOutcome, PromiseOutcome.ticket_id == Ticket.id)
        .where(*sources.outcomes([question.period], question.filters), *of(what))
    )
    key = tuple_(PromiseOutcome.settled_at, PromiseOutcome.commitment_id)
    if after:
        rows = rows.where(key < tuple_(*decode(after, datetime, int)))
    rows = rows.order_by(
        PromiseOutcome.day.desc(), PromiseOutcome.settled_at.desc(), PromiseOutcome.commitment_id.desc()
    )
    asked = rows.options(joinedload(Ticket.organization), joinedload(Ticket.contact)).limit(PAGE + 1)
    found = [Listed(ticket, outcome) for ticket, outcome in db.session.execute(asked)]
    return cut(found, PAGE, _key)


def _requests(question: Question, after: str | None) -> Slice[Listed]:
    rows = requests.tickets(current_agent(), question.period, question.filters)
    if after:
        rows = rows.where(tuple_(Ticket.created_at, Ticket.id) < tuple_(*decode(after, datetime, int)))
    asked = rows.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(PAGE + 1)
    asked = asked.options(joinedload(Ticket.organization), joinedload(Ticket.contact))
    return cut(
        [Listed(one) for one in db.session.scalars(asked)], PAGE, lambda one: (one.ticket.created_at, one.ticket.id)
    )


def _key(one: Listed) -> tuple[datetime, int]:
    assert one.outcome is not None
    return one.outcome.settled_at, one.outcome.commitment_id


def _said(outcome: PromiseOutcome) -> str:
    """What became of it: "Kept, 52 min in hand" or "Broken"."""
    if outcome.outcome == "broken":
        return "Broken, excused" if outcome.is_excused else "Broken"
    return f"Kept, {dashwords.in_hand(outcome.left_seconds)} in hand"
