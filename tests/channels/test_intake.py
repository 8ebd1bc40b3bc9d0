"""Once in, nothing lost, and no mail that stops the next one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import joinedload, undefer

from channels import intake, quarantining, reading
from channels.intake import Arrival
from channels.models import Channel, Inbound
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.people.models import Contact
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.plugins.world import NORA, SERVICE, STRANGER, SUPPORT, World, mail


def ours() -> int:
    """How many messages there are beside the noise."""
    hal = select(Contact.id).where(Contact.name == "Hal Moss")
    return db.session.scalar(select(func.count()).select_from(Message).where(Message.contact_id.not_in(hal))) or 0


def ticket_of(inbound: Inbound) -> Ticket:
    return db.session.get_one(Ticket, inbound.ticket_id)


def message_of(inbound: Inbound) -> Message:
    return db.session.get_one(Message, inbound.message_id)


class TestAccept:
    def test_stores_the_bytes_before_anything_else(self, world: World):
        intake.accept(world.support, [Arrival("INBOX:1:1", b"raw \xff bytes")])
        db.session.rollback()
        inbound = db.session.scalars(select(Inbound)).one()
        assert (inbound.raw, inbound.state, inbound.size) == (b"raw \xff bytes", "waiting", 11)

    def test_the_same_uid_again_stores_nothing(self, world: World):
        for raw in (b"one", b"two"):
            intake.accept(world.support, [Arrival("INBOX:1:1", raw)])
        assert [one.raw for one in db.session.scalars(select(Inbound))] == [b"one"]

    def test_the_same_uid_of_another_mailbox_is_another(self, world: World):
        for channel in (world.support, world.service):
            intake.accept(channel, [Arrival("INBOX:1:1", b"x")])
        assert db.session.scalar(select(func.count()).select_from(Inbound)) == 2

    def test_moves_the_cursor_with_the_mails(self, world: World):
        cursor = {"folder": "INBOX", "uidvalidity": 7, "last_uid": 9}
        intake.accept(world.support, [Arrival("INBOX:7:9", b"x")], cursor=cursor)
        db.session.rollback()
        assert db.session.get_one(Channel, world.support.id).cursor == cursor

    def test_what_was_refused_goes_to_quarantine_with_its_reason(self, world: World):
        intake.accept(world.support, [Arrival("INBOX:1:1", b"Subject: big", refusal="It is too large.", size=10**8)])
        assert intake.process_waiting() == 0
        inbound = db.session.scalars(select(Inbound)).one()
        assert (inbound.state, inbound.reason, inbound.size) == ("quarantined", "It is too large.", 10**8)


class TestOnceIn:
    def test_the_same_mail_again_is_a_duplicate(self, world: World):
        raw = mail()
        first, second = world.arrive(raw, raw)
        assert (first.state, second.state) == ("done", "duplicate")
        assert second.message_id == first.message_id
        assert ours() == 1

    def test_in_two_mailboxes_it_is_one_ticket_that_names_both(self, world: World):
        raw = mail(to=f"{SUPPORT}, {SERVICE}")
        (first,) = world.arrive(raw)
        (second,) = world.arrive(raw, channel=world.service)
        assert second.state == "duplicate"
        assert message_of(first).to["also"] == [SERVICE]
        world.arrive(raw, channel=world.service)
        assert message_of(first).to["also"] == [SERVICE]

    def test_the_same_id_with_other_words_is_kept_and_flagged(self, world: World):
        first, second = world.arrive(mail("One.", message_id="<a@x.example>"), mail("Two.", message_id="<a@x.example>"))
        assert (first.state, second.state) == ("done", "done")
        assert message_of(first).warning == ""
        assert "carries the same id" in message_of(second).warning

    def test_is_flagged_for_each_reason(self, world: World):
        world.arrive(mail("One.", message_id="<a@x.example>"))
        (forged,) = world.arrive(mail("Two.", sender=STRANGER, message_id="<a@x.example>"))
        assert "new to this ticket" in message_of(forged).warning
        assert "carries the same id" in message_of(forged).warning

    def test_without_an_id_the_bytes_are_the_id(self, world: World):
        raw = mail(message_id="")
        first, second, third = world.arrive(raw, raw, mail("Other words.", message_id=""))
        assert [first.state, second.state, third.state] == ["done", "duplicate", "done"]
        assert ours() == 2

    def test_a_rescan_after_a_new_uidvalidity_adds_nothing(self, world: World):
        raws = [mail(f"Mail {n}") for n in range(3)]
        intake.accept(world.support, [Arrival(f"INBOX:1:{n}", raw) for n, raw in enumerate(raws)])
        world.file()
        intake.accept(world.support, [Arrival(f"INBOX:2:{n}", raw) for n, raw in enumerate(raws)])
        world.file()
        assert ours() == 3
        assert db.session.scalar(select(func.count()).where(Inbound.state == "duplicate")) == 3

    def test_nobody_files_while_another_does(self, world: World):
        intake.accept(world.support, [Arrival("a", mail("Warm"))])

        def file() -> None:
            with world.app.app_context():
                intake.process_waiting()

        intake.one_at_a_time()
        other = threading.Thread(target=file, daemon=True)
        other.start()
        other.join(1)
        assert other.is_alive()
        db.session.rollback()
        other.join(30)
        assert db.session.scalars(select(Inbound.state)).all() == ["done"]

    def test_two_workers_at_once_file_each_mail_once(self, world: World):
        raws = [mail(f"Mail {n}") for n in range(12)]
        intake.accept(world.support, [Arrival(f"a{n}", raw) for n, raw in enumerate(raws)])
        intake.accept(world.service, [Arrival(f"b{n}", raw) for n, raw in enumerate(raws)])
        together(world, lambda: intake.process_waiting(limit=3), lambda: intake.process_waiting(limit=3))
        world.fresh()
        states = db.session.execute(select(Inbound.state, func.count()).group_by(Inbound.state)).all()
        assert sorted(states) == [("done", 12), ("duplicate", 12)]
        assert ours() == 12


class TestPoison:
    def test_steps_aside_after_three_tries_and_never_stops_the_next(self, world: World):
        with no_ticket_may_be_called("Poison"):
            before, poison, behind = world.arrive(
                mail(subject="Before"), mail(subject="Poison"), mail(subject="Behind")
            )
        assert (before.state, behind.state) == ("done", "done")
        assert (poison.state, poison.attempts) == ("quarantined", 3)
        assert "could not be filed" in poison.reason
        assert ours() == 2

    def test_leaves_nothing_half_done(self, world: World):
        tables = [Ticket, Message, Attachment, Contact]
        count = lambda: [db.session.scalar(select(func.count()).select_from(table)) for table in tables]  # noqa: E731
        before = count()
        with no_ticket_may_be_called("Poison"):
            world.arrive(mail(subject="Poison", sender="new@elsewhere.example"))
        assert count() == before

    def test_a_later_try_files_it(self, world: World):
        with no_ticket_may_be_called("Poison"):
            (poison,) = world.arrive(mail(subject="Poison"))
        assert quarantining.move(poison.id, "quarantined", "waiting")
        db.session.commit()
        world.file()
        world.fresh()
        assert poison.state == "done"
        assert ticket_of(poison).subject == "Poison"

    def test_a_mail_that_cannot_be_read_waits_with_its_bytes(self, world: World):
        deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(200))
        raw = f"From: {NORA}\nSubject: deep\n".encode() + deep
        bomb, behind = world.arrive(raw, mail())
        assert (bomb.state, behind.state) == ("quarantined", "done")
        assert bomb.reason
        assert bomb.raw == raw


def release(held: Inbound) -> bool:
    """As the page does it: only what still stands there, locked. Whether it did."""
    found = quarantining.hold(held.id, "quarantined", joinedload(Inbound.channel), undefer(Inbound.raw))
    if found is not None:
        intake.release(found)
    db.session.commit()
    return found is not None


class TestRelease:
    def test_files_what_was_suspicious(self, world: World):
        (held,) = world.arrive(mail(sender=f"Us <{SUPPORT}>"))
        assert held.state == "quarantined"
        assert release(held)
        assert (held.state, held.reason) == ("done", "")
        assert ticket_of(held).message_count == 1

    def test_twice_is_one_message(self, world: World):
        (held,) = world.arrive(mail(sender=f"Us <{SUPPORT}>"))
        assert [release(held), release(held)] == [True, False]
        assert ours() == 1

    def test_a_sender_that_cannot_be_read_becomes_nobody_known(self, world: World):
        (held,) = world.arrive(mail().replace(b"From: ", b"X-Was: "))
        assert held.state == "quarantined"
        release(held)
        assert db.session.get_one(Contact, ticket_of(held).contact_id).name == "Unknown sender"


class TestDiscard:
    def test_keeps_the_raw_mail(self, world: World):
        (held,) = world.arrive(mail(sender=f"Us <{SUPPORT}>"))
        intake.discard(held)
        db.session.commit()
        assert held.state == "discarded"
        assert b"Cold room" in held.raw


class TestAttachments:
    def test_each_row_has_its_bytes(self, world: World):
        raw = mail().replace(
            b"Content-Type: text/plain",
            b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nHello\n--b\n'
            b'Content-Type: application/pdf\nContent-Disposition: attachment; filename="plan.pdf"\n\n%PDF-1\n--b--\nX-Rest',
            1,
        )
        (inbound,) = world.arrive(raw)
        file = db.session.scalars(select(Attachment).where(Attachment.message_id == inbound.message_id)).one()
        assert (file.filename, blobs.get(file.sha256)[:6]) == ("plan.pdf", b"%PDF-1")


@pytest.mark.parametrize("kind", ["message", "ticket"])
def test_no_ticket_is_without_a_message(world: World, kind: str):
    """I9, over everything this file's world holds."""
    world.arrive(*[mail(f"{kind} {n}") for n in range(3)])
    empty = select(Ticket.id).outerjoin(Message).group_by(Ticket.id).having(func.count(Message.id) == 0)
    assert db.session.scalars(empty).all() == []
    wrong = select(Ticket.id).join(Message).group_by(Ticket.id).having(func.count(Message.id) != Ticket.message_count)
    assert db.session.scalars(wrong).all() == []


@contextmanager
def no_ticket_may_be_called(subject: str) -> Iterator[None]:
    """A database that refuses one row: what filing a mail meets when anything deep inside it breaks."""
    db.session.commit()
    with db.engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE message ADD CONSTRAINT ck_message_poison CHECK (subject <> '{subject}') NOT VALID")
        )
    try:
        yield
    finally:
        db.session.commit()
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE message DROP CONSTRAINT ck_message_poison"))


def together(world: World, *functions) -> None:
    """Run each function again and again in a thread of its own until it gives 0."""

    def run(function) -> None:
        try:
            while True:
                with world.app.app_context():
                    if not function():
                        return
        except Exception as error:
            wrong.append(error)

    wrong: list[Exception] = []
    db.session.commit()
    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


class TestBatches:
    def test_a_long_queue_begins_with_small_ones(self, world: World):
        intake.accept(world.support, [Arrival(f"INBOX:1:{at}", mail(f"<{at}@q.example>")) for at in range(45)])
        with closing(reading.batches(25)) as batches:
            assert [len(parsed) for parsed in batches] == [10, 20, 15]
        with closing(reading.batches(4)) as batches:
            assert len(next(batches)) == 4
