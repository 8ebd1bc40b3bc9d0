"""What the figures should say, worked out from the event log alone: promises replayed, with whom told by events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.tickets.models import Ticket
from sla.commitments.clock import fold
from sla.commitments.history import histories
from sla.policies.models import Clause


@dataclass(frozen=True)
class Counted:
    """One promise that was decided."""

    ticket: int
    clause: int
    metric: str
    outcome: str
    at: datetime
    team: int | None
    agent: int | None
    words: str

    def day(self, zone: ZoneInfo) -> str:
        return str(self.at.astimezone(zone).date())

    def hour(self, zone: ZoneInfo) -> int:
        local = self.at.astimezone(zone)
        return local.weekday() * 24 + local.hour


def everything(at: datetime) -> list[Counted]:
    """Every promise of every ticket, as its events say at an instant."""
    tickets = list(db.session.scalars(select(Ticket).order_by(Ticket.id)))
    told = histories(tickets)
    words = {one.id: one.words for one in db.session.scalars(select(Clause))}
    return [one for ticket in tickets if ticket.id in told for one in _of(ticket, told[ticket.id], words, at)]


def _of(ticket: Ticket, history: Any, words: dict[int, str], at: datetime) -> Iterator[Counted]:
    team, agent = _held(ticket)
    for cycle in fold(history.facts, history.timelines, at=at.timestamp()):
        if cycle.outcome in {"kept", "broken"}:
            instant = datetime.fromtimestamp(cycle.broken if cycle.outcome == "broken" else cycle.ended, UTC)
            yield Counted(
                ticket.id,
                cycle.clause,
                cycle.metric,
                cycle.outcome,
                instant,
                team(instant),
                agent(instant),
                words[cycle.clause],
            )


def _held(ticket: Ticket) -> tuple[Callable[[datetime], int | None], Callable[[datetime], int | None]]:
    """Which team, and whom, the ticket belonged to at an instant."""
    rows = select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)
    steps = [(one.at, one.kind, one.data, one.agent_id) for one in db.session.scalars(rows)]

    def team(instant: datetime) -> int | None:
        handed = [data["after"] for at, kind, data, _ in steps if kind == "ticket.handed" and at <= instant]
        return handed[-1] if handed else None

    def agent(instant: datetime) -> int | None:
        held = None
        for at, kind, data, by in steps:
            if at > instant:
                break
            if kind == "ticket.assigned":
                held = data["after"]
            elif kind == "ticket.handed":
                held = None
            elif kind == "message.sent" and held is None:
                held = by
        return held

    return team, agent
