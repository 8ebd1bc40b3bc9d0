"""The agreements and policies of promises that an escalation policy may be only for: offered, and read by number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import aliased

from helpdesk.db import among, db
from helpdesk.people.models import Organization
from sla.contracts.models import Contract, ContractVersion
from sla.policies.models import SLAPolicy

MOST_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Agreement:
    """One that may be chosen by its number."""

    number: str
    words: str
    """Like "Gold 24x7 of Meridian Cold Storage"."""


def agreements() -> list[Agreement]:
    """The newest first; any other may be typed as well."""
    later = aliased(ContractVersion)
    newer = select(later.id).where(later.contract_id == Contract.id, later.number > ContractVersion.number)
    rows = (
        select(Contract.number, ContractVersion.name, Organization.name)
        .join(ContractVersion, ContractVersion.contract_id == Contract.id)
        .join(Organization, Organization.id == Contract.organization_id)
        .where(~newer.exists())
        .order_by(Contract.id.desc())
        .limit(MOST_OFFERED)
    )
    return [Agreement(number, f"{name} of {customer}") for number, name, customer in db.session.execute(rows)]


def promised() -> dict[str, str]:
    """Policies of promises by id, in the order they are tried."""
    rows = select(SLAPolicy.id, SLAPolicy.name).order_by(SLAPolicy.rank, SLAPolicy.id)
    return {str(id_): name for id_, name in db.session.execute(rows)}


def ids(numbers: Sequence[str]) -> dict[str, int]:
    """Agreements by number; one that is not there is left out."""
    rows = select(Contract.number, Contract.id).where(among(Contract.number, numbers))
    return dict(db.session.execute(rows).all())


def numbers(contracts: Collection[int]) -> list[str]:
    return list(db.session.scalars(select(Contract.number).where(among(Contract.id, contracts)).order_by(Contract.id)))
