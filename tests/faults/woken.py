"""What the escalation campaign begins with: promises about to break, and who is rung for each, by mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels.models import Channel
from helpdesk.db import db, reserve
from helpdesk.now import now, travel
from helpdesk.people import agents, contacts
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import Priority
from sla.escalations import policies
from sla.escalations.models import ContactMethod
from sla.escalations.plans import Step, Target
from sla.escalations.policies import Said
from sla.policies.models import Clause, PolicyVersion, SLAPolicy

STEPS = 2
FIRST_DUE = 12
"""Seconds after the scene is set."""
EACH = 0.04
"""Seconds between two breaks: 25 in a second."""
_TARGET = 3600
_BATCH = 50
_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def promise(count: int, channel: Channel) -> None:
    """So many tickets whose hour for an answer ends one after the other; each priority rings two people of its own."""
    _an_hour()
    for priority in Priority:
        _ringing(priority)
    contact = contacts.find_or_create("olive@orchard.example", name="Olive Tran").contact
    db.session.commit()
    spent = count * 0.015  # writing them takes time too
    first = now() + timedelta(seconds=FIRST_DUE + spent - _TARGET)
    for number in range(count):
        if number % _BATCH == 0:
            reserve(ticket=_BATCH, message=_BATCH, event=3 * _BATCH)
        with travel(to=first + timedelta(seconds=number * EACH)):
            words = f"Room {number} is warm."
            incoming = Incoming(
                subject=f"Room {number}",
                text=words,
                reply_text=words,
                author_address="olive@orchard.example",
                author_name="Olive Tran",
                external_id=f"<room-{number}@orchard.example>",
                channel_id=channel.id,
            )
            ticket = conversing.open_ticket(contact, incoming)
            ticket.priority = Priority(number % len(Priority) + min(Priority))
            conversing.receive(ticket, contact, incoming)
            if number % _BATCH == _BATCH - 1 or number == count - 1:
                db.session.commit()


def _an_hour() -> None:
    db.session.add(policy := SLAPolicy(name="Everybody", rank=1, created_at=_LONG_AGO))
    db.session.flush()
    version = PolicyVersion(
        policy_id=policy.id, number=1, valid_from=_LONG_AGO, conditions={"all": []}, created_at=_LONG_AGO
    )
    version.clauses = [
        Clause(position=1, metric="first_response", target_seconds=_TARGET, words="A person answers within the hour.")
    ]
    db.session.add(version)


def _ringing(priority: Priority) -> None:
    first, second = (_reachable(f"{order}-{priority.name.lower()}") for order in ("first", "second"))
    steps = (Step(0, (Target("agent", first.id),)), Step(3, (Target("agent", second.id),)))
    policies.make(Said(priority.name, ("break",), "always", steps, priorities=(int(priority),)))


def _reachable(name: str) -> Agent:
    agent = agents.create(f"{name}@halden.example", name=name.title(), role="agent")
    db.session.flush()
    db.session.add(
        ContactMethod(agent_id=agent.id, kind="email", address=agent.email, verified_at=_LONG_AGO, created_at=_LONG_AGO)
    )
    return agent
