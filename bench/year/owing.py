"""What broken promises cost: credits as the promises broke, then posted, or excused with the break, or left.

By the product's own hands, each at its instant; the clock is moved from one to the next.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from bench.year.house import END
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.tickets.models import Ticket
from sla.commitments import excusing
from sla.commitments.models import Commitment
from sla.contracts import credits as owed
from sla.contracts.models import ContractVersion, Credit
from sla.policies.models import Clause

_EXCUSED, _MOST_EXCUSED = 40, 2000
"""Every so manyth broken promise is excused, up to so many, whether it cost anything or not."""
Deed = tuple[datetime, int, Callable[[], object]]
"""When, its promise, and what is done."""


def settle(boss_id: int, seed: int) -> None:
    """Of a year that is judged; in the app's context. Commits."""
    boss = db.session.get_one(Agent, boss_id)
    chance = random.Random(seed)
    deeds = [*_breaks(boss, chance), *_excuses(boss, chance)]
    for at, _, deed in sorted(deeds, key=lambda one: one[:2]):
        with travel(to=at):
            deed()
    db.session.commit()


def _breaks(boss: Agent, chance: random.Random) -> Iterator[Deed]:
    rows = select(Commitment, ContractVersion, Ticket).join(Clause, Clause.id == Commitment.clause_id)
    rows = rows.join(ContractVersion, ContractVersion.id == Clause.contract_version_id)
    rows = rows.join(Ticket, Ticket.id == Commitment.ticket_id)
    broken = Commitment.broken_at.is_not(None), Commitment.outcome == "broken", Clause.credit != {}
    for one, version, ticket in db.session.execute(rows.where(*broken).order_by(Commitment.id)).all():
        yield one.broken_at, one.id, lambda one=one, version=version: owed.propose(one, version)
        for share, deed in ((0.4, _post(one, boss)), (0.15, _excuse(ticket, one, boss))):
            at = one.broken_at + timedelta(days=1 + 50 * chance.random() ** 2)
            if chance.random() < share and at < END:
                yield at, one.id, deed


def _excuses(boss: Agent, chance: random.Random) -> Iterator[Deed]:
    rows = select(Commitment, Ticket).join(Ticket, Ticket.id == Commitment.ticket_id)
    broken = Commitment.outcome == "broken", Commitment.id % _EXCUSED == 0
    for one, ticket in db.session.execute(rows.where(*broken).order_by(Commitment.id).limit(_MOST_EXCUSED)).all():
        yield one.broken_at + chance.random() * (END - one.broken_at), one.id, _excuse(ticket, one, boss)


def _excuse(ticket: Ticket, one: Commitment, boss: Agent) -> Callable[[], object]:
    return lambda: excusing.excuse(ticket, one, by=boss, reason="The road was flooded.")


def _post(one: Commitment, boss: Agent) -> Callable[[], object]:
    """Where it cost anything and is not excused by then."""

    def post() -> None:
        credit = db.session.scalar(select(Credit).where(Credit.commitment_id == one.id, Credit.state != "excused"))
        if credit is not None:
            owed.post(credit, boss)

    return post
