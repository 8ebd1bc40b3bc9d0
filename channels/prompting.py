"""Prompting: what an adapter may ask of the product while its provider waits for an answer (`channels.doors.House`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from channels import answering, progressing, speaking
from channels.models import Channel
from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address
from helpdesk.plugins import installed


@dataclass(frozen=True, slots=True)
class Ear:
    """The house, as one channel hears for it. It flushes; who asked commits."""

    channel: Channel

    def answered(self, delivery_id: int | None, address: str, words: str, *, how: str, key: str) -> str | None:
        known = delivery_id if delivery_id is not None else answering.last_to(self.channel, address)
        if known is None:
            return None
        said = answering.take(known, key=key, address=address, words=words, how=how, channel_id=self.channel.id)
        return said or ""

    def told(self, delivery_id: int, name: str, word: str, code: str) -> bool:
        return progressing.told(self.channel, delivery_id, name, word, code)

    def asks(self, delivery_id: int) -> str:
        delivery = db.session.get(Delivery, delivery_id)
        ours = delivery is not None and delivery.channel_id == self.channel.id
        return str(delivery.content.get("speech", "")) if delivery is not None and ours else ""

    def language(self, address: str) -> str:
        contact = select(Address.contact_id).where(Address.kind == self.channel.kind, Address.value == address)
        contact_id = db.session.scalars(contact).one_or_none()
        return speaking.language_of(contact_id)

    def on_duty(self, rota: str) -> str:
        return installed().on_duty(rota)
