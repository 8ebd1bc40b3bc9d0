"""Lists of tickets by what covers them: one agreement, a warranty, or nothing."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, String, bindparam, exists, select

from helpdesk.db import db
from helpdesk.people.models import Organization
from helpdesk.plugins import Narrowing
from helpdesk.tickets.models import Ticket
from sla.contracts.models import Contract, ContractVersion
from sla.entitlements.models import Entitlement

_SOURCES = {"warranty": "Under warranty", "none": "Nothing covers it"}
_OFFERED = 300
_NEWEST = (
    select(ContractVersion.id)
    .where(ContractVersion.contract_id == Contract.id)
    .order_by(ContractVersion.number.desc())
    .limit(1)
    .correlate(Contract)
    .scalar_subquery()
)
_NAMED = (
    select(Contract.id, ContractVersion.name, Organization.name)
    .join(ContractVersion, ContractVersion.id == _NEWEST)
    .join(Organization, Organization.id == Contract.organization_id)
)


def _where(value: str) -> ColumnElement[bool]:
    standing = exists().where(Entitlement.ticket_id == Ticket.id, Entitlement.replaced_at.is_(None))
    if value in _SOURCES:
        return standing.where(Entitlement.source == bindparam("source", value, String(), literal_execute=True))
    contract = bindparam("contract", int(value), BigInteger(), literal_execute=True)
    versions = select(ContractVersion.id).where(ContractVersion.contract_id == contract)
    return standing.where(Entitlement.contract_version_id.in_(versions))


def _choices() -> list[tuple[str, str]]:
    rows = db.session.execute(_NAMED.order_by(Organization.name, ContractVersion.name, Contract.id).limit(_OFFERED))
    return [*_SOURCES.items(), *((str(id_), f"{firm}: {name}") for id_, name, firm in rows)]


def _words(value: str) -> str:
    if value in _SOURCES:
        return _SOURCES[value]
    found = db.session.execute(_NAMED.where(Contract.id == int(value))).one_or_none()
    return f"{found[2]}: {found[1]}" if found is not None else "Gone"


AGREEMENT = Narrowing("agreement", "Agreement", r"warranty|none|[1-9]\d{0,17}", _where, _choices, _words)
