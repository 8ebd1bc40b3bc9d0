"""Attainment statements as JSON; for managers, since they tell of money."""

from __future__ import annotations

import json

from flask import Blueprint, Response, jsonify, request

from helpdesk.access.guards import current_agent
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.text.numbers import whole
from helpdesk.web.json import body
from sla.contracts import agreements
from sla.reports import periods
from sla.statements import issuing, scope, writing
from sla.statements.models import Statement
from sla.statements.scope import Scope
from sla.web import firms, statements
from sla.web.managers import managers_only
from sla.web.told import Told

bp = Blueprint("statement_api", __name__, url_prefix="/api/v1/customers/<int:organization_id>/statements")


@bp.get("")
@managers_only
def listed(organization_id: int) -> Response:
    """The newest revision of each month that was issued; of `agreement`, or of the customer over its agreements."""
    contract_id = _agreement(organization_id)
    return jsonify(statements=[_told(one) for one in issuing.listed(organization_id, contract_id)])


@bp.get("/<month>")
@managers_only
def show(organization_id: int, month: str) -> Response:
    """The file as it was issued, or a draft nobody has signed; `revision` asks for an earlier one."""
    about = _about(organization_id, month)
    row = statements.chosen(about)
    document = issuing.document(row) if row is not None else writing.canonical(issuing.draft(about))
    statements.check_visible(json.loads(document), current_agent())
    return Response(document, mimetype="application/json")


@bp.post("/<month>")
@managers_only
def issue(organization_id: int, month: str) -> tuple[Response, int]:
    """`{}` issues it; `{"reason"}` issues a correction of what was issued."""
    about, asked = _about(organization_id, month), body()
    reason = asked.text("reason", most=500)
    asked.done()
    by = current_agent()
    row = issuing.correct(about, by=by, reason=reason) if reason else issuing.issue(about, by=by)
    db.session.commit()
    return jsonify(_told(row)), 201


def _about(organization_id: int, month: str) -> Scope:
    return Scope(organization_id, _agreement(organization_id), scope.month(month, periods.zone()))


def _agreement(organization_id: int) -> int | None:
    firms.find(organization_id)
    said = request.args.get("agreement", "")
    if not said:
        return None
    number = whole(said)
    if number is None:
        raise Invalid("There is no such agreement.", {"agreement": "This is the id of an agreement."})
    return agreements.seen(number, organization_id).id


def _told(row: Statement) -> Told:
    return {
        "month": f"{row.month:%Y-%m}",
        "agreement": row.contract_id,
        "revision": row.revision,
        "sha256": row.sha256,
        "reason": row.reason,
        "issued": row.issued_at.isoformat(),
        "figures": row.figures,
    }
