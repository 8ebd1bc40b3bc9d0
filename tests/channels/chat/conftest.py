"""A chat on a site, with a visitor's page that speaks to it as the real one does."""

from __future__ import annotations

import base64
import contextvars
import gzip
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from channels import dispatch
from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.tickets.models import Ticket
from tests.channels.contract import chats
from tests.plugins.house import ROOT
from tests.plugins.world import World


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(claims: dict[str, Any], *, secret: str = chats.SECRET, head: dict[str, Any] | None = None) -> str:
    """As a site's own server signs it."""
    first = encoded(json.dumps(head or {"alg": "HS256", "typ": "JWT"}).encode())
    second = encoded(json.dumps(claims).encode())
    mac = hmac.new(secret.encode(), f"{first}.{second}".encode(), hashlib.sha256).digest()
    return f"{first}.{second}.{encoded(mac)}"


def person(email: str = "olive@orchard-dairy.example", name: str = "Olive Tran", **more: Any) -> dict[str, Any]:
    return {"email": email, "name": name, "exp": now().timestamp() + 600, **more}


@dataclass
class Page:
    """A visitor's page: it keeps its token, and every request is one of its own."""

    world: World
    key: str = chats.KEY
    token: str = ""
    address: str = "192.0.2.77"

    def call(self, method: str, path: str, sent: object = None, **more: Any) -> TestResponse:
        db.session.commit()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= more.pop("headers", {})
        here = {"REMOTE_ADDR": self.address}
        client = self.world.app.test_client()
        answer = contextvars.Context().run(
            client.open,
            f"/chat/{self.key}/{path}",
            method=method,
            json=sent,
            headers=headers,
            environ_overrides=here,
            **more,
        )
        answer.get_data()
        answer.close()
        db.session.expire_all()
        return answer

    def tell(self, path: str, **sent: Any) -> TestResponse:
        return self.call("POST", path, {"visit": self.token.partition(".")[0], **sent})

    def say(self, text: str, **more: Any) -> TestResponse:
        answer = self.tell("messages", id=secrets.token_hex(8), text=text, **more)
        if answer.status_code == 202:
            self.token = answer.get_json()["token"]
            self.world.file()
            self.world.fresh()
        return answer

    def shown(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "messages").get_json()["messages"])


@dataclass
class Story:
    """The chat, Olive's page, and Ben who answers."""

    world: World
    channel: Channel
    page: Page

    def ticket(self) -> Ticket:
        return db.session.query(Ticket).filter_by(channel_kind="chat").order_by(Ticket.id.desc()).first()

    def ticket_by(self, ticket_id: int | None) -> Ticket:
        return db.session.get_one(Ticket, ticket_id)

    def answer(self, ticket: Ticket, body: str = "We are on our way.") -> Delivery:
        delivery = self.world.delivery(self.world.reply(ticket, body))
        dispatch.deliver(delivery.id)
        self.world.fresh()
        return delivery


@pytest.fixture
def story(world: World) -> Story:
    return Story(world, chats.connected(), Page(world))


class _Packed:
    """How many bytes something has over the wire."""

    dist = ROOT / "static" / "dist"

    def __call__(self, content: bytes) -> int:
        return len(gzip.compress(content, 9))


@pytest.fixture
def packed_size() -> _Packed:
    return _Packed()
