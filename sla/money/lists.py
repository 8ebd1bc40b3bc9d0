"""What is behind a figure of money: the same facts, by ticket, by agreement where they are of none, and by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from helpdesk.db import db, each_its_plan
from helpdesk.tickets.models import Ticket
from sla.money import days, facts, figures, rates, sums
from sla.money.facts import Scope
from sla.money.kinds import COST, INCOME, UNTIMED
from sla.money.sums import Amount, Line
from sla.reports.asking import Question

_ROWS = (*days.COUNTED, UNTIMED)
_PAGE = """
    SELECT DISTINCT ticket_id FROM fact WHERE ticket_id IS NOT NULL AND ticket_id < :before AND (:any OR cents IS NULL)
    ORDER BY ticket_id DESC LIMIT :most
"""
_OF_TICKETS = f"SELECT ticket_id, kind, currency, {sums.SUMMED} FROM fact GROUP BY 1, 2, 3"  # noqa: S608 - of our own
_NEWEST = select(func.max(Ticket.id))
_FIRST_FEW, _MORE, _LOOKS = 500, 8, 2
"""How many tickets are looked at first, how many times as many next, and how often before all that are left are."""
_OF_NONE = f"""
    SELECT contract_id, kind, currency, {sums.SUMMED} FROM fact
    WHERE ticket_id IS NULL AND contract_id IS NOT NULL AND (:any OR cents IS NULL) GROUP BY 1, 2, 3
"""  # noqa: S608
FIRST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What is behind which figure: "cost", "income" or a kind; all of it, or what of it is not known."""

    question: Question
    what: str
    all_of_it: bool = True

    @property
    def kinds(self) -> tuple[str, ...]:
        if self.what == "cost":
            return (*COST, UNTIMED)
        return tuple(INCOME) if self.what == "income" else (self.what,)


def tickets(asked: Asked, now: datetime, *, most: int, before: int = FIRST) -> list[tuple[int, Line]]:
    """Ids of tickets below another with what they have in these kinds, the newest first."""
    scope, known = figures.scope_of(asked.question, now), rates.known()
    mine = [kind for kind in asked.kinds if kind in _ROWS]
    if not mine:
        return []
    each_its_plan()
    ids: list[int] = []
    for part in _parts(scope, before):
        page = {**facts.values(part, known), "before": before, "most": most - len(ids), "any": asked.all_of_it}
        ids += db.session.scalars(facts.relation(mine, part, _PAGE), page)
        before = part.low or 0
        if len(ids) == most:
            break
    if not ids:
        return []
    these = replace(scope, among=tuple(ids))
    found = _lines(db.session.execute(facts.relation(mine, these, _OF_TICKETS), facts.values(these, known)))
    return [(one, found[one]) for one in ids]


def _parts(scope: Scope, before: int) -> Iterator[Scope]:
    """The newest tickets below an id, more of them each time: as a rule the first have what a page shows.

    Those of one customer or agreement are few, and not next to each other.
    """
    high = min(before, (db.session.scalar(_NEWEST) or 0) + 1)
    many = _FIRST_FEW
    looks = _LOOKS if scope.customer is None and scope.agreement is None else 0
    for _ in range(looks):
        yield replace(scope, low=max(0, high - many), high=high)
        high = max(0, high - many)
        many *= _MORE
    if high:
        yield scope


def agreements(asked: Asked, now: datetime) -> list[tuple[int, Line]]:
    """Agreements with what they have that is of no ticket: fees, and what was bought ahead."""
    scope = figures.scope_of(asked.question, now)
    found = dict(_without_ticket(scope, asked))
    if "fee" in asked.kinds:
        for fee in figures.earned(scope):
            if asked.all_of_it or fee.cents is None:
                line = found.get(fee.contract_id, Line())
                found[fee.contract_id] = line.plus("fee", sums.one(fee.currency, fee.cents))
    return sorted(found.items())


def people(asked: Asked, now: datetime) -> list[tuple[int, Amount]]:
    """Who was on call, with seconds and what they cost."""
    if "standby" not in asked.kinds:
        return []
    found: dict[int, Amount] = defaultdict(Amount)
    for one in figures.shared(figures.scope_of(asked.question, now), now, rates.known()):
        if asked.all_of_it or one.cents is None:
            found[one.agent_id] = found[one.agent_id].plus(sums.one(one.currency, one.cents, one.seconds))
    return sorted(found.items())


def _without_ticket(scope: Scope, asked: Asked) -> Iterable[tuple[int, Line]]:
    mine = [kind for kind in asked.kinds if kind in {"prepaid", "expired"}]
    if not mine:
        return []
    values = {**facts.values(scope, rates.known()), "any": asked.all_of_it}
    return _lines(db.session.execute(facts.relation(mine, scope, _OF_NONE), values)).items()


def _lines(rows: Iterable[Any]) -> dict[int, Line]:
    found: dict[int, Line] = defaultdict(Line)
    for key, kind, *counted in rows:
        found[key] = found[key].plus(kind, sums.summed(*counted))
    return found
