"""The sidebar's numbers: each view counted by its index, to a thousand and no further; and which views have a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, Select, func, literal_column, select, text

from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent
from helpdesk.tickets import filters
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.savedviews import AS_ONE, Named
from helpdesk.tickets.views import View


@dataclass(frozen=True)
class Counts:
    """How many tickets each view holds, MOST standing for that many or more."""

    next_up: int
    mine: int
    unassigned: int
    waiting: int
    snoozed: int
    saved: Sequence[Named] = ()
    """The saved views the agent sees, by name: asked for along with the numbers, as every page needs both."""

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
_COUNTS = select(
    *(text(f"(SELECT count(*) FROM (SELECT 1 FROM ticket WHERE {where} LIMIT {MOST}) AS found)") for where in _WHERE),
    AS_ONE.scalar_subquery(),
)


def counts(agent: Agent) -> Counts:
    row = db.session.execute(_COUNTS, {"agent": agent.id}).one()
    next_up, mine, unassigned, waiting, snoozed, saved = tuple(row)
    return Counts(next_up, mine, unassigned, waiting, snoozed, [Named(*one) for one in saved or ()])


def of_views(visible: Select[Ticket], views: Sequence[View], agent: Agent) -> list[int]:
    """How many tickets each of them holds, MOST standing for that many or more; one statement."""
    if not views:
        return []
    numbers = [_number(visible, view) for view in views]
    return list(db.session.execute(select(*numbers), filters.asked(agent.id, now())).one())


def _number(visible: Select[Ticket], view: View) -> ColumnElement[int]:
    found = visible.where(view.where).with_only_columns(literal_column("1", Integer())).select_from(Ticket)
    found = found.limit(literal_column(str(MOST)))
    return select(func.count()).select_from(found.subquery()).scalar_subquery()
