"""Rates written down: from a day on, for a person, a team or everybody; the ones before stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from helpdesk.access.permissions import may
from helpdesk.db import db
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.now import now
from helpdesk.people.models import Agent, Team
from sla.contracts.inputs import is_currency
from sla.money.models import KINDS, MoneyRate

MOST = 10**9
"""Cents of a rate."""


@dataclass(frozen=True, slots=True)
class Said:
    """A rate as it was typed. Without cents it has none of its own from that day on; of nobody it is everybody's."""

    kind: str
    valid_from: date
    cents: int | None
    currency: str
    agent_id: int | None = None
    team_id: int | None = None

    def mistakes(self) -> dict[str, str]:
        found = {}
        if self.kind not in KINDS:
            found["kind"] = "Choose what the rate is of."
        if self.cents is not None and not 0 <= self.cents <= MOST:
            found["amount"] = "Enter an amount of nothing or more."
        if not is_currency(self.currency):
            found["currency"] = "Three capital letters, like USD."
        return found | self._mistaken_whose()

    def _mistaken_whose(self) -> dict[str, str]:
        if self.agent_id is not None and self.team_id is not None:
            return {"whose": "A person or a team, not both."}
        gone = (self.agent_id is not None and db.session.get(Agent, self.agent_id) is None) or (
            self.team_id is not None and db.session.get(Team, self.team_id) is None
        )
        return {"whose": "There is nobody like that."} if gone else {}


def say(said: Said, *, by: Agent) -> MoneyRate:
    """Write a rate. Figures of days it counts for follow, also of past ones.

    Raises:
        NotAllowed: by somebody who is no manager.
        Invalid: by field, what does not fit.
    """
    if not may(by, "manage"):
        raise NotAllowed("Only managers and administrators see rates.")
    mistakes = said.mistakes()
    if mistakes:
        raise Invalid("That does not fit yet.", mistakes)
    made = MoneyRate(
        kind=said.kind,
        agent_id=said.agent_id,
        team_id=said.team_id,
        valid_from=said.valid_from,
        cents=said.cents,
        currency=said.currency,
        created_by_id=by.id,
        created_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def written() -> list[MoneyRate]:
    """All there are, the newest day first."""
    rows = select(MoneyRate).order_by(MoneyRate.kind, MoneyRate.valid_from.desc(), MoneyRate.id.desc())
    return list(db.session.scalars(rows))
