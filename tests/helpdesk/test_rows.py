from __future__ import annotations

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from helpdesk.db import db, new_id
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient
from helpdesk.rows import keep
from helpdesk.tickets.models import Message
from tests.plugins.product import queries
from tests.plugins.world import World


def answer(ticket_id: int) -> Message:
    return Message(
        id=new_id("message"),
        ticket_id=ticket_id,
        direction="out",
        author_name="Ben",
        body_text="Yes.",
        created_at=now(),
    )


class TestKeep:
    def test_writes_what_the_session_would_have(self, world: World):
        ticket = world.ticket()
        kept, flushed = answer(ticket.id), answer(ticket.id)
        keep(kept)
        db.session.add(flushed)
        db.session.flush()
        columns = [column for column in Message.__table__.columns if column.name not in {"id", "created_at"}]
        rows = db.session.execute(select(*columns).where(Message.id.in_([kept.id, flushed.id]))).all()
        assert rows[0] == rows[1]

    def test_leaves_nothing_to_ask_or_to_write(self, world: World):
        message = answer(world.ticket().id)
        keep(message)
        with queries() as sent:
            assert (message.kind, message.inbound_id, message.to, message.missing_files) == ("message", None, {}, [])
            db.session.flush()
        assert sent == []

    def test_makes_rows_the_session_goes_on_with(self, world: World):
        message = answer(world.ticket().id)
        keep(message)
        assert db.session.get(Message, message.id) is message
        message.body_text = "No."
        db.session.commit()
        assert db.session.scalar(select(Message.body_text).where(Message.id == message.id)) == "No."

    def test_gives_each_its_own_list(self, world: World):
        ticket = world.ticket()
        first, second = answer(ticket.id), answer(ticket.id)
        keep(first, second)
        assert first.missing_files is not second.missing_files

    def test_keeps_what_belongs_together(self, world: World):
        recipient = DeliveryRecipient(address="olive@meridian.example")
        delivery = Delivery(
            id=new_id("delivery"), purpose="letter", created_at=now(), not_before=now(), recipients=[recipient]
        )
        recipient.id, recipient.delivery_id = new_id("delivery_recipient"), delivery.id
        keep(delivery, recipient)
        assert inspect(recipient).persistent
        db.session.commit()
        assert [one.state for one in delivery.recipients] == ["queued"]

    def test_what_it_names_has_to_be_there(self, world: World):
        with pytest.raises(IntegrityError):
            keep(answer(0))
        db.session.rollback()
