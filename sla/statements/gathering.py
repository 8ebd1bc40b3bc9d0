"""All that a month's statement tells, in a fixed number of queries: promises with their clocks, credits, prepaid."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import joinedload

from helpdesk.db import among, db
from helpdesk.people.models import Brand, Organization
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.facts import Cycle
from sla.commitments.history import histories
from sla.commitments.models import Commitment
from sla.contracts import loading
from sla.contracts.models import ContractVersion, Credit, PrepaidBalance, PrepaidEntry
from sla.policies.models import Clause
from sla.reports.models import PromiseOutcome
from sla.statements import clocks
from sla.statements.clocks import Stretch
from sla.statements.scope import Scope


@dataclass(frozen=True, slots=True)
class Clock:
    """How a promise's clock ran; None of it where its ticket's past does not tell of it any more."""

    cycle: Cycle
    stretches: Sequence[Stretch]


Decided = Row[int, int, int, int, int, int, str, str, bool, datetime, int | None, str, int, datetime | None]
"""Commitment, ticket, its number and contact, clause, cycle, promise, outcome, whether excused, when it was settled,
contract, excuse, business seconds left, when it ended."""


@dataclass(frozen=True, slots=True)
class Prepaid:
    """A balance that could be drawn from in the month; entries are instant, ticket number, amount."""

    balance: PrepaidBalance
    drawn_before: int
    entries: tuple[tuple[datetime, int | None, int], ...]


@dataclass(frozen=True)
class Gathered:
    """What a statement is written from, as of an instant."""

    scope: Scope
    as_of: datetime
    issuer: str
    customer: Organization
    agreements: tuple[ContractVersion, ...]
    promises: Sequence[Decided]
    clocks: Mapping[int, Clock]
    """By commitment."""
    clauses: Mapping[int, Clause]
    credits: Sequence[Credit]
    prepaid: Sequence[Prepaid]


def gather(scope: Scope, as_of: datetime) -> Gathered:
    """As the rows are now; clocks are read for `as_of`."""
    found = glance(scope, as_of)
    return replace(found, clocks=_clocks(found.promises, as_of))


def glance(scope: Scope, as_of: datetime) -> Gathered:
    """The same without clocks, which take the longest: enough for figures, not for a file."""
    agreements = _agreements(scope)
    ids = [one.contract_id for one in agreements]
    promises = db.session.execute(_promises(scope, ids)).all()
    customer = db.session.get_one(Organization, scope.organization_id)
    return Gathered(
        scope=scope,
        as_of=as_of,
        issuer=db.session.scalars(select(Brand.name).order_by(Brand.id).limit(1)).one(),
        customer=customer,
        agreements=agreements,
        promises=promises,
        clocks={},
        clauses=_clauses({one.clause_id for one in promises}),
        credits=_credits([one.commitment_id for one in promises]),
        prepaid=_prepaid(scope, ids),
    )


def _agreements(scope: Scope) -> tuple[ContractVersion, ...]:
    """One version of each: what held when the month ended, or what will."""
    last = scope.month.ends - timedelta(microseconds=1)
    held = loading.in_force(scope.organization_id, last)
    known = {one.contract_id for one in held}
    coming = [one for one in loading.coming(scope.organization_id, last) if one.contract_id not in known]
    return tuple(one for one in (*held, *coming) if scope.contract_id in {None, one.contract_id})


def _promises(
    scope: Scope, contract_ids: Collection[int]
) -> Select[int, int, int, int, int, int, str, str, bool, datetime, int | None, str, int, datetime | None]:
    return (
        select(
            PromiseOutcome.commitment_id,
            PromiseOutcome.ticket_id,
            Ticket.number,
            Ticket.contact_id,
            Commitment.clause_id,
            Commitment.cycle,
            PromiseOutcome.promise,
            PromiseOutcome.outcome,
            PromiseOutcome.is_excused,
            PromiseOutcome.settled_at,
            PromiseOutcome.contract_id,
            Commitment.excuse,
            PromiseOutcome.left_seconds,
            Commitment.ended_at,
        )
        .join(Commitment, Commitment.id == PromiseOutcome.commitment_id)
        .join(Ticket, Ticket.id == PromiseOutcome.ticket_id)
        .where(
            among(PromiseOutcome.contract_id, contract_ids),
            PromiseOutcome.day >= scope.month.first,
            PromiseOutcome.day < scope.month.after,
            PromiseOutcome.outcome != "void",
        )
        .order_by(PromiseOutcome.settled_at, PromiseOutcome.commitment_id)
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    id: int
    contact_id: int


def _clocks(promises: Sequence[Decided], as_of: datetime) -> dict[int, Clock]:
    subjects = list({one.ticket_id: _Subject(one.ticket_id, one.contact_id) for one in promises}.values())
    wanted: dict[int, dict[tuple[int, int], int]] = {}
    for one in promises:
        wanted.setdefault(one.ticket_id, {})[one.clause_id, one.cycle] = one.commitment_id
    found: dict[int, Clock] = {}
    for ticket_id, history in histories(subjects).items() if subjects else ():
        mine = wanted[ticket_id]
        for cycle in fold(history.facts, history.timelines, at=as_of.timestamp()):
            commitment = mine.get((cycle.clause, cycle.number))
            if commitment is not None:
                found[commitment] = Clock(cycle, clocks.stretches(cycle, history.facts))
    return found


def _clauses(ids: Collection[int]) -> dict[int, Clause]:
    rows = select(Clause).where(among(Clause.id, ids)).options(joinedload(Clause.calendar))
    return {one.id: one for one in db.session.scalars(rows)}


def _credits(commitment_ids: Collection[int]) -> Sequence[Credit]:
    rows = select(Credit).where(among(Credit.commitment_id, commitment_ids)).order_by(Credit.id)
    return db.session.scalars(rows).all()


def _prepaid(scope: Scope, contract_ids: Collection[int]) -> list[Prepaid]:
    month = scope.month
    usable = (
        select(PrepaidBalance)
        .where(
            among(PrepaidBalance.contract_id, contract_ids),
            PrepaidBalance.bought_on < month.after,
            PrepaidBalance.expires_on.is_(None) | (PrepaidBalance.expires_on >= month.first),
        )
        .order_by(PrepaidBalance.id)
    )
    balances = db.session.scalars(usable).all()
    ids = [one.id for one in balances]
    sums = select(PrepaidEntry.balance_id, func.sum(PrepaidEntry.amount)).where(among(PrepaidEntry.balance_id, ids))
    before = dict(_pairs(sums.where(PrepaidEntry.at < month.begins).group_by(PrepaidEntry.balance_id)))
    entries = (
        select(PrepaidEntry.balance_id, PrepaidEntry.at, Ticket.number, PrepaidEntry.amount)
        .outerjoin(Ticket, Ticket.id == PrepaidEntry.ticket_id)
        .where(among(PrepaidEntry.balance_id, ids), PrepaidEntry.at >= month.begins, PrepaidEntry.at < month.ends)
        .order_by(PrepaidEntry.at, PrepaidEntry.id)
    )
    drawn: dict[int, list[tuple[datetime, int | None, int]]] = {}
    for balance_id, at, number, amount in db.session.execute(entries):
        drawn.setdefault(balance_id, []).append((at, number, amount))
    return [Prepaid(one, before.get(one.id, 0), tuple(drawn.get(one.id, ()))) for one in balances]


def _pairs(asked: Select[int, int]) -> Iterator[tuple[int, int]]:
    return ((key, int(value)) for key, value in db.session.execute(asked))
