"""Running promises most at risk: those falling due soon or just past, without what somebody decided about already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, false, func, select, tuple_
from sqlalchemy.orm import joinedload

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import among, db
from helpdesk.pagination import Slice, cut, decode
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Status, Ticket
from sla.commitments.models import Commitment
from sla.contracts.models import ContractVersion
from sla.policies.models import Clause, PolicyVersion
from sla.reports.dimensions import Filters
from sla.reports.models import PromiseDecision

MOST = 7
AHEAD, BEHIND = timedelta(hours=4), timedelta(hours=24)
"""What falls due within the one, or did within the other, is at risk; older ones are in the list only."""
_LOOKED_AT, _PAGE = 60, 50
_KEY = func.coalesce(func.nullif(Clause.number, ""), Clause.metric)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A promise that runs, or is past and still owed; `due` is the newest time that was promised."""

    commitment: Commitment
    due: datetime
    again: PromiseDecision | None = None
    """It was promised again; that is what falls due."""

    @property
    def ticket(self) -> Ticket:
        return self.commitment.ticket

    @property
    def words(self) -> str:
        return self.again.words if self.again is not None else self.commitment.clause.words


def most(agent: Agent, filters: Filters, at: datetime) -> list[AtRisk]:
    """At most seven, one a ticket, the soonest first."""
    soon = undecided(agent, filters).where(Commitment.due_at > at - BEHIND, Commitment.due_at <= at + AHEAD)
    light = soon.with_only_columns(Commitment.ticket_id, Commitment.id).order_by(Commitment.due_at, Commitment.id)
    nearest: dict[int, int] = {}
    for ticket_id, commitment_id in db.session.execute(light.limit(_LOOKED_AT)):
        nearest.setdefault(ticket_id, commitment_id)
    rows = db.session.scalars(_loaded(_seen(agent).where(among(Commitment.id, list(nearest.values())[:MOST]))))
    found = [AtRisk(row, row.due_at) for row in rows if row.due_at is not None]
    return _one_a_ticket([*found, *_again(agent, filters, at)])[:MOST]


def owed(agent: Agent, filters: Filters, *, after: str | None = None) -> Slice[AtRisk]:
    """Everything that runs or is past and undecided, the longest due first, a page at a time."""
    rows = _loaded(undecided(agent, filters))
    if after:
        rows = rows.where(tuple_(Commitment.due_at, Commitment.id) > tuple_(*decode(after, datetime, int)))
    found = db.session.scalars(rows.order_by(Commitment.due_at, Commitment.id).limit(_PAGE + 1))
    each = [AtRisk(row, row.due_at) for row in found if row.due_at is not None]
    return cut(each, _PAGE, lambda one: (one.due, one.commitment.id))


def undecided(agent: Agent, filters: Filters) -> Select[Commitment]:
    """What runs or is past, without what somebody decided about; tickets and clauses are joined already."""
    standing = select(PromiseDecision.commitment_id).where(
        PromiseDecision.commitment_id == Commitment.id, PromiseDecision.undone_at.is_(None)
    )
    return _open(agent, filters).where(~standing.exists())


def decided(agent: Agent, filters: Filters, kind: str) -> list[tuple[PromiseDecision, AtRisk]]:
    """What stands of what was decided about promises that still run: left alone, or promised again; newest first."""
    standing = select(PromiseDecision).where(PromiseDecision.undone_at.is_(None), PromiseDecision.kind == kind)
    rows = {row.commitment_id: row for row in db.session.scalars(standing.order_by(PromiseDecision.id.desc()))}
    mine = _loaded(_open(agent, filters)).where(among(Commitment.id, list(rows)))
    known = {one.id: one for one in db.session.scalars(mine)} if rows else {}
    return [
        (row, AtRisk(known[id_], row.until or known[id_].due_at or row.at)) for id_, row in rows.items() if id_ in known
    ]


def customers_left_alone() -> frozenset[int]:
    """Who has a promise that runs and is left alone on purpose."""
    rows = (
        select(Ticket.organization_id)
        .join(Commitment, Commitment.ticket_id == Ticket.id)
        .join(PromiseDecision, PromiseDecision.commitment_id == Commitment.id)
        .where(PromiseDecision.kind == "left", PromiseDecision.undone_at.is_(None), Commitment.ended_at.is_(None))
    )
    return frozenset(found for found in db.session.scalars(rows.distinct()) if found is not None)


def one_of(agent: Agent, commitment_id: int) -> Select[Commitment]:
    """A promise of a ticket the agent may see, whatever became of it."""
    return _loaded(_seen(agent).where(Commitment.id == commitment_id))


def _again(agent: Agent, filters: Filters, at: datetime) -> list[AtRisk]:
    rows = decided(agent, filters, "again")
    near = [(row, one) for row, one in rows if row.until is not None and at - BEHIND < row.until <= at + AHEAD]
    return [AtRisk(one.commitment, one.due, row) for row, one in near]


def _one_a_ticket(found: Iterable[AtRisk]) -> list[AtRisk]:
    nearest: dict[int, AtRisk] = {}
    for one in sorted(found, key=lambda one: (one.due, one.commitment.id)):
        nearest.setdefault(one.commitment.ticket_id, one)
    return list(nearest.values())


def _open(agent: Agent, filters: Filters) -> Select[Commitment]:
    """Neither kept nor taken back nor excused, on a ticket somebody works on; what is paused has no time to be due."""
    return _seen(agent).where(
        Commitment.ended_at.is_(None),
        Commitment.due_at.is_not(None),
        Commitment.excused_at.is_(None),
        Ticket.status < Status.RESOLVED,
        Ticket.spam_at.is_(None),
        *_filtered(filters),
    )


def _seen(agent: Agent) -> Select[Commitment]:
    mine = visible_tickets(agent).with_only_columns(Commitment).select_from(Ticket)
    return mine.join(Commitment, Commitment.ticket_id == Ticket.id).join(Clause, Clause.id == Commitment.clause_id)


def _loaded(rows: Select[Commitment]) -> Select[Commitment]:
    ticket = joinedload(Commitment.ticket)
    return rows.options(
        ticket.joinedload(Ticket.organization),
        ticket.joinedload(Ticket.contact),
        ticket.joinedload(Ticket.assignee),
        joinedload(Commitment.clause),
    )


def _filtered(filters: Filters) -> list[ColumnElement[bool]]:
    """By what a running promise has; the hour it will be decided in nobody knows yet, nor is equipment asked for."""
    columns = {
        "customer": Ticket.organization_id,
        "team": Ticket.team_id,
        "agent": Ticket.assignee_id,
    }
    found = [
        columns[name] == int(value) if value else columns[name].is_(None)
        for name, value in filters.items()
        if name in columns
    ]
    if "channel" in filters:
        found.append(Ticket.channel_kind == filters["channel"])
    if "kind" in filters:
        found.append(Commitment.metric == filters["kind"])
    if "agreement" in filters:
        found.append(_agreed(filters["agreement"]))
    if "promise" in filters:
        found.append(_promised(filters["promise"]))
    return found


def _agreed(value: str) -> ColumnElement[bool]:
    if not value:
        return Clause.contract_version_id.is_(None)
    versions = select(ContractVersion.id).where(ContractVersion.contract_id == int(value))
    return Clause.contract_version_id.in_(versions)


def _promised(key: str) -> ColumnElement[bool]:
    """By a key as `PromiseOutcome.promise` has it."""
    owner, _, code = key.partition(":")
    if not owner[1:].isdecimal():
        return false()
    agreed = select(ContractVersion.id).where(ContractVersion.contract_id == int(owner[1:]))
    said = select(PolicyVersion.id).where(PolicyVersion.policy_id == int(owner[1:]))
    mine = Clause.contract_version_id.in_(agreed) if owner[0] == "c" else Clause.policy_version_id.in_(said)
    clauses = select(Clause.id).where(mine, _KEY.in_([code]))
    return Commitment.clause_id.in_(clauses.correlate(None))
