"""The cast: a small named firm with its customers, and other people's tickets that are always there.

Everything commits, as in the product. The cast is written once; before each test one
statement puts the database back to it, so tests may use threads, browsers and workers.
"""

from __future__ import annotations

import contextvars
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from channels import intake
from channels.intake import Arrival
from channels.models import Channel, Inbound
from helpdesk import migrating
from helpdesk.access import sessions
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery
from helpdesk.people import contacts, organizations
from helpdesk.people.models import Agent, Brand, Contact
from helpdesk.settings import settings
from helpdesk.tickets import conversing, lifecycle, triage
from helpdesk.tickets.inputs import Answer, Incoming
from helpdesk.tickets.models import Message, Ticket
from tests.plugins.house import Visitor

SUPPORT = "support@meridian.example"
SERVICE = "service@meridian.example"
OLIVE = "olive@orchard-dairy.example"
JONAS = "jonas@orchard-dairy.example"
NORA = "nora@stbrigid.example"
STRANGER = "mallory@elsewhere.example"


@dataclass
class World:
    """Who is there. Rows belong to the session of the test; `fresh()` reads them again."""

    app: Flask
    ada: Agent
    ben: Agent
    mei: Agent
    support: Channel
    service: Channel
    olive: Contact
    jonas: Contact
    nora: Contact

    def fresh(self) -> None:
        """Commit, and see what others committed."""
        db.session.commit()
        db.session.expire_all()

    def words(self, subject: str = "Cold room 2 is warm", text: str = "It shows 9 degrees.", **more: Any) -> Incoming:
        values = {
            "reply_text": text,
            "channel_id": self.support.id,
            "author_address": OLIVE,
            "author_name": "Olive Tran",
            "external_id": f"<{secrets.token_hex(6)}@orchard-dairy.example>",
        }
        return Incoming(subject=subject, text=text, **{**values, **more})

    def ticket(self, subject: str = "Cold room 2 is warm", *, by: Contact | None = None, **more: Any) -> Ticket:
        """A ticket with one message of Olive's, committed."""
        contact = by or self.olive
        incoming = self.words(subject, **more)
        ticket = conversing.open_ticket(contact, incoming)
        conversing.receive(ticket, contact, incoming)
        db.session.commit()
        return ticket

    def reply(
        self, ticket: Ticket, body: str = "We are on our way.", *, by: Agent | None = None, **how: Any
    ) -> Message:
        message = conversing.reply(ticket, Answer(body=body, **how), by=by or self.ben)
        db.session.commit()
        return message

    def delivery(self, message: Message) -> Delivery:
        return db.session.scalars(select(Delivery).where(Delivery.message_id == message.id)).one()

    def arrive(self, *raws: bytes, channel: Channel | None = None, recipient: str = "", **keys: str) -> list[Inbound]:
        """Take mails in as a listener does, file everything that waits, and give back their rows."""
        at = channel or self.support
        arrivals = [Arrival(keys.get("external_id") or f"smtp:{secrets.token_hex(8)}", raw, recipient) for raw in raws]
        intake.accept(at, arrivals)
        self.file()
        names = [arrival.external_id for arrival in arrivals]
        rows = db.session.scalars(
            select(Inbound).where(Inbound.channel_id == at.id, Inbound.external_id.in_(names)).order_by(Inbound.id)
        ).all()
        return list(rows)

    def file(self) -> None:
        while intake.process_waiting():
            pass

    def browser(self, agent: Agent) -> Browser:
        """Somebody signed in."""
        return signed_in(self.app, agent)


class Browser(Visitor):
    """A browser beside the test: its requests run in contexts of their own, and rows of the test are read again."""

    def __init__(self, app: Flask, token: str = "", *, address: str = "192.0.2.30") -> None:
        super().__init__(app, address=address)
        self._form_token = ""
        if token:
            self.client.set_cookie(sessions.cookie_name(), token)

    def post(
        self, path: str, form: dict[str, Any] | None = None, *, on: str = "/tickets/new", **headers: str
    ) -> TestResponse:
        return self._open("POST", path, {"csrf_token": self._token(on), **(form or {})}, headers)

    def json(self, method: str, path: str, sent: object = None) -> TestResponse:
        """What a program sends, with the token of a page in its header."""
        headers = {"X-CSRF-Token": self._token("/tickets/new"), "Accept": "application/json"}
        here = {"REMOTE_ADDR": self.address}
        db.session.commit()
        response: TestResponse = contextvars.Context().run(
            self.client.open, path, method=method, json=sent, headers=headers, environ_overrides=here
        )
        db.session.expire_all()
        return response

    def hx(self, path: str, form: dict[str, Any] | None = None) -> TestResponse:
        """The same form, sent by the page's script."""
        return self.post(path, form, HX_Request="true")

    def _token(self, on: str) -> str:
        if not self._form_token:
            self._form_token = re.findall(r'name="csrf_token" value="([^"]+)"', self.get(on).text)[0]
        return self._form_token

    def _open(self, method: str, path: str, form: dict[str, Any], headers: dict[str, str]) -> TestResponse:
        db.session.commit()
        response = contextvars.Context().run(super()._open, method, path, form, headers)
        if response.mimetype != "text/event-stream":
            response.get_data()
            response.close()
        db.session.expire_all()
        return response


def signed_in(app: Flask, agent: Agent) -> Browser:
    """The browser of somebody who signed in."""
    token = secrets.token_urlsafe(32)
    at = now()
    db.session.add(
        Session(
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            agent_id=agent.id,
            created_at=at,
            seen_at=at,
            expires_at=at + sessions.LASTS,
        )
    )
    db.session.commit()
    return Browser(app, token)


def mail(
    text: str = "It shows 9 degrees.",
    *,
    sender: str = f"Olive Tran <{OLIVE}>",
    to: str = SUPPORT,
    subject: str = "Cold room 2 is warm",
    message_id: str | None = None,
    **headers: str,
) -> bytes:
    """A raw mail; further headers by name with underscores for hyphens."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    if message_id != "":
        message["Message-ID"] = message_id or f"<{secrets.token_hex(8)}@mail.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@pytest.fixture(scope="session")
def _cast(product: Flask) -> str:
    """The statement that puts the database back to the cast."""
    with product.app_context():
        tables = [table.name for table in migrating.metadata().sorted_tables]
        names = [*tables, "procrastinate_jobs"]
        db.session.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
        _people()
        _noise()
        db.session.execute(text("CREATE SCHEMA cast_of_tests"))
        kept = []
        for name in tables:
            if db.session.scalar(text(f"SELECT count(*) FROM {name}")):
                db.session.execute(text(f"CREATE TABLE cast_of_tests.{name} AS TABLE {name}"))
                kept.append(name)
        sequences = db.session.execute(
            text("SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'")
        ).all()
        db.session.commit()
    return ";\n".join(
        [
            "SET session_replication_role = replica",
            *(f"DELETE FROM {name}" for name in [*names, "procrastinate_events", "procrastinate_periodic_defers"]),
            *(f"INSERT INTO {name} SELECT * FROM cast_of_tests.{name}" for name in kept),
            *(f"SELECT setval('{name}', {max(last, 1)}, {'true' if last else 'false'})" for name, last in sequences),
            "SET session_replication_role = DEFAULT",
        ]
    )


@pytest.fixture
def world(product: Flask, _cast: str, _var: Path) -> Iterator[World]:
    """The cast, alone with the noise, inside an app context."""
    with product.app_context():
        with db.engine.begin() as connection:
            connection.exec_driver_sql(_cast)
        people = {one.email.partition("@")[0]: one for one in db.session.scalars(select(Agent))}
        channels = {one.address: one for one in db.session.scalars(select(Channel))}
        known = {one.name.split()[0].lower(): one for one in db.session.scalars(select(Contact))}
        yield World(
            product,
            people["ada"],
            people["ben"],
            people["mei"],
            channels[SUPPORT],
            channels[SERVICE],
            known["olive"],
            known["jonas"],
            known["nora"],
        )
        db.session.rollback()


@pytest.fixture
def _var() -> Path:
    """The run's data folder; a test before may have looked elsewhere."""
    settings.cache_clear()
    settings().var.mkdir(exist_ok=True)
    return settings().var


@pytest.fixture
def ben_at_work(world: World) -> Browser:
    return world.browser(world.ben)


def _people() -> None:
    brand = Brand(name="Meridian Cooling")
    db.session.add(brand)
    db.session.flush()
    for email, name, role in (
        ("ada", "Ada Berg", "admin"),
        ("ben", "Ben Osei", "agent"),
        ("mei", "Mei Tanaka", "manager"),
    ):
        db.session.add(
            Agent(email=f"{email}@meridian.example", name=name, role=role, created_at=now(), undo_seconds=10)
        )
    for address, name in ((SUPPORT, "Meridian Cooling"), (SERVICE, "Meridian Service")):
        db.session.add(
            Channel(
                kind="email",
                brand_id=brand.id,
                name=name,
                address=address,
                config={"incoming": "listener", "outgoing": "folder"},
                created_at=now(),
            )
        )
    organizations.create("Orchard Dairy", domains=["orchard-dairy.example"])
    organizations.create("St. Brigid Hospital", domains=["stbrigid.example"])
    for address, name in ((OLIVE, "Olive Tran"), (JONAS, "Jonas Weber"), (NORA, "Nora Quinn")):
        contacts.find_or_create(address, name=name)
    db.session.commit()


def _noise() -> None:
    """Harbor Bakery's tickets, in every state: no test may find them by accident."""
    organizations.create("Harbor Bakery", domains=["harbor.example"])
    owner = contacts.find_or_create("hal@harbor.example", name="Hal Moss").contact
    mei = db.session.scalars(select(Agent).where(Agent.role == "manager")).one()
    verbs: list[Callable[[Ticket], object]] = [
        lambda _: None,
        lambda ticket: lifecycle.resolve(ticket, by=mei),
        lambda ticket: lifecycle.snooze(ticket, by=mei, until=now() + timedelta(days=300)),
        lambda ticket: lifecycle.mark_spam(ticket, by=mei),
        lambda ticket: triage.wait_for(ticket, "part", by=mei),
        lambda ticket: triage.assign(ticket, to=mei, by=mei),
    ]
    for place, verb in enumerate(verbs):
        with travel(hours=-place - 1):
            words = Incoming(
                subject=f"Proofer {place} drips",
                text="Water on the floor again.",
                reply_text="Water on the floor again.",
                author_address="hal@harbor.example",
                author_name="Hal Moss",
                external_id=f"<noise-{place}@harbor.example>",
            )
            ticket = conversing.open_ticket(owner, words)
            conversing.receive(ticket, owner, words)
            verb(ticket)
    db.session.commit()
