"""Once out: what becomes of a delivery at every step a real server can take, and when we die in between."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from channels import dispatch, sealing
from channels.dispatch import deliver
from channels.models import Channel, Thread
from helpdesk import blobs, outbox
from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.people import contacts
from helpdesk.tickets import conversing, drafts, following, unsending
from helpdesk.tickets.inputs import Answer, File
from helpdesk.tickets.models import Message
from tests.fakes.smtp_sink import CUT, SmtpSink
from tests.plugins.world import JONAS, NORA, OLIVE, World


@pytest.fixture
def smtp(world: World, smtp_sink: SmtpSink) -> SmtpSink:
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": smtp_sink.host, "port": smtp_sink.port, "security": "none", "auth": "none", "timeout": 5},
    }
    db.session.commit()
    return smtp_sink


@pytest.fixture
def queued(world: World) -> Delivery:
    """A reply of Ben's whose undo window is over."""
    world.ben.undo_seconds = 0
    return world.delivery(world.reply(world.ticket()))


def send(world: World, delivery: Delivery) -> Delivery:
    """Run its job, as the worker would."""
    delivery_id = delivery.id
    db.session.commit()
    deliver(delivery_id)
    world.fresh()
    return delivery


def kinds_of(delivery: Delivery) -> list[str]:
    asked = select(Event.kind).where(Event.ticket_id == delivery.ticket_id, Event.kind.like("delivery.%"))
    return list(db.session.scalars(asked.order_by(Event.id)))


def to_three(world: World) -> Delivery:
    ticket = world.ticket()
    for address in (JONAS, NORA):
        following.ask(ticket, contacts.find_or_create(address))
    for follower in following.followers(ticket):
        following.decide(ticket, follower, approve=True, by=world.ben)
    world.ben.undo_seconds = 0
    return world.delivery(world.reply(ticket))


class TestSent:
    def test_leaves_once_with_the_id_it_was_given(self, world: World, smtp: SmtpSink, queued: Delivery):
        send(world, queued)
        assert (queued.state, queued.attempts, queued.reason) == (State.SENT, 1, "")
        assert [one.state for one in queued.recipients] == ["accepted"]
        assert [one.entry.message_id for one in smtp.mails] == [queued.external_id]
        assert kinds_of(queued) == ["delivery.changed", "delivery.sent"]
        assert db.session.get_one(Message, queued.message_id).external_id == queued.external_id
        assert db.session.get_one(Thread, queued.external_id).ticket_id == queued.ticket_id
        assert world.support.last_success_at is not None

    def test_before_its_time_stays(self, world: World, smtp: SmtpSink, travel):
        delivery = world.delivery(world.reply(world.ticket()))
        send(world, delivery)
        assert (delivery.state, smtp.mails) == (State.QUEUED, [])
        with travel(seconds=world.ben.undo_seconds + 1):
            send(world, delivery)
        assert delivery.state == State.SENT

    def test_again_does_nothing(self, world: World, smtp: SmtpSink, queued: Delivery):
        for _ in range(3):
            send(world, queued)
        assert (queued.attempts, len(smtp.mails)) == (1, 1)

    def test_two_workers_at_once_send_once(self, world: World, smtp: SmtpSink, queued: Delivery):
        started = threading.Barrier(4)

        def work(delivery_id: int) -> None:
            with world.app.app_context():
                started.wait(10)
                deliver(delivery_id)

        db.session.commit()
        threads = [threading.Thread(target=work, args=(queued.id,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        world.fresh()
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)

    def test_holds_no_database_connection_meanwhile(self, world: World, smtp: SmtpSink, queued: Delivery):
        pool, held = db.engine.pool, []
        smtp.verdict = lambda _stage, _detail: held.append(pool.checkedout())  # type: ignore[attr-defined,func-returns-value]
        send(world, queued)
        assert queued.state == State.SENT
        assert set(held) == {0}

    def test_unknown_is_no_work(self, world: World):
        deliver(10**9)


class TestRefused:
    def test_by_one_of_three_shows_who_did_not_get_it(self, world: World, smtp: SmtpSink):
        delivery = to_three(world)
        smtp.refuse({JONAS: "550 5.1.1 Nobody here", NORA: "450 4.2.0 Later"})
        send(world, delivery)
        assert {one.address: one.state for one in delivery.recipients} == {
            OLIVE: "accepted",
            JONAS: "refused",
            NORA: "queued",
        }
        assert delivery.state == State.QUEUED
        assert delivery.sent_at is not None
        smtp.verdict = lambda _stage, _detail: None
        delivery.not_before = now()
        send(world, delivery)
        assert delivery.state == State.FAILED
        assert JONAS in delivery.reason
        assert [mail.entry.rcpt_tos for mail in smtp.mails] == [(OLIVE,), (NORA,)]
        assert len({mail.entry.message_id for mail in smtp.mails}) == 1

    @pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
    def test_for_good_fails_where_the_agent_sees_it(self, world: World, smtp: SmtpSink, queued: Delivery, stage: str):
        smtp.fail_once(stage, "550 5.7.1 Not from you")
        send(world, queued)
        assert queued.state == State.FAILED
        assert queued.reason
        assert kinds_of(queued)[-1] == "delivery.failed"
        send(world, queued)
        assert smtp.mails == []

    def test_an_agent_sends_again_what_failed(self, world: World, smtp: SmtpSink, queued: Delivery, travel):
        smtp.fail_once("RCPT", "550 5.1.1 No")
        send(world, queued)
        with travel(days=3):
            outbox.retry(queued)
            smtp.fail_once("RCPT", "450 4.2.0 Later")
            send(world, queued)
            assert queued.state == State.QUEUED, "its two days begin when the agent asks"
            queued.not_before = now()
            send(world, queued)
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)

    def test_a_bounced_message_sent_again_can_never_be_taken_back(self, world: World, smtp: SmtpSink, queued: Delivery):
        smtp.fail_once("RCPT", "550 5.1.1 No")
        send(world, queued)
        outbox.retry(queued)
        message = db.session.get_one(Message, queued.message_id)
        with pytest.raises(Conflict):
            unsending.unsend(message, queued, by=world.ben)

    def test_a_file_without_bytes_fails_visibly(self, world: World, smtp: SmtpSink):
        ticket = world.ticket()
        world.ben.undo_seconds = 0
        draft = drafts.take(world.ben, ticket, "reply")
        drafts.attach(draft, File("f" * 64, "gone.pdf", "application/pdf", 3))
        message = conversing.reply(ticket, Answer(body="See the file."), by=world.ben, draft=draft)
        delivery = send(world, world.delivery(message))
        assert delivery.state == State.FAILED
        assert "A file of this message is missing" in delivery.reason

    def test_a_note_is_never_written_as_a_mail(self, world: World, smtp: SmtpSink, queued: Delivery):
        db.session.get_one(Message, queued.message_id).direction = "note"
        send(world, queued)
        assert (queued.state, smtp.mails) == (State.FAILED, [])


class TestLater:
    @pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
    def test_a_temporary_refusal_is_tried_again(self, world: World, smtp: SmtpSink, queued: Delivery, stage: str):
        smtp.fail_once(stage, "451 4.3.0 Later")
        send(world, queued)
        assert queued.state == State.QUEUED
        assert 10 < (queued.not_before - now()).total_seconds() <= 30
        assert queued.reason
        queued.not_before = now()
        send(world, queued)
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)

    @pytest.mark.parametrize("stage", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    def test_a_cut_before_the_end_of_the_content_is_tried_again(
        self, world: World, smtp: SmtpSink, queued: Delivery, stage: str
    ):
        smtp.fail_once(stage, CUT)
        send(world, queued)
        assert (queued.state, smtp.cuts) == (State.QUEUED, [stage])
        assert not queued.content.get("resent")

    def test_the_pauses_grow(self, world: World, smtp: SmtpSink, queued: Delivery):
        smtp.verdict = lambda stage, _detail: "451 Later" if stage == "MAIL" else None
        pauses = []
        for _ in range(5):
            queued.not_before = now()
            send(world, queued)
            pauses.append((queued.not_before - now()).total_seconds())
        assert pauses[0] <= 30
        assert pauses[-1] > 30 * 60
        assert pauses == sorted(pauses)

    def test_two_days_are_enough(self, world: World, smtp: SmtpSink, queued: Delivery, travel):
        smtp.verdict = lambda stage, _detail: "451 4.3.0 Later" if stage == "MAIL" else None
        with travel(hours=47):
            send(world, queued)
            assert queued.state == State.QUEUED
        with travel(hours=49):
            send(world, queued)
        assert queued.state == State.FAILED
        assert "two days" in queued.reason
        assert {one.state for one in queued.recipients} == {"refused"}

    def test_a_database_that_goes_away_while_it_is_written(
        self, world: World, smtp: SmtpSink, queued: Delivery, travel
    ):
        """Nothing has left, so nothing is lost and nothing failed for good."""
        with database_cut("FROM attachment"), pytest.raises(OperationalError):
            send(world, queued)
        world.fresh()
        assert (queued.state, smtp.mails) == (State.SENDING, [])
        with travel(minutes=6):
            assert dispatch.reclaim() == 1
            send(world, queued)
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)


class TestUncertain:
    def test_is_sent_once_more_under_the_same_id_then_an_agent_is_asked(
        self, world: World, smtp: SmtpSink, queued: Delivery
    ):
        smtp.fail_once("REPLY", CUT)
        send(world, queued)
        assert queued.state == State.QUEUED
        assert 20 < (queued.not_before - now()).total_seconds() <= 60
        smtp.fail_once("REPLY", CUT)
        queued.not_before = now()
        send(world, queued)
        assert queued.state == State.UNCERTAIN
        assert "may or may not" in queued.reason
        assert kinds_of(queued)[-1] == "delivery.failed"
        assert {mail.entry.message_id for mail in smtp.mails} == {queued.external_id}
        queued.not_before = now()
        send(world, queued)
        assert len(smtp.mails) == 2

    @pytest.mark.parametrize("error", [ValueError("a bug"), OSError("a file"), FileNotFoundError("no file")])
    def test_is_what_broke_in_an_unforeseen_way_after_the_content_left(
        self,
        world: World,
        smtp: SmtpSink,
        queued: Delivery,
        error: Exception,
        monkeypatch: pytest.MonkeyPatch,
    ):
        hang_up = smtplib.SMTP.close

        def close(server: smtplib.SMTP) -> None:
            hang_up(server)
            raise error

        monkeypatch.setattr(smtplib.SMTP, "close", close)
        for state in (State.QUEUED, State.UNCERTAIN):
            queued.not_before = now()
            send(world, queued)
            assert queued.state == state
        assert "may or may not" in queued.reason
        assert {mail.entry.message_id for mail in smtp.mails} == {queued.external_id}

    def test_an_agent_may_send_it_again(self, world: World, smtp: SmtpSink, queued: Delivery):
        queued.state = State.UNCERTAIN
        outbox.retry(queued)
        send(world, queued)
        assert queued.state == State.SENT

    def test_is_not_what_a_kill_before_the_content_leaves_behind(
        self, world: World, smtp: SmtpSink, queued: Delivery, travel
    ):
        queued.state, queued.attempts, queued.claimed_at = State.SENDING, 1, now()
        db.session.commit()
        with travel(minutes=4):
            assert dispatch.reclaim() == 0
        with travel(minutes=6):
            assert dispatch.reclaim() == 1
            send(world, queued)
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)
        assert not queued.content.get("resent")

    def test_after_a_kill_between_claim_and_outcome(self, world: World, smtp: SmtpSink, queued: Delivery, travel):
        queued.state, queued.attempts = State.SENDING, 1
        queued.claimed_at = queued.handed_over_at = now()
        db.session.commit()
        with travel(minutes=9):
            assert dispatch.reclaim() == 0
        with travel(minutes=11):
            assert dispatch.reclaim() == 1
            world.fresh()
            assert queued.state == State.QUEUED
            queued.not_before = now()
            send(world, queued)
        assert (queued.state, len(smtp.mails)) == (State.SENT, 1)
        assert dispatch.reclaim() == 0

    def test_after_a_second_kill_an_agent_is_asked(self, world: World, queued: Delivery, travel):
        for _ in range(2):
            queued.state, queued.handed_over_at = State.SENDING, now()
            db.session.commit()
            with travel(minutes=11):
                dispatch.reclaim()
            world.fresh()
        assert queued.state == State.UNCERTAIN


class TestSignIn:
    def test_refused_marks_the_mailbox_and_waits(self, world: World, queued: Delivery):
        with SmtpSink(users={"support": "right"}) as sink:
            refused(world, sink)
            send(world, queued)
            assert (queued.state, world.support.state) == (State.QUEUED, "needs_sign_in")
            assert world.support.state_text == queued.reason
            assert 600 < (queued.not_before - now()).total_seconds() <= 900
            queued.not_before = now()
            sink.users = {"support": "wrong"}
            send(world, queued)
        assert (queued.state, world.support.state, world.support.state_text) == (State.SENT, "working", "")


class TestPaused:
    def test_mailbox_sends_nothing_until_it_goes_on(self, world: World, smtp: SmtpSink, queued: Delivery):
        world.support.paused_at = now()
        send(world, queued)
        assert (queued.state, queued.reason) == (State.QUEUED, "Its channel is paused.")
        assert smtp.mails == []
        world.support.paused_at = None
        queued.not_before = now()
        send(world, queued)
        assert queued.state == State.SENT

    def test_a_reply_may_still_be_taken_back(self, world: World, queued: Delivery):
        world.support.paused_at = now()
        send(world, queued)
        unsending.unsend(db.session.get_one(Message, queued.message_id), queued, by=world.ben)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0

    def test_without_any_mailbox_it_says_so(self, world: World, queued: Delivery):
        queued.channel_id = None
        for channel in db.session.scalars(select(Channel)):
            channel.paused_at = now()
        send(world, queued)
        assert queued.reason == "No mailbox is connected to send it."


class TestCancelled:
    def test_never_leaves(self, world: World, smtp: SmtpSink, queued: Delivery):
        assert outbox.cancel(queued)
        send(world, queued)
        assert (queued.state, smtp.mails) == (State.CANCELLED, [])

    def test_is_too_late_once_claimed(self, world: World, smtp: SmtpSink, queued: Delivery):
        send(world, queued)
        assert not outbox.cancel(queued)
        assert queued.state == State.SENT

    def test_taken_back_its_job_finds_nothing(self, world: World, smtp: SmtpSink, queued: Delivery):
        delivery_id = queued.id
        unsending.unsend(db.session.get_one(Message, queued.message_id), queued, by=world.ben)
        db.session.commit()
        deliver(delivery_id)
        assert smtp.mails == []


class TestRequeue:
    def test_gives_a_lost_job_back_once(self, world: World, queued: Delivery, travel):
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
        db.session.commit()
        assert dispatch.requeue() == 0
        with travel(seconds=20):
            assert dispatch.requeue() == 1
            assert dispatch.requeue() == 1
        assert db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1

    def test_leaves_what_is_not_due(self, world: World):
        world.reply(world.ticket())
        assert dispatch.requeue() == 0


class TestWrite:
    def test_a_reply_threads_under_theirs(self, world: World, smtp: SmtpSink):
        ticket = world.ticket(external_id="<theirs@orchard-dairy.example>")
        world.ben.undo_seconds = 0
        send(world, world.delivery(world.reply(ticket, "On our way.")))
        conversing.receive(ticket, world.olive, world.words(external_id="<second@orchard-dairy.example>"))
        send(world, world.delivery(world.reply(ticket, "Arrived.")))
        first, second = (message_from_bytes(mail.raw) for mail in smtp.mails)
        assert first["In-Reply-To"] == "<theirs@orchard-dairy.example>"
        assert second["In-Reply-To"] == "<second@orchard-dairy.example>"
        assert second["References"].split() == [
            "<theirs@orchard-dairy.example>",
            first["Message-ID"],
            "<second@orchard-dairy.example>",
        ]
        assert first["Subject"] == "Re: Cold room 2 is warm"
        assert "support+" in first["Reply-To"]
        assert "Ben Osei" in first["From"]
        assert "support@meridian.example" in first["From"]
        assert {part.get_content_type() for part in first.walk()} >= {"text/plain", "text/html"}

    def test_notes_between_leave_no_trace(self, world: World, smtp: SmtpSink):
        ticket = world.ticket()
        conversing.note(ticket, Answer(body="Zanzibar owes us."), by=world.ben)
        world.ben.undo_seconds = 0
        send(world, world.delivery(world.reply(ticket)))
        assert b"Zanzibar" not in smtp.mails[0].raw

    def test_files_leave_with_their_bytes(self, world: World, smtp: SmtpSink):
        ticket = world.ticket()
        world.ben.undo_seconds = 0
        draft = drafts.take(world.ben, ticket, "reply")
        drafts.attach(draft, File(blobs.put(b"%PDF-1.7"), "plan.pdf", "application/pdf", 8))
        send(world, world.delivery(conversing.reply(ticket, Answer(body="See."), by=world.ben, draft=draft)))
        parts = [part for part in message_from_bytes(smtp.mails[0].raw).walk() if part.get_filename()]
        assert [(part.get_filename(), part.get_payload(decode=True)) for part in parts] == [("plan.pdf", b"%PDF-1.7")]

    def test_an_acknowledgement_is_marked_as_automatic(self, world: World, smtp: SmtpSink):
        ticket = world.ticket()
        letter = outbox.enqueue(
            Delivery(
                purpose="acknowledgement",
                channel_id=world.support.id,
                ticket_id=ticket.id,
                content={"subject": "We have it", "text": "Yes.", "in_reply_to": "<theirs@x.example>"},
                recipients=[DeliveryRecipient(address=OLIVE)],
            )
        )
        send(world, letter)
        mail = message_from_bytes(smtp.mails[0].raw)
        assert mail["Auto-Submitted"] == "auto-replied"
        assert smtp.mails[0].entry.mail_from == "<>"

    @pytest.mark.parametrize("subject", ["a\nBcc: evil@x.example", "a\r\nX: y", "=?utf-8?q?a=0ABcc:_e=40x?="])
    def test_nothing_typed_becomes_a_header(self, world: World, smtp: SmtpSink, subject: str):
        ticket = world.ticket()
        ticket.subject = subject
        world.ben.undo_seconds = 0
        delivery = send(world, world.delivery(world.reply(ticket)))
        if delivery.state == State.SENT:
            mail = message_from_bytes(smtp.mails[0].raw)
            assert (mail["Bcc"], mail["X"]) == (None, None)
            assert smtp.mails[0].entry.rcpt_tos == (OLIVE,)
        else:
            assert (delivery.state, smtp.mails) == (State.FAILED, [])


def refused(world: World, sink: SmtpSink) -> None:
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": sink.host, "port": sink.port, "security": "none", "username": "support", "timeout": 5},
    }
    sealing.seal(world.support, {"smtp": "wrong"})
    db.session.commit()


@contextmanager
def database_cut(statement: str) -> Iterator[None]:
    """Kill the database session that first sends `statement`, as a restart of the server would."""
    left = [True]

    def kill(used, _cursor, sent, *_rest):
        if statement in sent and left:
            left.clear()
            victim = used.connection.driver_connection.info.backend_pid
            with db.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": victim})

    event.listen(db.engine, "before_cursor_execute", kill)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", kill)
    assert not left, "nothing was cut"
