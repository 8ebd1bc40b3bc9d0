"""Reports that are mailed while things are killed: some from instants days ago on, all of them again in a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from channels.models import Channel
from helpdesk import jobs
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.people import agents, contacts
from helpdesk.people.models import Agent
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Incoming
from sla.saved import due, keeping, scheduling, sending
from sla.saved.models import ReportSending
from sla.saved.plans import Plan

EACH = 5
"""Mails of a report, on average: three people, and of every third report two days more that nothing ran on."""
LEAD = 8
"""Seconds from the loading to the first instant, in which the product starts."""
SPAN = 8
"""Seconds from the first instant to the last."""
_PEOPLE = 7
_HELD = 400
"""So many reports are one manager's: nobody may have more than 500."""
_A_DAY = timedelta(days=1)
_REQUESTS = (30, 45, 20)
"""How many there were yesterday and on the days before: the rows of a mail tell which day it is of."""


def write(count: int, maya: Agent, channel: Channel) -> None:
    """So many mails are due, about. Commits as it goes."""
    _requests(channel)
    people = [_person(f"person-{number}") for number in range(_PEOPLE)]
    managers = [maya, *(_person(f"manager-{number}", maya.role) for number in range(count // EACH // _HELD))]
    db.session.commit()
    first = now() + timedelta(seconds=LEAD)
    for number in range(count // EACH):
        due = first + timedelta(seconds=SPAN * number * EACH / count)
        mine = tuple(people[(number + place) % _PEOPLE].id for place in range(3))
        with travel(to=due - (2.5 if number % 3 == 0 else 0.5) * _A_DAY):
            _mailed(f"Requests {number}", _at(due), mine, "csv" if number % 2 else "xlsx", managers[number // _HELD])
    db.session.commit()


def fall_due_twice() -> None:
    """Do what a leader does, and have each mail that waits begun once more, as a queue does that says a thing twice."""
    sending.tick()
    for waiting in db.session.scalars(select(ReportSending.id).where(ReportSending.state == "waiting")):
        jobs.defer(due.JOB, sending_id=waiting)
    db.session.commit()


def _mailed(name: str, at: int, people: tuple[int, ...], kind: str, manager: Agent) -> None:
    report = keeping.save(manager, name=name, table="promise-tickets", query="what=requests", is_shared=True)
    plan = Plan(cadence="daily", at=at, zone="UTC", language="en", agent_ids=people, format=kind)
    scheduling.make(report, plan, by=manager)


def _at(instant: datetime) -> int:
    """Whole seconds after midnight, not before the instant."""
    return (instant.astimezone(UTC).hour * 60 + instant.minute) * 60 + instant.second + 1


def _person(name: str, role: str = "agent") -> Agent:
    agent = agents.create(f"{name}@halden.example", name=name.replace("-", " ").capitalize(), role=role)
    db.session.flush()
    return agent


def _requests(channel: Channel) -> None:
    noon = now().replace(hour=12, minute=0)
    contact = contacts.find_or_create("olive@orchard.example", name="Olive Tran").contact
    for ago, many in enumerate(_REQUESTS, 1):
        with travel(to=noon - ago * _A_DAY):
            for number in range(many):
                name = f"room-{ago}-{number}"
                incoming = Incoming(
                    subject=f"Room {number}",
                    text="It is warm.",
                    reply_text="It is warm.",
                    author_address="olive@orchard.example",
                    external_id=f"<{name}@orchard.example>",
                    channel_id=channel.id,
                )
                conversing.receive(conversing.open_ticket(contact, incoming), contact, incoming)
            db.session.commit()
