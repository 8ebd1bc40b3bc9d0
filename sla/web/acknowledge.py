"""The link in a page: what it is about, and two buttons. Opening it changes nothing; only the form does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk.access.guards import public
from helpdesk.db import among, db
from helpdesk.errors import NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.web.rendering import page, zone_of
from sla.commitments.models import Commitment
from sla.escalations import answering, links
from sla.escalations.models import CAUSES, Escalation, Page, PageReason
from sla.policies.models import Clause

bp = Blueprint("acknowledge", __name__)

_OLD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket a page is about."""

    run: Escalation
    words: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passed:
    """What came of their passing it on: who was rung since, or when somebody will be."""

    rung: Sequence[str]
    next_at: datetime | None


@bp.get("/on-it/<token>")
@public
def look(token: str) -> str:
    found = _page(token)
    lines = _lines(found)
    passed = _passed(found, [one.run for one in lines if one.run.state == "running"])
    return page("sla/oncall/on_it.html", found=found, lines=lines, passed=passed, zone=zone_of(found.agent))


@bp.post("/on-it/<token>")
@public
def answer(token: str) -> Response:
    found = _page(token)
    if request.form.get("answer") == "pass":
        answering.pass_on(found)
    else:
        answering.be_on_it(found, "link")
    db.session.commit()
    return redirect(f"/on-it/{token}", 303)


def _page(token: str) -> Page:
    number = links.read(token)
    asked = select(Page).where(Page.id == (number or 0), Page.made_at > now() - _OLD).options(joinedload(Page.agent))
    found = db.session.scalars(asked).one_or_none()
    if found is None or (found.agent is not None and not found.agent.is_active):
        raise NotFound("This link is not valid any more. Sign in to see what is open.")
    return found


def _lines(found: Page) -> list[Line]:
    rows = db.session.execute(
        select(Escalation, Clause.words, Commitment.due_at)
        .join(PageReason, PageReason.escalation_id == Escalation.id)
        .outerjoin(Commitment, Commitment.id == Escalation.commitment_id)
        .outerjoin(Clause, Clause.id == Commitment.clause_id)
        .where(PageReason.page_id == found.id)
        .order_by(Commitment.due_at.nulls_last(), Escalation.id)
        .options(joinedload(Escalation.ticket), joinedload(Escalation.acknowledged_by))
    )
    lines = {run.id: Line(run, words or CAUSES[run.cause], due_at) for run, words, due_at in rows}
    return list(lines.values())


def _passed(found: Page, runs: Sequence[Escalation]) -> Passed | None:
    """None while one of the runs that nobody is on was not passed on by them."""
    mine = Event.agent_id == found.agent_id if found.agent_id is not None else Event.data["name"].astext == found.name
    told = db.session.scalars(
        select(Event)
        .where(among(Event.ticket_id, {run.ticket_id for run in runs}), Event.kind == "escalation.passed", mine)
        .where(Event.at > found.made_at)
    )
    since = {event.data["escalation"]: event.at for event in told}
    if not runs or any(run.id not in since for run in runs):
        return None
    rung = db.session.scalars(
        select(Page.name)
        .join(PageReason, PageReason.page_id == Page.id)
        .where(among(PageReason.escalation_id, since), Page.id > found.id, Page.made_at >= min(since.values()))
        .order_by(Page.id)
    )
    next_at = min((run.next_at for run in runs if run.next_at is not None), default=None)
    return Passed(list(dict.fromkeys(rung)), next_at)
