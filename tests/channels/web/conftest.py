"""The whole product's web face with the channels in it, and people signed in at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import select, text

from channels.models import Channel
from channels.plugin import plugin
from helpdesk.access import sessions
from helpdesk.app import create_app
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.people.models import Agent, Brand
from helpdesk.settings import settings
from tests.plugins.house import Visitor, people

_TABLES = (
    "inbound, channel_log, channel, seen, thread, ticket, contact, session, one_time_link, throttle, agent, brand, "
    "delivery, procrastinate_jobs"
)
HERE = "/settings/mailboxes"

FORM = {
    "name": "Halden support", "address": "support@halden.example", "incoming": "imap", "sign_in": "password",
    "imap_host": "127.0.0.1", "imap_port": "1", "imap_security": "none", "imap_username": "agent",
    "imap_password": "secret", "imap_folder": "INBOX", "after": "leave", "take_in": "all", "outgoing": "folder",
    "plus_addressing": "on",
}  # fmt: skip
"""A form that can be saved without any server being there."""


@pytest.fixture(scope="session")
def _product(database_url: str) -> Iterator[Flask]:
    app = create_app([plugin], url=database_url)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def product(_product: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """Four people, no mailbox, a key and a folder of this test's own."""
    monkeypatch.setenv("HELPDESK_VAR", str(tmp_path))
    settings.cache_clear()
    with _product.app_context():
        db.session.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
        db.session.add(Brand(name="Halden Mechanical"))
        people()
    yield _product
    settings.cache_clear()
    with _product.app_context():
        db.session.execute(text(f"TRUNCATE {_TABLES} RESTART IDENTITY CASCADE"))
        db.session.commit()


class Clerk(Visitor):
    """A visitor whose forms carry the token of a page every agent may see."""

    def send(self, path: str, form: dict[str, str] | None = None, **headers: str):
        return self.post(path, form, on="/settings/quarantine", **headers)


def signed_in(app: Flask, email: str) -> Clerk:
    """Somebody whose session began without the slow password."""
    known = Clerk(app)
    with app.test_request_context():
        token = sessions.begin(db.session.scalars(select(Agent).where(Agent.email == email)).one(), request)
        db.session.commit()
    known.client.set_cookie(sessions.cookie_name(), token)
    return known


@pytest.fixture
def admin(product: Flask) -> Clerk:
    return signed_in(product, "ada@meridian.example")


@pytest.fixture
def agent(product: Flask) -> Clerk:
    return signed_in(product, "Ben@Meridian.example")


@pytest.fixture
def listening(product: Flask) -> int:
    """The number of a mailbox whose mail is handed to us."""
    with product.app_context():
        brand_id = db.session.query(Brand.id).scalar()
        channel = Channel(
            kind="email", brand_id=brand_id, name="Parts", address="parts@halden.example", state="working",
            config={"incoming": "listener", "outgoing": "folder"}, created_at=now(),
        )  # fmt: skip
        db.session.add(channel)
        db.session.commit()
        return channel.id
