"""Customers as the pages find them: a page of the list with what is said of each, and one with its tabs counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Agent, Contact, Organization
from helpdesk.tickets.models import Status, Ticket
from sla.assets.models import Asset
from sla.commitments.models import Commitment
from sla.contracts import terms
from sla.contracts.models import Contract, ContractVersion

_SIZE = 50


@dataclass(frozen=True, slots=True)
class Firm:
    """A customer in the list."""

    organization: Organization
    agreements: tuple[ContractVersion, ...]
    kept: int
    promised: int
    units: int


@dataclass(frozen=True, slots=True)
class Tabs:
    """How much is behind each tab."""

    units: int
    tickets: int
    people: int


def find(organization_id: int) -> Organization:
    """The customer.

    Raises:
        NotFound: there is none by that id.
    """
    return one(select(Organization).where(Organization.id == organization_id), what="customer")


def listed(*, search: str, after: str | None, at: datetime) -> Slice[Firm]:
    """A page of customers by name, those whose name holds `search`.

    Raises:
        Invalid: `after` is no cursor of ours.
    """
    name = func.lower(Organization.name)
    rows = select(Organization).order_by(name, Organization.id).limit(_SIZE + 1)
    if search:
        rows = rows.where(name.contains(search.lower(), autoescape=True))
    if after:
        rows = rows.where(tuple_(name, Organization.id) > tuple_(*decode(after, str, int)))
    found = cut(list(db.session.scalars(rows)), _SIZE, lambda row: (row.name.lower(), row.id))
    ids = [row.id for row in found.rows]
    agreements, promises, units = _agreements(ids, at), _promises(ids), _units(ids)
    firms = [
        Firm(row, tuple(agreements.get(row.id, ())), *promises.get(row.id, (0, 0)), units.get(row.id, 0))
        for row in found.rows
    ]
    return Slice(firms, found.after)


def tabs(organization: Organization, agent: Agent) -> Tabs:
    def count(rows: object) -> int:
        return int(db.session.scalar(rows) or 0)  # type: ignore[call-overload]

    open_ones = visible_tickets(agent).where(
        Ticket.organization_id == organization.id, Ticket.status < Status.RESOLVED, Ticket.spam_at.is_(None)
    )
    in_service = select(func.count(Asset.id)).where(
        Asset.organization_id == organization.id, Asset.retired_at.is_(None)
    )
    people = select(func.count(Contact.id)).where(Contact.organization_id == organization.id)
    return Tabs(count(in_service), count(select(func.count()).select_from(open_ones.subquery())), count(people))


def _agreements(ids: list[int], at: datetime) -> dict[int, list[ContractVersion]]:
    """Those in force, by customer."""
    newest = (
        select(ContractVersion, Contract.organization_id)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(Contract.organization_id.in_(ids), ContractVersion.valid_from <= at)
        .ext(distinct_on(ContractVersion.contract_id))
        .order_by(ContractVersion.contract_id, ContractVersion.valid_from.desc(), ContractVersion.number.desc())
    )
    found: dict[int, list[ContractVersion]] = {}
    for version, organization_id in db.session.execute(newest):
        if not terms.trouble(version, terms.day(version, at)):
            found.setdefault(organization_id, []).append(version)
    return found


def _promises(ids: list[int]) -> dict[int, tuple[int, int]]:
    """How many were kept, of how many decided."""
    asked = (
        select(Ticket.organization_id, func.count().filter(Commitment.outcome == "kept"), func.count())
        .join(Ticket, Ticket.id == Commitment.ticket_id)
        .where(Ticket.organization_id.in_(ids), Commitment.outcome.in_(("kept", "broken")))
        .group_by(Ticket.organization_id)
    )
    return {id_: (kept, total) for id_, kept, total in db.session.execute(asked) if id_ is not None}


def _units(ids: list[int]) -> dict[int, int]:
    asked = (
        select(Asset.organization_id, func.count())
        .where(Asset.organization_id.in_(ids), Asset.retired_at.is_(None))
        .group_by(Asset.organization_id)
    )
    return {id_: count for id_, count in db.session.execute(asked)}  # noqa: C416 - rows are no pairs to the type checker
