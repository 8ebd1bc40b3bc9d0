"""Attainment statements by web: the months, one as a page, PDF and JSON; issued, corrected; and how to check them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import func, select
from werkzeug.wrappers import Response as Answer

from helpdesk.access.guards import current_agent, public
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import Json, among, db
from helpdesk.errors import DomainError, Invalid, NotAllowed, NotFound
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.text.numbers import whole
from helpdesk.tickets.models import Ticket
from sla.contracts import agreements
from sla.reports import periods
from sla.reports.models import PromiseOutcome
from sla.statements import issuing, keys, scope, verify_statement, wording, writing
from sla.statements.models import Statement
from sla.statements.scope import Month, Scope
from sla.web import firms
from sla.web.framing import said, shown
from sla.web.managers import managers_only

bp = Blueprint("statements", __name__)

_CUSTOMER = "/customers/<int:organization_id>/statements"
_AGREEMENT = "/customers/<int:organization_id>/agreements/<int:contract_id>/statements"
_SCRIPT = Path(verify_statement.__file__)
_MONTHS = 24
_ROWS = 200
"""Promises of each kind a page draws; the file has all."""


@bp.get(keys.PUBLISHED)
@public
def published() -> Response:
    """The public keys as a JSON Web Key Set (RFC 7517, RFC 8037)."""
    told = [
        {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": row.name, "x": row.public}
        for row in keys.published()
    ]
    return jsonify(keys=told)


@bp.get("/statements/verify_statement.py")
@public
def script() -> Response:
    response = Response(_SCRIPT.read_bytes(), mimetype="text/x-python")
    response.headers["Content-Disposition"] = 'attachment; filename="verify_statement.py"'
    return response


@bp.get(_CUSTOMER, defaults={"contract_id": None})
@bp.get(_AGREEMENT)
@managers_only
def months(organization_id: int, contract_id: int | None) -> str:
    organization = firms.find(organization_id)
    contract = agreements.seen(contract_id, organization_id) if contract_id is not None else None
    here = scope.holding(now(), periods.zone())
    issued = {one.month: one for one in issuing.listed(organization_id, contract_id)}
    return shown(
        "sla/customers/statements.html",
        organization,
        tab="agreement",
        contract=contract,
        base=_base(organization_id, contract_id),
        months=[(one, issued.get(one.first)) for one in _months(organization_id, contract_id, here)],
        at=now(),
        wording=wording,
    )


@bp.get(f"{_CUSTOMER}/<month>", defaults={"contract_id": None})
@bp.get(f"{_AGREEMENT}/<month>")
@managers_only
def show(organization_id: int, contract_id: int | None, month: str) -> str:
    about = scope_of(organization_id, contract_id, month)
    return _page(about)


@bp.get(f"{_CUSTOMER}/<month>.json", defaults={"contract_id": None})
@bp.get(f"{_AGREEMENT}/<month>.json")
@managers_only
def as_json(organization_id: int, contract_id: int | None, month: str) -> Response:
    about = scope_of(organization_id, contract_id, month)
    row = chosen(about)
    document = issuing.document(row) if row is not None else writing.canonical(issuing.draft(about))
    check_visible(json.loads(document), current_agent())
    return _file(document, "application/json", about, row, "json")


@bp.get(f"{_CUSTOMER}/<month>.pdf", defaults={"contract_id": None})
@bp.get(f"{_AGREEMENT}/<month>.pdf")
@managers_only
def as_pdf(organization_id: int, contract_id: int | None, month: str) -> Response:
    about = scope_of(organization_id, contract_id, month)
    row = chosen(about)
    document = json.loads(issuing.document(row)) if row is not None else issuing.glance(about)
    check_visible(document, current_agent())
    return _file(_printing().pdf(document, row.sha256 if row else ""), "application/pdf", about, row, "pdf")


@bp.post(f"{_CUSTOMER}/<month>", defaults={"contract_id": None})
@bp.post(f"{_AGREEMENT}/<month>")
@managers_only
def issue(organization_id: int, contract_id: int | None, month: str) -> Answer | tuple[str, int]:
    about = scope_of(organization_id, contract_id, month)
    correcting = request.form.get("do") == "correct"
    try:
        if correcting:
            issuing.correct(about, by=current_agent(), reason=request.form.get("reason", ""))
        else:
            issuing.issue(about, by=current_agent())
    except DomainError as error:
        db.session.rollback()
        errors = error.fields if isinstance(error, Invalid) else {}
        return _page(about, "" if errors else error.message, errors), error.status
    db.session.commit()
    return said(f"{_base(organization_id, contract_id)}/{month}", "corrected" if correcting else "issued")


def scope_of(organization_id: int, contract_id: int | None, month: str) -> Scope:
    """A month of a customer, or of one agreement.

    Raises:
        NotFound: there is no such customer, agreement or month.
    """
    firms.find(organization_id)
    if contract_id is not None:
        agreements.seen(contract_id, organization_id)
    found = scope.month(month, periods.zone())
    if found.begins > now():
        raise NotFound("This month is still to come.")
    return Scope(organization_id, contract_id, found)


def chosen(about: Scope) -> Statement | None:
    """The revision the address names, or else the newest; None where none was issued.

    Raises:
        NotFound: there is no such revision.
    """
    return _revision(about, request.args.get("revision", ""))


def told_of(about: Scope, revision: str) -> Json:
    """What was issued, or what would be now where nothing was.

    Raises:
        NotFound: there is no such revision.
    """
    row = _revision(about, revision)
    document: Json = json.loads(issuing.document(row)) if row is not None else issuing.glance(about)
    return document


def check_visible(document: Json, agent: Agent) -> None:
    """A statement is shown as a whole or not at all.

    Raises:
        NotAllowed: it tells of tickets this person may not see.
    """
    numbers = {one["ticket"] for one in document["statement"]["promises"]}
    there = select(func.count()).select_from(Ticket).where(among(Ticket.number, numbers))
    seen = visible_tickets(agent).where(among(Ticket.number, numbers)).with_only_columns(func.count())
    if db.session.scalar(there) != db.session.scalar(seen):
        raise NotAllowed("This statement tells of tickets you can't see. Ask somebody who sees them all.")


def _revision(about: Scope, number: str) -> Statement | None:
    if not number:
        return issuing.newest(about)
    found = db.session.scalars(issuing.revisions(about).where(Statement.revision == whole(number))).one_or_none()
    if found is None:
        raise NotFound("There is no such revision of this statement.")
    return found


def _page(about: Scope, refusal: str = "", errors: Mapping[str, str] | None = None) -> str:
    organization = firms.find(about.organization_id)
    row = chosen(about)
    document = json.loads(issuing.document(row)) if row is not None else issuing.glance(about)
    check_visible(document, current_agent())
    told = document["statement"]
    return shown(
        "sla/customers/statement.html",
        organization,
        tab="agreement",
        about=about,
        base=_base(about.organization_id, about.contract_id),
        row=row,
        newest=issuing.newest(about),
        revisions=list(db.session.scalars(issuing.revisions(about))),
        told=told,
        strips=[(one, _of(told, one["promise"])) for one in told["by_promise"]],
        signature=document["signature"],
        unknown=sum(one["stretches"] is None for one in told["promises"]) if row is not None else 0,
        at=now(),
        wording=wording,
        refusal=refusal,
        errors=errors or {},
        values=request.form,
        most=_ROWS,
        keys_at=keys.PUBLISHED,
        by_itself=about.month.ends + issuing.BY_ITSELF,
    )


def _printing() -> Any:
    """Loaded by who wants a PDF: its libraries take 50 MB, and few ever do."""
    return import_module("sla.statements.printing")


def _of(told: Json, promise: str) -> list[Json]:
    return [one for one in told["promises"] if one["promise"] == promise][-_ROWS:]


def _months(organization_id: int, contract_id: int | None, last: Month) -> list[Month]:
    """Back to the first in which anything of theirs was decided, the newest first, at most two years."""
    theirs = PromiseOutcome.organization_id == organization_id
    if contract_id is not None:
        theirs = PromiseOutcome.contract_id == contract_id
    first = db.session.scalar(select(func.min(PromiseOutcome.day)).where(theirs, PromiseOutcome.outcome != "void"))
    found = [last]
    while first is not None and found[-1].first > first and len(found) < _MONTHS:
        found.append(found[-1].before())
    return found


def _file(content: bytes, mimetype: str, about: Scope, row: Statement | None, ending: str) -> Response:
    of = f"a{about.contract_id}" if about.contract_id is not None else f"c{about.organization_id}"
    revision = f"r{row.revision}" if row is not None else "draft"
    response = Response(content, mimetype=mimetype)
    name = f"statement-{of}-{about.month.name}-{revision}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.cache_control.private = True
    response.cache_control.max_age = 0
    if row is not None:
        response.set_etag(f"{row.sha256[:32]}-{ending}")
        response.cache_control.max_age = int(timedelta(hours=1).total_seconds())
    return response


def _base(organization_id: int, contract_id: int | None) -> str:
    firm = f"/customers/{organization_id}"
    return f"{firm}/statements" if contract_id is None else f"{firm}/agreements/{contract_id}/statements"
