"""Tickets with a past of a dozen events: some lived through by the product's own verbs, the rest their copies."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable
from datetime import timedelta

import psycopg
from sqlalchemy import func, select

from bench import agreements
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.people import contacts
from helpdesk.people.models import Agent, Contact
from helpdesk.tickets import conversing, lifecycle, triage
from helpdesk.tickets.inputs import Answer, Incoming
from helpdesk.tickets.models import Priority, Ticket
from sla.commitments import sweep
from sla.commitments.telling import READ

EVENTS = 12
_APART = 100_000
"""Between the ids of one copy and those of the next."""
_COPIED = {
    "ticket": {"id": "{next} + o.id", "number": "{next} + o.number"},
    "entitlement": {"id": "{next} + o.id", "ticket_id": "{next} + o.ticket_id"},
    "event": {
        "id": "{next} + o.id",
        "ticket_id": "{next} + o.ticket_id",
        "data": "CASE WHEN o.data ? 'entitlement' THEN jsonb_set(o.data, '{{entitlement}}',"
        " to_jsonb({next} + (o.data ->> 'entitlement')::bigint)) ELSE o.data END",
    },
    "commitment": {
        "id": "{next} + o.id",
        "ticket_id": "{next} + o.ticket_id",
        "entitlement_id": "{next} + o.entitlement_id",
    },
}


def live(tickets: int, *, seed: int) -> None:
    """Live through `tickets` random histories of 12 events that clocks read, each change in its own transaction."""
    chance = random.Random(seed)
    agreements.policy("Default", agreements.calendar())
    agent = db.session.get_one(Agent, 1)
    contact = contacts.find_or_create("olive@orchard.example", name="Olive").contact
    db.session.commit()
    for _ in range(tickets):
        _one(chance, contact, agent)
    sweep.tick()


def multiply(connection: psycopg.Connection[tuple[object, ...]], copies: int) -> None:
    """Copy every ticket with its events, decisions and promises `copies` times."""
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for table, changed in _COPIED.items():
        rows = connection.execute("SELECT * FROM " + table + " LIMIT 0").description or []  # type: ignore[arg-type]
        columns = [f'"{column.name}"' for column in rows]
        values = [changed.get(column.name, f'o."{column.name}"') for column in rows]
        chosen = ", ".join(values).format(next=f"n * {_APART}::bigint")
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE"  # type: ignore[arg-type]
            f" SELECT {chosen} FROM {table} o CROSS JOIN generate_series(1, {copies}) n WHERE o.id < {_APART}"
        )
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.autocommit = False


def _one(chance: random.Random, contact: Contact, agent: Agent) -> None:
    at = now() - timedelta(days=200, seconds=chance.randrange(30 * 86_400))
    with travel(to=at):
        words = _words()
        ticket = conversing.open_ticket(contact, words)
        conversing.receive(ticket, contact, words)
        db.session.commit()
    while _told(ticket) < EVENTS:
        at += timedelta(seconds=chance.randrange(60, 30 * 3600))
        with travel(to=at):
            sweep.tick()
            chance.choice(_VERBS)(ticket, contact, agent)
            db.session.commit()


def _words() -> Incoming:
    return Incoming(
        subject="Cold room 2 is warm",
        text="It shows 9 degrees.",
        reply_text="It shows 9 degrees.",
        channel_id=1,
        author_address="olive@orchard.example",
        author_name="Olive",
        external_id=f"<{secrets.token_hex(8)}@orchard.example>",
    )


def _told(ticket: Ticket) -> int:
    mine = select(func.count()).select_from(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(READ))
    return db.session.scalar(mine) or 0


def _writes(ticket: Ticket, contact: Contact, _: Agent) -> None:
    conversing.receive(ticket, contact, _words())


def _answers(ticket: Ticket, _: Contact, agent: Agent) -> None:
    conversing.reply(ticket, Answer(body="We are on our way."), by=agent)


def _asks(ticket: Ticket, _: Contact, agent: Agent) -> None:
    conversing.reply(ticket, Answer(body="Which unit is it?", waits_for="customer"), by=agent)


def _hurries(ticket: Ticket, _: Contact, agent: Agent) -> None:
    urgent = ticket.priority == Priority.URGENT
    triage.prioritise(ticket, Priority.NORMAL if urgent else Priority.URGENT, by=agent)


def _ends(ticket: Ticket, _: Contact, agent: Agent) -> None:
    lifecycle.resolve(ticket, by=agent)


_VERBS: tuple[Callable[[Ticket, Contact, Agent], None], ...] = (_writes, _answers, _asks, _hurries, _ends)
