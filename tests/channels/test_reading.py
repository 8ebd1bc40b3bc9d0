"""What waits is read ahead, in batches of a bounded size, and a mail that somebody else took is left alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from channels import intake, reading, registry
from channels.intake import Arrival
from channels.models import Inbound
from helpdesk.db import db
from helpdesk.tickets.models import Message
from tests.plugins.world import World, mail


def accept(world: World, *raws: bytes) -> list[int]:
    intake.accept(world.support, [Arrival(f"INBOX:1:{number}", raw) for number, raw in enumerate(raws)])
    return list(db.session.scalars(select(Inbound.id).where(Inbound.state == "waiting").order_by(Inbound.id)))


class TestBatches:
    def test_hold_every_mail_once_in_its_order(self, world: World):
        ids = accept(world, *[mail(f"Mail {number}") for number in range(7)])
        batches = [list(batch) for batch in reading.batches(3)]
        assert batches == [ids[:3], ids[3:6], ids[6:]]

    def test_hold_what_each_mail_says(self, world: World):
        accept(world, *[mail(f"Mail {number}") for number in range(5)])
        texts = [one.text.strip() for batch in reading.batches(2) for one in batch.values()]
        assert texts == [f"Mail {number}" for number in range(5)]

    def test_are_cut_behind_a_large_mail(self, world: World, monkeypatch):
        monkeypatch.setattr(reading, "_BATCH_BYTES", 20_000)
        large = mail("x" * 70 + "\n" * 30_000)
        accept(world, mail("One"), large, mail("Two"), mail("Three"))
        assert [len(batch) for batch in reading.batches(50)] == [2, 2]

    def test_are_none_when_nothing_waits(self, world: World):
        assert list(reading.batches(50)) == []

    def test_left_early_keep_the_parser_alive(self, world: World):
        accept(world, *[mail(f"Mail {number}") for number in range(6)])
        batches = reading.batches(2)
        next(batches)
        parser = registry.adapter("email")._sandbox.pid
        batches.close()
        world.file()
        assert registry.adapter("email")._sandbox.pid == parser


class TestFilingBehindIt:
    @pytest.mark.parametrize("state", ["discarded", "done", "quarantined"])
    def test_leaves_what_no_longer_waits(self, world: World, state: str):
        first, second = accept(world, mail("One"), mail("Two"))
        (parsed,) = reading.batches(50)
        db.session.execute(update(Inbound).where(Inbound.id == second).values(state=state))
        db.session.commit()
        assert intake._file(parsed) == 1
        world.fresh()
        assert [db.session.get_one(Inbound, key).state for key in (first, second)] == ["done", state]
        assert db.session.scalars(select(Message.id).where(Message.inbound_id == second)).all() == []

    def test_does_nothing_when_all_were_taken(self, world: World):
        accept(world, mail("One"), mail("Two"))
        (parsed,) = reading.batches(50)
        world.file()
        assert intake._file(parsed) == 0
        assert len(db.session.scalars(select(Inbound).where(Inbound.state == "done")).all()) == 2
