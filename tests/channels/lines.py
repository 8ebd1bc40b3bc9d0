"""A telephone number and a Slack workspace of the house, at their providers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from channels import dispatch
from channels.models import Channel
from helpdesk import outbox
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.settings import settings
from tests.channels.planting import planted
from tests.fakes import slack as slacks
from tests.fakes import twilio as twilios
from tests.fakes.slack import Slack
from tests.fakes.twilio import Twilio
from tests.plugins.world import Browser, World

BEN = "+4915112345678"
BEN_IN_SLACK = "U0BEN"
KEY = "hookkeyofthenumber"
HOOK = f"/hooks/phone/{KEY}"
"""Where the provider reaches the number."""


@contextmanager
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Outgoing requests may go to this machine."""
    monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "127.0.0.1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def number(twilio: Twilio, **config: str) -> Channel:
    settled = {"account": twilio.account, "base_url": twilio.url, **config}
    return planted("phone", twilios.NUMBER, settled, {"token": twilio.token}, key=KEY, name="On call", state="new")


def workspace(slack: Slack, **secrets: str) -> Channel:
    settled = {"base_url": slack.url, "incoming": "webhook"}
    kept = {"bot_token": slacks.BOT_TOKEN, "signing_secret": slacks.SIGNING_SECRET, **secrets}
    key = "hookkeyofthispages"
    return planted("slack", "meridian.slack.com", settled, kept, key=key, name="On call", state="new")


def page(how: str, address: str) -> Delivery:
    """A page as `sla.escalations.paging` puts it in the outbox."""
    content = {
        "subject": "#1001 Cold room 2 is warm: a promise is near its end",
        "text": "#1001 Cold room 2 is warm. On it? http://127.0.0.1/on-it/x or answer ACK.",
        "how": how,
        "link": "http://127.0.0.1/on-it/x",
        "speech": "This is the on-call line. Press 1 or 2.",
    }
    kind = {"sms": "phone", "call": "phone"}.get(how, how)
    recipients = [DeliveryRecipient(address=address, name="Ben Osei")]
    delivery = outbox.enqueue(Delivery(purpose="page", kind=kind, content=content, recipients=recipients))
    db.session.commit()
    return delivery


def send(world: World, delivery: Delivery) -> Delivery:
    """Run its job, as the worker would."""
    dispatch.deliver(delivery.id)
    world.fresh()
    return delivery


def send_all(world: World) -> None:
    due = select(Delivery.id).where(Delivery.state == "queued", Delivery.not_before <= now()).order_by(Delivery.id)
    for delivery_id in list(db.session.scalars(due)):
        dispatch.deliver(delivery_id)
    world.fresh()


def tell(world: World, twilio: Twilio, url: str, **form: str) -> TestResponse:
    """The provider calls our address, signed."""
    base = settings().base_url
    path = url.removeprefix(base)
    signature = twilio.sign(base + path, form)
    return Browser(world.app)._open("POST", path, form, {"X_Twilio_Signature": signature})
