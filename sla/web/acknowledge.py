"""The link in a page: what it is about, and two buttons. Opening it changes nothing; only the form does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, redirect, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from helpdesk.access.guards import public
from helpdesk.db import db
from helpdesk.errors import NotFound
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


@bp.get("/on-it/<token>")
@public
def look(token: str) -> str:
    found = _page(token)
    return page("sla/oncall/on_it.html", found=found, lines=_lines(found), zone=zone_of(found.agent))


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
