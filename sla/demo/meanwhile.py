"""What happens by itself between two steps of a ticket of the story: its milestones, and the sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from helpdesk.db import db, settle
from helpdesk.demo.times import Shift
from helpdesk.now import travel
from helpdesk.people.models import Agent
from helpdesk.plugins import Meanwhile
from helpdesk.tickets.models import Ticket
from sla.commitments import milestones, tracking
from sla.commitments.models import Commitment
from sla.demo.told import Milestone
from sla.entitlements import naming

_LATER = timedelta(seconds=1)
"""How long after a promise warns or breaks the sweep finds it."""


def passing(said: Sequence[Milestone], moved: Shift) -> Meanwhile:
    """Time passes on a ticket as on one that the product keeps: everything is judged when it turns, and once more at
    the end of the stretch.
    """
    people = {agent.email.partition("@")[0]: agent for agent in db.session.scalars(select(Agent))}
    waiting: dict[int, list[Milestone]] = {}
    for one in sorted(said, key=lambda one: one.at):
        waiting.setdefault(one.ticket, []).append(one)

    def passes(ticket: Ticket, until: datetime) -> None:
        ahead = waiting.get(ticket.number, [])
        while ahead and (at := moved.moment(ahead[0].at)) <= until:
            _sweep(ticket, at)
            with travel(to=at):
                one = ahead.pop(0)
                _SAYS[one.says](ticket, one, people[one.who])
                settle()
        _sweep(ticket, until)

    return passes


def _sweep(ticket: Ticket, until: datetime) -> None:
    """Judge the ticket whenever a promise of it warns or breaks, as the sweep would have."""
    if ticket.next_due_at is None:  # nothing runs on it
        return
    fires = select(func.min(Commitment.fires_at)).where(Commitment.ticket_id == ticket.id)
    while (at := db.session.scalar(fires)) is not None and at < until:
        _judge(ticket, min(at + _LATER, until))
    if ticket.next_due_turns_at is not None and ticket.next_due_turns_at <= until:
        _judge(ticket, until)


def _judge(ticket: Ticket, at: datetime) -> None:
    with travel(to=at):
        tracking.settle([ticket.id])
        settle()


def _confirm(ticket: Ticket, one: Milestone, agent: Agent) -> None:
    naming.confirm(ticket, one.serial, by=agent)


_SAYS: dict[str, Callable[[Ticket, Milestone, Agent], object]] = {
    "dispatched": lambda ticket, _, agent: milestones.dispatch(ticket, by=agent),
    "restored": lambda ticket, _, agent: milestones.restore(ticket, by=agent),
    "planned": lambda ticket, _, agent: milestones.plan(ticket, by=agent),
    "unit": _confirm,
}
