"""What was bought ahead and what broken promises cost, as JSON; for managers, who see money."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.web.json import body
from sla.contracts import agreements, loading, terms
from sla.contracts.models import Credit, PrepaidBalance, PrepaidEntry
from sla.web import firms, owed, sent, told
from sla.web.managers import managers_only
from sla.web.told import Told

bp = Blueprint("money_api", __name__, url_prefix="/api/v1/customers/<int:organization_id>")


@bp.get("/agreements/<int:contract_id>/prepaid")
@managers_only
def purchases(organization_id: int, contract_id: int) -> Response:
    """All of them, the first bought first, used up or not."""
    agreements.seen(contract_id, organization_id)
    return jsonify(prepaid=_purchases(contract_id))


@bp.post("/agreements/<int:contract_id>/prepaid")
@managers_only
def buy(organization_id: int, contract_id: int) -> tuple[Response, int]:
    contract = agreements.find(contract_id, organization_id)
    today = terms.day(loading.newest(contract.id), now())
    made = agreements.buy(contract, sent.bought(body(), today))
    db.session.commit()
    return jsonify(told.purchase(made, 0)), 201


@bp.get("/credits")
@managers_only
def credits_of(organization_id: int) -> Response:
    """Those to be decided first, then the newest; up to 200."""
    firms.find(organization_id)
    found = db.session.execute(owed.rows(organization_id))
    return jsonify(credits=[told.credit(row, number) for row, _, number in found])


@bp.put("/credits/<int:credit_id>/state")
@managers_only
def decide(organization_id: int, credit_id: int) -> Response:
    """`{"state": "posted"}` grants it; `{"state": "excused", "reason"}` excuses the break that led to it."""
    asked = body()
    state, reason = asked.one_of("state", ("posted", "excused")), asked.text("reason", most=500)
    asked.done()
    if state == "posted":
        owed.post(organization_id, credit_id)
    else:
        owed.excuse(organization_id, credit_id, reason)
    db.session.commit()
    [(row, _, number)] = db.session.execute(owed.rows(organization_id).where(Credit.id == credit_id))
    return jsonify(told.credit(row, number))


def _purchases(contract_id: int) -> list[Told]:
    used = (
        select(PrepaidEntry.balance_id, func.sum(PrepaidEntry.amount).label("used"))
        .group_by(PrepaidEntry.balance_id)
        .subquery()
    )
    rows = (
        select(PrepaidBalance, func.coalesce(used.c.used, 0))
        .outerjoin(used, used.c.balance_id == PrepaidBalance.id)
        .where(PrepaidBalance.contract_id == contract_id)
        .order_by(PrepaidBalance.bought_on, PrepaidBalance.id)
    )
    return [told.purchase(balance, int(drawn)) for balance, drawn in db.session.execute(rows)]
