"""The sidebar's numbers: each view counted by its index, to a thousand and no further."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from helpdesk.db import db
from helpdesk.people.models import Agent


@dataclass(frozen=True)
class Counts:
    """How many tickets each view holds, MOST standing for that many or more."""

    next_up: int
    mine: int
    unassigned: int
    waiting: int
    snoozed: int

    def of(self, view: str) -> int | None:
        value: int | None = getattr(self, view.replace("-", "_"), None)
        return value


MOST = 1000
"""Nobody needs to know more exactly; counting on would make every page slower with every ticket."""

_ACTIVE = "status < 4 AND snoozed_until IS NULL AND spam_at IS NULL"
_WHERE = (
    "status = 1 AND snoozed_until IS NULL AND spam_at IS NULL",
    f"{_ACTIVE} AND assignee_id = :agent",
    f"{_ACTIVE} AND assignee_id IS NULL",
    "status IN (2, 3) AND snoozed_until IS NULL AND spam_at IS NULL",
    "snoozed_until IS NOT NULL AND status < 4 AND spam_at IS NULL",
)
_COUNTS = text(
    "SELECT "
    + ", ".join(
        f"(SELECT count(*) FROM (SELECT 1 FROM ticket WHERE {where} LIMIT {MOST}) AS found)" for where in _WHERE
    )
)


def counts(agent: Agent) -> Counts:
    return Counts(*db.session.execute(_COUNTS, {"agent": agent.id}).one())
