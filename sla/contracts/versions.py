"""Versions of a contract: written from what was agreed, read back into it, copied with another state."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from sla.assets.models import Asset, Site
from sla.calendars.models import Calendar
from sla.contracts.inputs import Agreed, Line, Mistakes, Outcome, Promise
from sla.contracts.models import Contract, ContractVersion, CoverageLine
from sla.policies.inputs import clause_of, promise_of
from sla.policies.models import Clause

_HEAD = (
    *("name", "kind", "starts_on", "ends_on", "zone", "renewal", "notice_months", "value_cents", "currency", "period"),
    *("pauses_when_suspended", "credit_cap_percent", "hour_cents"),
)


def mistakes(organization_id: int, agreed: Agreed) -> Mistakes:
    """What does not fit, by field: in the agreement itself, and in what it names of other rows."""
    found = agreed.mistakes()
    named = (
        ("asset_ids", "This customer has no such unit.", Asset.id, Asset.organization_id == organization_id),
        ("site_ids", "This customer has no such site.", Site.id, Site.organization_id == organization_id),
    )
    for name, words, column, owned in named:
        known = _known(column, owned, {one for line in agreed.lines for one in getattr(line, name)})
        for place, line in enumerate(agreed.lines):
            if not set(getattr(line, name)) <= known:
                found[f"lines-{place}-{name}"] = words
    rows = [(f"lines-{place}", line.calendar_id) for place, line in enumerate(agreed.lines)]
    rows += [(f"clauses-{place}", clause.calendar_id) for place, clause in enumerate(agreed.clauses)]
    known = _known(Calendar.id, Calendar.id.is_not(None), {id_ for _, id_ in rows if id_ is not None})
    wrong = (row for row, id_ in rows if id_ is not None and id_ not in known)
    return found | {f"{row}-calendar_id": "There are no such hours." for row in wrong}


def write(contract: Contract, agreed: Agreed, *, state: str, valid_from: datetime, by: Agent | None) -> ContractVersion:
    """The next version, with its lines and clauses."""
    head = {name: getattr(agreed, name) for name in _HEAD}
    outcome = {name: words.strip() for name, words in asdict(agreed.outcome).items() if words.strip()}
    version = ContractVersion(
        contract_id=contract.id,
        number=_next_number(contract.id),
        valid_from=valid_from,
        state=state,
        outcome=outcome,
        created_by_id=by.id if by else None,
        created_at=now(),
        **{name: value.strip() if isinstance(value, str) else value for name, value in head.items()},
    )
    db.session.add(version)
    db.session.flush()
    lines = [_line(version, place, line) for place, line in enumerate(agreed.lines, 1)]
    db.session.add_all(lines)
    db.session.flush()
    db.session.add_all(_clause(version, place, clause, lines) for place, clause in enumerate(agreed.clauses, 1))
    db.session.flush()
    db.session.expire(version)
    return version


def copy(version: ContractVersion, *, state: str, valid_from: datetime, by: Agent | None) -> ContractVersion:
    """The same words in another state. `version` needs lines, clauses and contract loaded."""
    return write(version.contract, agreed(version), state=state, valid_from=valid_from, by=by)


def agreed(version: ContractVersion) -> Agreed:
    """What a version says; it needs lines and clauses loaded."""
    places = {line.id: place for place, line in enumerate(version.lines)}
    return Agreed(
        **{name: getattr(version, name) for name in _HEAD},
        outcome=Outcome(**version.outcome),
        lines=tuple(_read_line(line) for line in version.lines),
        clauses=tuple(_read_clause(clause, places) for clause in version.clauses),
    )


def _line(version: ContractVersion, position: int, line: Line) -> CoverageLine:
    return CoverageLine(
        contract_version_id=version.id,
        position=position,
        name=line.name.strip(),
        site_ids=list(line.site_ids),
        asset_ids=list(line.asset_ids),
        models=[model.strip() for model in line.models],
        works=[work.strip() for work in line.works],
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        calendar_id=line.calendar_id,
        fills_gaps=line.fills_gaps,
    )


def _read_line(line: CoverageLine) -> Line:
    return Line(
        name=line.name,
        site_ids=tuple(line.site_ids),
        asset_ids=tuple(line.asset_ids),
        models=tuple(line.models),
        works=tuple(line.works),
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        calendar_id=line.calendar_id,
        fills_gaps=line.fills_gaps,
    )


def _clause(version: ContractVersion, position: int, promise: Promise, lines: list[CoverageLine]) -> Clause:
    clause = clause_of(promise, position)
    clause.contract_version_id = version.id
    clause.coverage_line_id = None if promise.line is None else lines[promise.line].id
    return clause


def _read_clause(clause: Clause, places: dict[int, int]) -> Promise:
    return promise_of(clause, line=places.get(clause.coverage_line_id) if clause.coverage_line_id else None)


def _known(column: InstrumentedAttribute[int], owned: ColumnElement[bool], ids: set[int]) -> set[int]:
    return set(db.session.scalars(select(column).where(owned, column.in_(ids)))) if ids else set()


def _next_number(contract_id: int) -> int:
    newest = select(func.coalesce(func.max(ContractVersion.number), 0)).where(
        ContractVersion.contract_id == contract_id
    )
    return int(db.session.scalar(newest) or 0) + 1
