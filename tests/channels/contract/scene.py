"""One channel on the bench, with the steps of a story: the provider calls, an agent answers, time passes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from werkzeug.test import TestResponse

from channels import dispatch, fetching
from channels.models import Channel, ChannelLog, Fetch, Inbound
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery
from helpdesk.tickets import conversing, drafts
from helpdesk.tickets.inputs import Answer, File
from helpdesk.tickets.models import Message, Ticket
from tests.channels.contract.bench import Bench, Peer, Said
from tests.plugins.world import Browser, World

FIRST = Said()
TAKEN = {200, 202}


@dataclass
class Scene:
    world: World
    bench: Bench
    peer: Peer
    channel: Channel

    def call(self, raw: bytes, headers: dict[str, str] | None = None, key: str = "") -> TestResponse:
        """The provider calls, genuinely unless `headers` say otherwise; nothing is filed."""
        signed = self.bench.sign(raw) if headers is None else headers
        path = self.bench.door.format(kind=self.bench.kind, key=key or self.channel.hook_key)
        db.session.commit()
        with self.world.app.test_client() as client:
            answer = client.post(path, data=raw, headers=signed, content_type=self.bench.content_type)
        db.session.expire_all()
        return answer

    def hear(self, *raws: bytes) -> None:
        """Genuine calls, filed."""
        for raw in raws:
            assert self.call(raw).status_code in TAKEN
        self.world.file()
        self.world.fresh()

    def say(self, said: Said = FIRST) -> Ticket:
        """A customer writes; the ticket it went to."""
        self.hear(self.bench.message(said))
        return db.session.get_one(Ticket, self.arrived()[-1].ticket_id)

    def arrived(self) -> list[Inbound]:
        rows = select(Inbound).where(Inbound.channel_id == self.channel.id).order_by(Inbound.id)
        return list(db.session.scalars(rows))

    def states(self) -> list[str]:
        return [one.state for one in self.arrived()]

    def log(self) -> list[str]:
        """What happened to the channel, in words."""
        of_channel = select(ChannelLog.sentence).where(ChannelLog.channel_id == self.channel.id)
        return list(db.session.scalars(of_channel.order_by(ChannelLog.id)))

    def messages(self) -> list[Message]:
        of_kind = select(Message).where(Message.channel_kind == self.bench.kind, Message.direction == "in")
        return list(db.session.scalars(of_kind.order_by(Message.id)))

    def answer(self, ticket: Ticket, body: str = "We are on our way.") -> Delivery:
        """Ben answers, and the worker tries once."""
        delivery = self.world.delivery(self.world.reply(ticket, body))
        return self.deliver(delivery)

    def deliver(self, delivery: Delivery) -> Delivery:
        delivery_id = delivery.id
        db.session.commit()
        dispatch.deliver(delivery_id)
        self.world.fresh()
        return delivery

    def seconds_to_wait(self, delivery: Delivery) -> float:
        return (delivery.not_before - now()).total_seconds()

    def browser(self) -> Browser:
        return self.world.browser(self.world.ben)


def staged(world: World, bench: Bench, peer: Peer) -> Scene:
    """A channel of this kind that a customer writes to, and agents whose answers leave at once."""
    world.ben.undo_seconds = 0
    return Scene(world, bench, peer, peer.channel())


def with_files(scene: Scene, ticket: Ticket, body: str, *files: tuple[str, str, bytes]) -> Delivery:
    """Ben's answer with files (name, type, content), not yet tried."""
    draft = drafts.take(scene.world.ben, ticket, "reply")
    for name, kind, content in files:
        drafts.attach(draft, File(blobs.put(content), name, kind, len(content)))
    db.session.flush()
    message = conversing.reply(ticket, Answer(body=body), by=scene.world.ben, draft=draft)
    db.session.commit()
    return scene.world.delivery(message)


def fetch_all(scene: Scene) -> None:
    """The worker fetches each file that came as a name, once."""
    for fetch_id in list(db.session.scalars(select(Fetch.id))):
        db.session.commit()
        fetching.fetch(fetch_id)
    scene.world.fresh()
