"""How words enter a ticket, and how a reply is taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.events import Event
from helpdesk.outbox import Delivery, State
from helpdesk.people import contacts
from helpdesk.people.models import Address
from helpdesk.tickets import conversing, drafts, following, lifecycle, triage, unsending
from helpdesk.tickets.inputs import Answer, File, NewTicket
from helpdesk.tickets.models import Attachment, Draft, Message, Rank, Status, Ticket
from tests.plugins.world import JONAS, NORA, OLIVE, World


def events_of(ticket: Ticket) -> list[str]:
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def again(world: World, ticket: Ticket, text: str = "And another thing.", **more) -> Message:
    return conversing.receive(ticket, world.olive, world.words(text=text, **more))


class TestReceive:
    def test_the_first_opens_the_ticket(self, world: World):
        ticket = world.ticket()
        assert events_of(ticket) == ["ticket.opened", "message.received"]
        assert (ticket.status, ticket.message_count, ticket.assignee_id) == (Status.OPEN, 1, None)
        assert (ticket.queue_rank, ticket.queue_at) == (Rank.UNPROMISED, ticket.waiting_since)
        assert ticket.organization_id == world.olive.organization_id
        assert ticket.preview == "It shows 9 degrees."

    def test_the_customer_waits_since_the_oldest_unanswered_words(self, world: World, travel):
        ticket = world.ticket()
        since = ticket.waiting_since
        with travel(hours=1):
            again(world, ticket)
        assert ticket.waiting_since == since
        assert ticket.queue_at == since

    def test_words_wake_and_reopen(self, world: World):
        ticket = world.ticket()
        lifecycle.resolve(ticket, by=world.ben)
        again(world, ticket)
        assert ticket.status == Status.OPEN
        lifecycle.snooze(ticket, by=world.ben, until=lifecycle.UNTIL_REPLY)
        again(world, ticket)
        assert not ticket.is_snoozed

    def test_words_end_waiting_for_the_customer(self, world: World):
        ticket = triage.wait_for(world.ticket(), "customer", by=world.ben)
        again(world, ticket)
        assert (ticket.status, ticket.waiting_for) == (Status.OPEN, "")

    @pytest.mark.parametrize("whom", ["part", "someone"])
    def test_words_are_seen_whomever_we_wait_for(self, world: World, whom: str):
        ticket = triage.wait_for(world.ticket(), whom, by=world.ben)
        since = ticket.waiting_since
        again(world, ticket)
        assert (ticket.status, ticket.waiting_for) == (Status.OPEN, "")
        assert ticket.waiting_since == since, "nobody answered their first words"

    def test_somebody_who_sleeps_even_through_replies_sleeps_on(self, world: World):
        ticket = world.ticket()
        lifecycle.snooze(ticket, by=world.ben, until=lifecycle.UNTIL_REPLY, wake_on_reply=False)
        again(world, ticket)
        assert ticket.is_snoozed

    def test_after_done_the_wait_begins_anew(self, world: World, travel):
        ticket = world.ticket()
        lifecycle.resolve(ticket, by=world.ben)
        with travel(days=3):
            message = again(world, ticket)
        assert ticket.waiting_since == message.created_at

    @pytest.mark.parametrize("kind", ["auto_reply", "bounce", "list", "loop"])
    def test_a_machine_is_kept_and_changes_nothing(self, world: World, kind: str):
        ticket = world.ticket()
        world.reply(ticket, resolves=True)
        lifecycle.snooze(ticket, by=world.ben, until=lifecycle.UNTIL_REPLY)
        message = again(world, ticket, kind=kind)
        assert message.from_machine
        assert (ticket.status, ticket.is_snoozed, ticket.waiting_since) == (Status.RESOLVED, True, None)

    @pytest.mark.parametrize(
        ("said", "kept"), [("a\nb\t c", "a b c"), ("", "(no subject)"), ("x" * 400, "x" * 300), ("a\0b", "ab")]
    )
    def test_a_subject_is_one_line_of_300(self, world: World, said: str, kept: str):
        assert world.ticket(said).subject == kept


class TestReply:
    def test_waits_in_the_outbox_for_the_undo_window(self, world: World):
        ticket = world.ticket()
        delivery = world.delivery(world.reply(ticket))
        assert (delivery.state, delivery.purpose, delivery.channel_id) == ("queued", "reply", world.support.id)
        assert (delivery.not_before - delivery.created_at).total_seconds() == world.ben.undo_seconds
        assert [(r.address, r.name, r.role, r.state) for r in delivery.recipients] == [
            (OLIVE, "Olive Tran", "to", "queued")
        ]

    def test_has_its_job_in_the_same_transaction(self, world: World):
        ticket = world.ticket()
        message = conversing.reply(ticket, Answer(body="On our way."), by=world.ben)
        delivery = world.delivery(message)
        assert _jobs(delivery.id) == 1
        delivery_id = delivery.id
        db.session.rollback()
        assert _jobs(delivery_id) == 0

    def test_ends_the_wait_and_takes_the_ticket(self, world: World):
        ticket = world.ticket()
        world.reply(ticket)
        assert (ticket.waiting_since, ticket.assignee_id) == (None, world.ben.id)

    def test_leaves_somebody_elses_ticket_with_them(self, world: World):
        ticket = triage.assign(world.ticket(), to=world.mei, by=world.mei)
        world.reply(ticket)
        assert ticket.assignee_id == world.mei.id

    def test_twice_with_one_client_id_is_one_message(self, world: World):
        ticket = world.ticket()
        assert world.reply(ticket, client_id="abc").id == world.reply(ticket, client_id="abc").id
        assert ticket.message_count == 2
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 1

    def test_a_client_id_of_another_ticket_is_no_answer_here(self, world: World):
        world.reply(world.ticket("One"), client_id="abc")
        with pytest.raises(Conflict):
            world.reply(world.ticket("Two"), client_id="abc")

    @pytest.mark.parametrize("body", ["", "  \n ", "\0"])
    def test_of_nothing_is_refused(self, world: World, body: str):
        with pytest.raises(Invalid, match="Write something"):
            world.reply(world.ticket(), body)

    def test_of_a_book_is_refused(self, world: World):
        with pytest.raises(Invalid, match="too long"):
            world.reply(world.ticket(), "x" * 200_001)

    def test_to_nobody_is_refused(self, world: World):
        ticket = world.ticket()
        db.session.execute(Address.__table__.delete().where(Address.contact_id == world.olive.id))
        with pytest.raises(Invalid, match="no address"):
            world.reply(ticket)

    @pytest.mark.parametrize(
        ("how", "status"), [({"resolves": True}, Status.RESOLVED), ({"waits_for": "customer"}, Status.PENDING)]
    )
    def test_can_say_what_comes_next(self, world: World, how: dict, status: Status):
        ticket = world.ticket()
        world.reply(ticket, **how)
        assert ticket.status == status

    def test_goes_where_the_customer_last_wrote_from(self, world: World):
        other = contacts.find_or_create("olive@home.example", name="Olive Tran")
        stray = other.contact_id
        other.contact_id = world.olive.id
        db.session.flush()
        assert stray != world.olive.id
        ticket = world.ticket()
        again(world, ticket, author_address="olive@home.example")
        assert world.delivery(world.reply(ticket)).recipients[0].address == "olive@home.example"
        again(world, ticket, "Undelivered", author_address="mailer-daemon@home.example", kind="bounce")
        assert world.delivery(world.reply(ticket)).recipients[0].address == "olive@home.example"

    def test_goes_to_those_in_copy_who_were_let_in(self, world: World):
        ticket = world.ticket()
        for address in (JONAS, NORA):
            following.ask(ticket, contacts.find_or_create(address))
        jonas = following.followers(ticket)[0]
        following.decide(ticket, jonas, approve=True, by=world.ben)
        recipients = world.delivery(world.reply(ticket)).recipients
        assert [(r.address, r.role) for r in recipients] == [(OLIVE, "to"), (JONAS, "cc")]

    def test_goes_once_to_the_customer_and_only_to_those_reached_in_the_same_way(self, world: World):
        ticket = world.ticket()
        olive, telephone = contacts.find_or_create(OLIVE), contacts.find_or_create(NORA)
        telephone.kind = "phone"
        for address in (olive, telephone):
            following.ask(ticket, address)
        for follower in following.followers(ticket):
            following.decide(ticket, follower, approve=True, by=world.ben)
        recipients = world.delivery(world.reply(ticket)).recipients
        assert [(r.address, r.role) for r in recipients] == [(OLIVE, "to")]


class TestNote:
    def test_is_for_the_team_alone(self, world: World):
        ticket = world.ticket()
        before = (ticket.last_message_at, ticket.preview, ticket.waiting_since)
        message = conversing.note(ticket, Answer(body="They owe us money."), by=world.ben)
        db.session.commit()
        assert message.is_note
        assert (ticket.last_message_at, ticket.preview, ticket.waiting_since) == before
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0
        assert ticket.message_count == 2

    def test_twice_with_one_client_id_is_one_note(self, world: World):
        ticket = world.ticket()
        notes = {conversing.note(ticket, Answer(body="x", client_id="n"), by=world.ben).id for _ in range(2)}
        assert len(notes) == 1


class TestWriteFirst:
    def new(self, world: World, **more) -> NewTicket:
        values = {"address": NORA, "name": "", "subject": "Yearly check", "body": "May we come?"}
        return NewTicket(**{**values, "channel_id": world.service.id, **more})

    def test_opens_a_ticket_that_waits_for_them(self, world: World):
        ticket = conversing.write_first(self.new(world), by=world.ben)
        db.session.commit()
        assert (ticket.status, ticket.waiting_for, ticket.assignee_id) == (Status.PENDING, "customer", world.ben.id)
        assert (ticket.contact_id, ticket.channel_id) == (world.nora.id, world.service.id)
        delivery = db.session.scalars(select(Delivery)).one()
        assert [(r.address, r.name) for r in delivery.recipients] == [(NORA, "Nora Quinn")]
        assert events_of(ticket) == ["ticket.opened", "message.sent", "ticket.waiting"]

    def test_twice_is_one_ticket(self, world: World):
        first = conversing.write_first(self.new(world, client_id="once"), by=world.ben)
        second = conversing.write_first(self.new(world, client_id="once"), by=world.ben)
        assert first.id == second.id

    def test_without_a_subject_is_refused(self, world: World):
        with pytest.raises(Invalid, match="subject"):
            conversing.write_first(self.new(world, subject="  "), by=world.ben)


class TestUnsend:
    def test_gives_words_and_files_back(self, world: World):
        ticket = world.ticket()
        draft = drafts.take(world.ben, ticket, "reply")
        drafts.attach(draft, File("0" * 64, "plan.pdf", "application/pdf", 9))
        message = conversing.reply(ticket, Answer(body="On our way."), by=world.ben, draft=draft)
        db.session.commit()
        assert [
            file.filename for file in db.session.scalars(select(Attachment).where(Attachment.message_id == message.id))
        ] == ["plan.pdf"]
        back = unsending.unsend(message, world.delivery(message), by=world.ben)
        db.session.commit()
        assert back.body == "On our way."
        files = db.session.scalars(select(Attachment).where(Attachment.draft_id == back.id)).all()
        assert [file.filename for file in files] == ["plan.pdf"]
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0

    def test_puts_the_ticket_back(self, world: World, travel):
        ticket = world.ticket()
        shown = ("waiting_since", "message_count", "preview", "last_message_at", "queue_at", "status", "waiting_for")
        before = {name: getattr(ticket, name) for name in shown}
        for how in ({}, {"resolves": True}, {"waits_for": "customer"}):
            with travel(minutes=5):
                message = world.reply(ticket, "Oops, not this.", **how)
                unsending.unsend(message, world.delivery(message), by=world.ben)
                db.session.commit()
            assert {name: getattr(ticket, name) for name in shown} == before

    def test_keeps_what_was_written_since(self, world: World):
        ticket = world.ticket()
        message = world.reply(ticket, "First words.")
        drafts.save(drafts.take(world.ben, ticket, "reply"), "Second words.")
        back = unsending.unsend(message, world.delivery(message), by=world.ben)
        assert back.body == "First words.\n\nSecond words."

    @pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.FAILED, State.UNCERTAIN])
    def test_is_too_late_once_it_left(self, world: World, state: State):
        message = world.reply(world.ticket())
        delivery = world.delivery(message)
        delivery.state = state
        db.session.flush()
        with pytest.raises(Conflict, match="has left"):
            unsending.unsend(message, delivery, by=world.ben)

    def test_is_too_late_after_a_first_try(self, world: World):
        message = world.reply(world.ticket())
        delivery = world.delivery(message)
        delivery.attempts = 1
        with pytest.raises(Conflict):
            unsending.unsend(message, delivery, by=world.ben)


class TestUnsendOfTheFirstWords:
    def begun(self, world: World) -> tuple[Ticket, Message]:
        new = NewTicket(NORA, "", "Yearly check", "May we come?", world.service.id)
        draft = drafts.take(world.ben, None, "new")
        drafts.attach(draft, File("0" * 64, "plan.pdf", "application/pdf", 9))
        ticket = conversing.write_first(new, by=world.ben, draft=draft)
        db.session.commit()
        return ticket, db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()

    def test_takes_the_ticket_away_and_fills_the_form_again(self, world: World):
        ticket, message = self.begun(world)
        triage.tag(ticket, ["yearly"], by=world.ben)
        back = unsending.unsend(message, world.delivery(message), by=world.ben)
        ticket_id = ticket.id
        db.session.commit()
        assert db.session.get(Ticket, ticket_id) is None
        assert (back.kind, back.ticket_id, back.body) == ("new", None, "May we come?")
        assert back.fields == {
            "to": NORA, "name": "Nora Quinn", "subject": "Yearly check", "channel": str(world.service.id)
        }  # fmt: skip
        files = db.session.scalars(select(Attachment.filename).where(Attachment.draft_id == back.id)).all()
        assert files == ["plan.pdf"]
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0

    def test_keeps_what_the_next_one_was_begun_with(self, world: World):
        _, message = self.begun(world)
        drafts.save(drafts.take(world.ben, None, "new"), "Another one.", to=OLIVE)
        back = unsending.unsend(message, world.delivery(message), by=world.ben)
        assert back.body == "May we come?\n\nAnother one."

    def test_leaves_a_ticket_in_which_somebody_wrote_since(self, world: World):
        ticket, message = self.begun(world)
        conversing.note(ticket, Answer(body="They are closed in May."), by=world.mei)
        back = unsending.unsend(message, world.delivery(message), by=world.ben)
        assert (back.ticket_id, back.kind, ticket.message_count) == (ticket.id, "reply", 1)

    def test_leaves_a_ticket_in_which_somebody_is_writing(self, world: World):
        ticket, message = self.begun(world)
        drafts.save(drafts.take(world.mei, ticket, "note"), "They are clo")
        assert unsending.unsend(message, world.delivery(message), by=world.ben).ticket_id == ticket.id
        assert drafts.find(world.mei, ticket, "note") is not None

    def test_opens_once_a_ticket_that_stayed(self, world: World):
        ticket, message = self.begun(world)
        conversing.note(ticket, Answer(body="Nora is away."), by=world.mei)
        unsending.unsend(message, world.delivery(message), by=world.ben)
        conversing.receive(ticket, world.nora, world.words(author_address=NORA))
        assert events_of(ticket).count("ticket.opened") == 1


class TestDrafts:
    def test_reply_and_note_never_mix(self, world: World):
        ticket = world.ticket()
        drafts.save(drafts.take(world.ben, ticket, "reply"), "Dear Olive")
        drafts.save(drafts.take(world.ben, ticket, "note"), "She owes us money")
        db.session.commit()
        assert {d.kind: d.body for d in drafts.drafts_of(world.ben, ticket)} == {
            "reply": "Dear Olive",
            "note": "She owes us money",
        }

    def test_taken_twice_is_one(self, world: World):
        assert drafts.take(world.ben, None, "new").id == drafts.take(world.ben, None, "new").id

    def test_is_its_agents_own(self, world: World):
        ticket = world.ticket()
        drafts.save(drafts.take(world.ben, ticket, "reply"), "Mine")
        assert drafts.find(world.ada, ticket, "reply") is None

    def test_is_gone_once_sent(self, world: World):
        ticket = world.ticket()
        draft = drafts.take(world.ben, ticket, "reply")
        conversing.reply(ticket, Answer(body="Sent."), by=world.ben, draft=draft)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 0

    def test_sees_who_answered_since_it_was_begun(self, world: World):
        ticket = world.ticket()
        world.reply(ticket, by=world.ada)
        draft = drafts.take(world.ben, ticket, "reply")
        assert not drafts.answered_since(draft)
        world.reply(ticket, "Mine", by=world.ben)
        conversing.note(ticket, Answer(body="A note"), by=world.ada)
        assert not drafts.answered_since(draft)
        late = world.reply(ticket, "Hers", by=world.ada)
        assert list(drafts.answered_since(draft)) == [late]

    def test_holds_twenty_files_and_25_megabytes(self, world: World):
        draft = drafts.take(world.ben, world.ticket(), "reply")
        with pytest.raises(Invalid):
            drafts.attach(draft, File("0" * 64, "huge", "application/zip", 25_000_001))
        for place in range(20):
            drafts.attach(draft, File("0" * 64, f"{place}", "text/plain", 1))
        with pytest.raises(Invalid):
            drafts.attach(draft, File("0" * 64, "21", "text/plain", 1))

    def test_gives_up_only_its_own_files(self, world: World):
        ticket = world.ticket()
        file = drafts.attach(drafts.take(world.ben, ticket, "reply"), File("0" * 64, "a", "text/plain", 1))
        with pytest.raises(NotFound, match="not on a draft"):
            drafts.detach(world.ada, file.key)
        drafts.detach(world.ben, file.key)
        db.session.flush()
        assert db.session.scalar(select(func.count()).select_from(Attachment)) == 0


class TestFollowing:
    def test_asking_twice_is_one_question(self, world: World):
        ticket = world.ticket()
        jonas = contacts.find_or_create(JONAS)
        following.ask(ticket, jonas)
        following.ask(ticket, jonas)
        assert events_of(ticket).count("follower.added") == 1
        assert [one.state for one in following.followers(ticket)] == ["pending"]

    def test_asking_again_changes_no_decision(self, world: World):
        ticket = world.ticket()
        jonas = contacts.find_or_create(JONAS)
        following.ask(ticket, jonas)
        (follower,) = following.followers(ticket)
        following.decide(ticket, follower, approve=False, by=world.ben)
        following.ask(ticket, jonas)
        following.decide(ticket, follower, approve=False, by=world.ben)
        db.session.commit()
        assert follower.state == "declined"
        assert events_of(ticket).count("follower.decided") == 1


def _jobs(delivery_id: int) -> int:
    return db.session.execute(
        text(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'deliver' AND (args->>'delivery_id')::bigint = :id"
        ),
        {"id": delivery_id},
    ).scalar_one()
