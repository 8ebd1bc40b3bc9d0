"""The versions of a customer's contracts that say what holds at an instant, loaded with all they are judged by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Integer, Select, any_, bindparam, cast, exists, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload, selectinload

from helpdesk.db import db
from sla import kept
from sla.contracts.models import Contract, ContractVersion, PrepaidBalance
from sla.kept import Asked, Card, Kept
from sla.policies.models import Clause

SHELF = "contracts"
_MOST = 300


def _index() -> Asked:
    sells = exists().where(PrepaidBalance.contract_id == Contract.id, PrepaidBalance.unit == "incidents")
    asked = kept.cards(
        SHELF,
        ContractVersion,
        ContractVersion.contract_id,
        number=ContractVersion.number,
        owner=Contract.organization_id,
        more=cast(sells, Integer),
        written_with=[Contract],
    )
    mine = Contract.organization_id == any_(bindparam("owners", type_=ARRAY(BigInteger)))
    return asked.join(Contract, Contract.id == ContractVersion.contract_id).where(mine)


INDEX = _index()
"""Asks for every version of the contracts of some customers, its `owners`."""


class Shelf:
    """Versions of contracts with lines and clauses, by their cards, for any number of questions."""

    def __init__(self, cards: Collection[Card]) -> None:
        self._cards = sorted(cards, key=lambda card: (card.of, card.since, card.number))

    def in_force(self, organization_id: int | None, at: datetime) -> list[ContractVersion]:
        """One version of each contract of the customer, the newest that is valid at `at`; by contract."""
        newest = {card.of: card for card in self._cards if card.owner == organization_id and card.since <= at}
        found = _kept.of(newest.values())
        return [found[card.id] for card in newest.values()]

    def sells_incidents(self, contract_id: int) -> bool:
        """Whether any were ever bought ahead."""
        return any(card.more for card in self._cards if card.of == contract_id)


def in_force(organization_id: int, at: datetime) -> list[ContractVersion]:
    """One version of each contract, the newest that is valid at `at`, whatever its state; by contract.

    Lines, clauses with their calendars, and the contract are loaded: a fixed number of queries.
    """
    newest = _newest(at).where(Contract.organization_id == organization_id)
    return list(db.session.scalars(_loaded(newest)).unique())


def coming(organization_id: int, after: datetime) -> list[ContractVersion]:
    """The first version of each contract that is to hold later, by contract; loaded as `in_force` loads."""
    first = (
        select(ContractVersion)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(Contract.organization_id == organization_id, ContractVersion.valid_from > after)
        .ext(distinct_on(ContractVersion.contract_id))
        .order_by(ContractVersion.contract_id, ContractVersion.valid_from, ContractVersion.number.desc())
    )
    return list(db.session.scalars(_loaded(first)).unique())


def newest(contract_id: int) -> ContractVersion:
    """The last version written, even if it is to hold from a later day, loaded as `in_force` loads.

    Raises:
        LookupError: the contract has none.
    """
    rows = (
        select(ContractVersion)
        .where(ContractVersion.contract_id == contract_id)
        .order_by(ContractVersion.number.desc())
        .limit(1)
    )
    found = db.session.scalars(_loaded(rows)).unique().one_or_none()
    if found is None:
        raise LookupError(f"contract {contract_id} has no version")
    return found


def all_of(contract_id: int) -> list[ContractVersion]:
    """Every version of a contract, the first one first, loaded as `in_force` loads."""
    rows = select(ContractVersion).where(ContractVersion.contract_id == contract_id).order_by(ContractVersion.number)
    return list(db.session.scalars(_loaded(rows)).unique())


def holding(versions: Sequence[ContractVersion], at: datetime) -> ContractVersion:
    """Of all versions of a contract the one that holds at an instant; before the first does, the last written."""
    by_then = [version for version in versions if version.valid_from <= at]
    return max(by_then, key=lambda v: (v.valid_from, v.number)) if by_then else versions[-1]


def _newest(at: datetime) -> Select[ContractVersion]:
    return (
        select(ContractVersion)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(ContractVersion.valid_from <= at)
        .ext(distinct_on(ContractVersion.contract_id))
        .order_by(ContractVersion.contract_id, ContractVersion.valid_from.desc(), ContractVersion.number.desc())
    )


def _loaded(rows: Select[ContractVersion]) -> Select[ContractVersion]:
    return rows.options(
        joinedload(ContractVersion.contract),
        selectinload(ContractVersion.lines),
        selectinload(ContractVersion.clauses).joinedload(Clause.calendar),
    )


def _load(session: Session, ids: Collection[int]) -> dict[int, ContractVersion]:
    lines, clauses = selectinload(ContractVersion.lines), selectinload(ContractVersion.clauses)
    rows = select(ContractVersion).where(ContractVersion.id.in_(ids))
    found = session.scalars(rows.options(joinedload(ContractVersion.contract), lines, clauses)).unique()
    return {one.id: one for one in found}


_kept = Kept(_load, most=_MOST)
