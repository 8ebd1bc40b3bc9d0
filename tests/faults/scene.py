"""What is in the database before a campaign begins: an agent, one mailbox, what waits to leave or to fall due."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field

from flask import Flask
from sqlalchemy import select

from channels import sealing
from channels.models import Channel
from helpdesk.access.passwords import hashed
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.people import agents
from helpdesk.people.models import Agent, Brand
from helpdesk.settings import settings
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import NewTicket
from tests.faults import hooked, promised, reported, woken

SUPPORT = "support@halden.example"
AGENT = "maya@halden.example"
PASSWORD = "narrow river crossing 7"
_VARIABLE = "FAULTS_SCENE"
_BEHIND_A_PROXY = {
    "HELPDESK_WEB_WORKERS": "2",
    "HELPDESK_TRUSTED_PROXIES": "1",
    "HELPDESK_ALLOW_PRIVATE_HOSTS": "127.0.0.1",
}


@dataclass(frozen=True)
class Scene:
    """Ports of the servers the mailbox is connected to; None: mail comes by the listener, leaves into a folder."""

    imap: int | None = None
    smtp: int | None = None
    after: str = "seen"
    replies: int = 0
    copies: int = 0
    """How many recipients in copy every third reply has."""
    promises: int = 0
    """How many are about to break and ring; then there are two workers, each of which may lead, and no listener."""
    falling: int = 0
    """Requests with a promise each that falls due soon and rings nobody."""
    reported: int = 0
    """Mails of reports that fall due, about; then there are two workers, each of which may lead, and no listener."""
    signs_in: bool = True
    """Whether the servers want a password."""
    called: dict[str, str] = field(default_factory=dict)
    """Base URLs of the providers that call channels of their kinds, through a proxy; then there are two web workers."""

    def environment(self) -> dict[str, str]:
        said = {_VARIABLE: json.dumps(asdict(self))}
        if self.called:
            return {**said, **_BEHIND_A_PROXY, "HELPDESK_BASE_URL": settings().base_url}
        return {**said, "HELPDESK_MAIL_PORT": "0"} if self.has_second else said

    @property
    def has_second(self) -> bool:
        """Whether there are two workers."""
        return bool(self.promises or self.reported)


def chosen() -> Scene:
    """What the environment says."""
    return Scene(**json.loads(os.environ[_VARIABLE]))


def load(app: Flask) -> None:
    """Put what the environment says into a new database."""
    scene = chosen()
    with app.app_context():
        if db.session.scalar(select(Agent.id).limit(1)) is None:
            _set(scene)


def _set(scene: Scene) -> None:
    db.session.add(brand := Brand(name="Halden Mechanical"))
    maya = agents.create(AGENT, name="Maya Lindqvist", role="admin")
    maya.password_hash, maya.undo_seconds = hashed(PASSWORD), 0
    db.session.flush()
    channel = Channel(
        kind="email", brand_id=brand.id, name="Halden Support", address=SUPPORT, config=_config(scene), created_at=now()
    )
    db.session.add(channel)
    db.session.flush()
    sealing.seal(channel, {"imap": "secret" if scene.imap else "", "smtp": "secret" if scene.smtp else ""})
    for number in range(scene.replies):
        _reply(scene, maya, channel, number)
    db.session.commit()
    if scene.called:
        hooked.plant(scene.called)
    if scene.promises:
        woken.promise(scene.promises, channel)
    if scene.falling:
        promised.write(scene.falling, maya, channel)
    if scene.reported:
        reported.write(scene.reported, maya, channel)


def _config(scene: Scene) -> dict[str, object]:
    config: dict[str, object] = {"incoming": "listener", "outgoing": "folder"}
    here = {"host": "127.0.0.1", "security": "none"}
    if scene.imap:
        config |= {
            "incoming": "imap",
            "imap": {**here, "port": scene.imap, "username": "agent", "after": scene.after, "timeout": 10},
        }
    if scene.smtp:
        quick = {"timeout": 3, "reply_timeout": 3, "auth": "none"}
        if scene.signs_in:
            quick |= {"auth": "password", "username": "agent"}
        config |= {"outgoing": "smtp", "smtp": {**here, **quick, "port": scene.smtp}}
    return config


def _reply(scene: Scene, maya: Agent, channel: Channel, number: int) -> None:
    new = NewTicket(f"c{number}@customer.example", f"C {number}", f"Reply {number}", f"Words of {number}.", channel.id)
    ticket = conversing.write_first(new, by=maya)
    delivery = db.session.scalars(select(Delivery).where(Delivery.ticket_id == ticket.id)).one()
    if number % 3 == 0:
        delivery.recipients.extend(
            DeliveryRecipient(address=f"c{number}-{copy}@copy.example", role="cc") for copy in range(scene.copies)
        )
