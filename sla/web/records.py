"""What became of each promise of an agreement: a strip with a mark for each, and the story of the last break."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Row, func, select

from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db
from helpdesk.people.models import Agent
from helpdesk.text.timeleft import span
from helpdesk.tickets.models import Ticket
from sla.commitments.models import Commitment
from sla.contracts.models import ContractVersion, Credit
from sla.policies.models import Clause
from sla.reports.models import PromiseOutcome
from sla.reports.periods import Period
from sla.web.amounts import money

MOST_MARKS = 300
"""Of one promise on a page; a shorter period draws them all."""
_DECIDED = ("kept", "broken")


@dataclass(frozen=True, slots=True)
class Mark:
    """One promise: kept, broken or excused; `words` say what became of it."""

    outcome: str
    ticket_number: int
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Story:
    """The last break of a clause, in words."""

    words: str
    credit: str
    ticket_number: int
    at: datetime
    excuse: str


@dataclass(frozen=True, slots=True)
class Record:
    """A clause with what became of it in a period."""

    clause: Clause
    hours: str
    kept: int
    total: int
    excused: int
    marks: tuple[Mark, ...]
    story: Story | None

    @property
    def label(self) -> str:
        excused = f", {self.excused} of these excused" if self.excused else ""
        return f"{self.kept} kept, {self.total - self.kept} broken{excused}"


def of(version: ContractVersion, period: Period, agent: Agent) -> list[Record]:
    """Each clause of the version with what was decided in the period under every version of the contract.

    Clauses of different versions are the same promise when they have the same number, or else the same metric.
    Excused breaks stay broken in the count, and are said to be excused. Marks are of tickets the agent may see.
    """
    rows = _rows(version.contract_id, period, agent)
    totals = _totals(version.contract_id, period)
    keys = {clause.id: f"c{version.contract_id}:{clause.number or clause.metric}" for clause in version.clauses}
    return [
        _record(clause, rows.get(keys[clause.id], []), totals.get(keys[clause.id], (0, 0, 0)))
        for clause in version.clauses
    ]


def summed(records: Iterable[Record]) -> tuple[int, int]:
    """How many were kept, of how many."""
    counted = [(record.kept, record.total) for record in records]
    return sum(kept for kept, _ in counted), sum(total for _, total in counted)


def _mine(contract_id: int, period: Period) -> list[ColumnElement[bool]]:
    return [
        PromiseOutcome.contract_id == contract_id,
        PromiseOutcome.day >= period.since,
        PromiseOutcome.day < period.until,
        PromiseOutcome.outcome.in_(_DECIDED),
    ]


def _totals(contract_id: int, period: Period) -> dict[str, tuple[int, int, int]]:
    kept = func.count().filter(PromiseOutcome.outcome == "kept")
    excused = func.count().filter(PromiseOutcome.outcome == "broken", PromiseOutcome.is_excused)
    asked = select(PromiseOutcome.promise, kept, func.count(), excused).where(*_mine(contract_id, period))
    rows = db.session.execute(asked.group_by(PromiseOutcome.promise))
    return {promise: (kept, total, excused) for promise, kept, total, excused in rows}


def _rows(contract_id: int, period: Period, agent: Agent) -> dict[str, list[Row[Commitment, str, int, Credit | None]]]:
    """The last of each promise, oldest first."""
    newest = PromiseOutcome.settled_at.desc(), PromiseOutcome.commitment_id.desc()
    place = func.row_number().over(partition_by=PromiseOutcome.promise, order_by=newest).label("place")
    last = (
        visible_tickets(agent)
        .with_only_columns(PromiseOutcome.commitment_id, PromiseOutcome.promise, PromiseOutcome.settled_at, place)
        .add_columns(Ticket.number)
        .join(PromiseOutcome, PromiseOutcome.ticket_id == Ticket.id)
        .where(*_mine(contract_id, period))
        .subquery()
    )
    asked = (
        select(Commitment, last.c.promise, last.c.number, Credit)
        .join(last, last.c.commitment_id == Commitment.id)
        .outerjoin(Credit, Credit.commitment_id == Commitment.id)
        .where(last.c.place <= MOST_MARKS)
        .order_by(last.c.settled_at, Commitment.id)
    )
    found: dict[str, list[Row[Commitment, str, int, Credit | None]]] = {}
    for row in db.session.execute(asked):
        found.setdefault(row.promise, []).append(row)
    return found


def _record(
    clause: Clause, rows: list[Row[Commitment, str, int, Credit | None]], counted: tuple[int, int, int]
) -> Record:
    kept, total, excused = counted
    marks = tuple(Mark(_outcome(row[0]), row.number, _decided(row[0]), _became(row[0])) for row in rows)
    broken = [row for row in rows if row[0].outcome == "broken"]
    story = _story(*broken[-1]) if broken else None
    hours = clause.calendar.name if clause.calendar else "round the clock"
    return Record(clause, hours, kept, total, excused, marks, story)


def _outcome(commitment: Commitment) -> str:
    return "excused" if commitment.excused_at is not None else commitment.outcome


def _decided(commitment: Commitment) -> datetime:
    if commitment.outcome == "broken":
        return commitment.broken_at or commitment.due_at or commitment.started_at
    return commitment.ended_at or commitment.started_at


def _became(commitment: Commitment) -> str:
    """Such as: Kept, 12 min in hand; Missed by 38 min; Missed, excused."""
    left = commitment.target_seconds - commitment.elapsed_seconds
    if commitment.outcome == "kept":
        return f"Kept, {span(timedelta(seconds=left))} in hand" if left > 0 else "Kept"
    return _missed(commitment) + (", excused" if commitment.excused_at is not None else "")


def _missed(commitment: Commitment) -> str:
    late = commitment.elapsed_seconds - commitment.target_seconds
    return f"Missed by {span(timedelta(seconds=late))}" if commitment.ended_at and late > 0 else "Missed"


def _story(commitment: Commitment, _promise: str, number: int, credit: Credit | None) -> Story:
    return Story(_missed(commitment), _credited(credit), number, _decided(commitment), commitment.excuse)


def _credited(credit: Credit | None) -> str:
    if credit is None:
        return ""
    said = {"proposed": "proposed", "posted": "given", "excused": "excused"}[credit.state]
    return f"Credit {money(credit.amount_cents, credit.currency)} {said}"
