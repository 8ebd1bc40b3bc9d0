"""Two tickets become one, and two again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from channels import writing
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address
from helpdesk.tickets import conversing, drafts, following, lifecycle, merging, splitting, triage
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Draft, Follower, Message, Priority, Status, Ticket, TicketSearch
from tests.plugins.world import JONAS, NORA, World, mail


def bodies(ticket: Ticket) -> list[str]:
    rows = select(Message.body_text).where(Message.ticket_id == ticket.id).order_by(Message.id)
    return list(db.session.scalars(rows))


def followed(ticket: Ticket) -> dict[str, str]:
    rows = select(Address.value, Follower.state).join(Follower, Follower.address_id == Address.id)
    return dict(db.session.execute(rows.where(Follower.ticket_id == ticket.id)).all())


def events_of(ticket: Ticket) -> list[str]:
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def near(one: datetime | None, other: datetime) -> bool:
    """A message's row and its event are written a moment apart."""
    return one is not None and abs(one - other) < timedelta(seconds=1)


@pytest.fixture
def pair(world: World) -> tuple[Ticket, Ticket]:
    """The same trouble told twice: first the one that stays, then its double."""
    with travel(hours=-2):
        kept = world.ticket(text="It shows 9 degrees.")
    with travel(hours=-1):
        double = world.ticket("Still warm", text="Did you get my mail?")
    return kept, double


def merge(source: Ticket, into: Ticket, world: World) -> Event:
    done = merging.merge(source, into=into, by=world.ben)
    world.fresh()
    return done


def part(source: Ticket, target: Ticket, world: World) -> None:
    merging.part(source, target=target, by=world.ben)
    world.fresh()


class TestMerge:
    def test_brings_the_words_together_in_their_order(self, world: World, pair):
        kept, double = pair
        world.reply(kept, "Yes, Ben comes at nine.", by=world.ben)
        db.session.scalars(select(Delivery).where(Delivery.ticket_id == kept.id)).one().attempts = 1
        merge(double, kept, world)
        assert bodies(kept) == ["It shows 9 degrees.", "Did you get my mail?", "Yes, Ben comes at nine."]
        assert bodies(double) == []
        assert (kept.message_count, double.message_count) == (3, 0)

    def test_closes_the_one_and_leads_to_the_other(self, world: World, pair):
        kept, double = pair
        merge(double, kept, world)
        assert (double.merged_into_id, double.status, double.is_active) == (kept.id, Status.CLOSED, False)
        assert double.next_due_at is None
        assert events_of(double)[-1] == "ticket.merged"
        assert events_of(kept)[-1] == "ticket.absorbed"

    def test_what_waits_longest_waits_on(self, world: World, pair):
        kept, double = pair
        since = kept.waiting_since
        merge(double, kept, world)
        assert kept.waiting_since == since

    def test_unanswered_words_open_a_ticket_that_waits_for_the_customer(self, world: World, pair):
        kept, double = pair
        triage.wait_for(kept, "customer", by=world.ben)
        kept.waiting_since = None
        merge(double, kept, world)
        assert kept.status == Status.OPEN
        assert near(kept.waiting_since, double.created_at)

    def test_answered_words_do_not(self, world: World, pair):
        kept, double = pair
        triage.wait_for(kept, "customer", by=world.ben)
        lifecycle.resolve(double, by=world.ben)
        merge(double, kept, world)
        assert kept.status == Status.PENDING

    def test_finds_the_words_under_the_other_ticket(self, world: World, pair):
        kept, double = pair
        merge(double, kept, world)
        words = TicketSearch.words.bool_op("@@")(db.func.to_tsquery("simple", "degrees & mail"))
        assert list(db.session.scalars(select(TicketSearch.ticket_id).where(words))) == [kept.id]

    def test_people_in_copy_come_along_as_they_were(self, world: World, pair):
        kept, double = pair
        address = db.session.scalars(select(Address).where(Address.value == JONAS)).one()
        following.ask(double, address)
        follower = db.session.scalars(select(Follower).where(Follower.ticket_id == double.id)).one()
        following.decide(double, follower, approve=True, by=world.ben)
        merge(double, kept, world)
        assert followed(kept) == {JONAS: "approved"}

    def test_another_customer_and_their_people_ask_anew(self, world: World):
        kept = world.ticket()
        theirs = world.ticket("Ward 3", by=world.nora, author_address=NORA, author_name="Nora Quinn")
        address = db.session.scalars(select(Address).where(Address.value == JONAS)).one()
        following.ask(theirs, address)
        follower = db.session.scalars(select(Follower).where(Follower.ticket_id == theirs.id)).one()
        following.decide(theirs, follower, approve=True, by=world.ben)
        merge(theirs, kept, world)
        assert followed(kept) == {JONAS: "pending", NORA: "pending"}

    def test_unsent_words_are_kept_behind_those_begun_there(self, world: World, pair):
        kept, double = pair
        drafts.save(drafts.take(world.ben, kept, "reply"), "First")
        drafts.save(drafts.take(world.ben, double, "reply"), "second")
        drafts.save(drafts.take(world.mei, double, "note"), "a note")
        merge(double, kept, world)
        rows = db.session.execute(select(Draft.ticket_id, Draft.kind, Draft.body)).all()
        assert sorted(rows) == [(kept.id, "note", "a note"), (kept.id, "reply", "First\n\nsecond")]

    def test_sendings_go_along(self, world: World, pair):
        kept, double = pair
        sent = world.delivery(world.reply(double))
        sent.attempts = 1
        merge(double, kept, world)
        assert sent.ticket_id == kept.id

    def test_mail_for_the_one_joins_the_other(self, world: World, pair):
        kept, double = pair
        world.arrive(mail(message_id="<third@mail.example>", subject="Third"))
        third = db.session.scalars(select(Ticket).where(Ticket.subject == "Third")).one()
        merge(double, third, world)
        merge(third, kept, world)
        later = mail("Anybody there?", In_Reply_To="<third@mail.example>", References="<third@mail.example>")
        world.arrive(later)
        assert bodies(kept)[-1].strip() == "Anybody there?"

    def test_mail_to_its_signed_address_joins_the_other(self, world: World, pair):
        kept, double = pair
        reply = world.reply(double)
        delivery = world.delivery(reply)
        delivery.attempts = 1
        writing.name_it(delivery, world.support)
        to = writing._reply_address(double, world.support)
        merge(double, kept, world)
        world.arrive(mail("To the old address.", to=to))
        assert bodies(kept)[-1].strip() == "To the old address."


class TestRefusals:
    def refused(self, source: Ticket, into: Ticket, world: World, words: str, error=Invalid) -> None:
        with pytest.raises(error, match=words):
            merging.merge(source, into=into, by=world.ben)

    def test_itself(self, world: World, pair):
        self.refused(pair[0], pair[0], world, "into itself")

    def test_one_that_was_merged_names_the_other(self, world: World, pair):
        kept, double = pair
        merge(double, kept, world)
        third = world.ticket("Third")
        self.refused(third, double, world, f"#{double.number} was merged into #{kept.number}")
        self.refused(double, third, world, "already", Conflict)

    def test_one_that_is_done(self, world: World, pair):
        kept, double = pair
        lifecycle.resolve(kept, by=world.ben)
        self.refused(double, kept, world, "is done. Open it again first")

    @pytest.mark.parametrize("which", [0, 1])
    def test_spam(self, world: World, pair, which: int):
        lifecycle.mark_spam(pair[which], by=world.ben)
        self.refused(pair[1], pair[0], world, "set aside as spam")

    def test_while_an_answer_may_be_taken_back(self, world: World, pair):
        kept, double = pair
        world.reply(double)
        self.refused(double, kept, world, "has not left yet", Conflict)


class TestPart:
    def test_puts_both_as_they_were(self, world: World, pair):
        kept, double = pair
        triage.wait_for(kept, "customer", by=world.ben)
        triage.wait_for(double, "part", by=world.ben)
        until = now() + timedelta(days=2)
        lifecycle.snooze(double, by=world.ben, until=until)
        world.fresh()
        said = [(t.status, t.waiting_for, t.snoozed_until, t.waiting_since, t.message_count, t.preview) for t in pair]
        merge(double, kept, world)
        part(double, kept, world)
        assert [
            (t.status, t.waiting_for, t.snoozed_until, t.waiting_since, t.message_count, t.preview) for t in pair
        ] == said
        assert (bodies(kept), bodies(double)) == (["It shows 9 degrees."], ["Did you get my mail?"])
        assert double.merged_into_id is None

    def test_takes_those_out_of_copy_whom_the_merge_brought(self, world: World):
        kept = world.ticket()
        theirs = world.ticket("Ward 3", by=world.nora, author_address=NORA, author_name="Nora Quinn")
        merge(theirs, kept, world)
        part(theirs, kept, world)
        assert followed(kept) == {}

    def test_after_it_they_may_be_merged_again(self, world: World, pair):
        kept, double = pair
        for _ in range(2):
            merge(double, kept, world)
            part(double, kept, world)
        assert events_of(double).count("ticket.unmerged") == 2

    @pytest.mark.parametrize(
        "happen",
        [
            lambda kept, world: conversing.note(kept, Answer(body="Hm."), by=world.mei),
            lambda kept, world: conversing.receive(kept, world.olive, world.words(text="And?")),
            lambda kept, world: triage.prioritise(kept, Priority.HIGH, by=world.mei),
            lambda kept, world: merging.merge(kept, into=world.ticket("Third"), by=world.mei),
        ],
        ids=["a note", "a customer's words", "another priority", "a merge"],
    )
    def test_not_when_something_happened_since(self, world: World, pair, happen):
        kept, double = pair
        merge(double, kept, world)
        happen(kept, world)
        world.fresh()
        with pytest.raises(Conflict, match="Something else happened since"):
            merging.part(double, target=kept, by=world.ben)

    def test_what_happens_by_itself_is_no_obstacle(self, world: World, pair):
        kept, double = pair
        sent = world.delivery(world.reply(double))
        sent.attempts = 1
        merge(double, kept, world)
        conversing.events.record(kept, "delivery.sent", message_id=sent.message_id, delivery=sent.id, reached=True)
        part(double, kept, world)
        assert not double.is_merged

    def test_one_that_is_not_merged(self, world: World, pair):
        with pytest.raises(Conflict, match="is not merged"):
            merging.part(pair[0], target=pair[1], by=world.ben)


class TestSplit:
    @pytest.fixture
    def ticket(self, world: World) -> Ticket:
        """An answered question, then another one and a postscript."""
        with travel(hours=-5):
            ticket = world.ticket(text="It shows 9 degrees.")
        with travel(hours=-4):
            world.delivery(world.reply(ticket, "Fixed.")).attempts = 1
        for hours, text in ((-3, "By the way, the door sticks."), (-2, "The left one.")):
            with travel(hours=hours):
                conversing.receive(ticket, world.olive, world.words(subject="Re: warm", text=text))
        world.fresh()
        return ticket

    def messages(self, ticket: Ticket) -> list[Message]:
        return list(db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))

    def test_begins_a_ticket_that_arrived_with_its_message(self, world: World, ticket: Ticket):
        third = self.messages(ticket)[2]
        child = splitting.split(ticket, splitting.from_here(third), subject="The door sticks", by=world.ben)
        world.fresh()
        assert (bodies(ticket), bodies(child)) == (
            ["It shows 9 degrees.", "Fixed."],
            ["By the way, the door sticks.", "The left one."],
        )
        assert child.created_at == third.created_at
        assert near(child.waiting_since, third.created_at)
        assert (child.split_from_id, child.contact_id, child.status) == (ticket.id, ticket.contact_id, Status.OPEN)
        assert (ticket.waiting_since, ticket.message_count, ticket.preview) == (None, 2, "Fixed.")
        assert events_of(child) == ["ticket.opened", "message.received", "message.received", "ticket.parted"]

    def test_of_one_message_leaves_what_came_after_it(self, world: World, ticket: Ticket):
        third = self.messages(ticket)[2]
        child = splitting.split(ticket, [third], subject="The door", by=world.ben)
        world.fresh()
        assert bodies(child) == ["By the way, the door sticks."]
        assert bodies(ticket)[-1] == "The left one."
        assert near(ticket.waiting_since, self.messages(ticket)[-1].created_at)

    def test_answers_to_the_message_go_to_the_new_ticket(self, world: World):
        world.arrive(mail(message_id="<one@mail.example>"))
        ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        world.arrive(mail("The door sticks.", message_id="<two@mail.example>", In_Reply_To="<one@mail.example>"))
        child = splitting.split(ticket, [self.messages(ticket)[1]], subject="The door", by=world.ben)
        world.fresh()
        world.arrive(mail("The left one.", References="<one@mail.example> <two@mail.example>"))
        world.arrive(mail("About the heat.", References="<one@mail.example>", In_Reply_To="<one@mail.example>"))
        assert bodies(child)[-1].strip() == "The left one."
        assert bodies(ticket)[-1].strip() == "About the heat."

    def test_so_do_those_written_to_the_signed_address_of_the_first(self, world: World):
        world.arrive(mail(message_id="<one@mail.example>"))
        ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        to = writing._reply_address(ticket, world.support)
        world.arrive(mail("The door sticks.", message_id="<two@mail.example>", to=to))
        child = splitting.split(ticket, [self.messages(ticket)[1]], subject="The door", by=world.ben)
        world.fresh()
        world.arrive(mail("The left one.", to=to, In_Reply_To="<two@mail.example>"))
        world.arrive(mail("About the heat.", to=to, In_Reply_To="<one@mail.example>"))
        assert bodies(child)[-1].strip() == "The left one."
        assert bodies(ticket)[-1].strip() == "About the heat."

    def test_messages_that_were_merged_in_are_told_once(self, world: World, ticket: Ticket):
        with travel(hours=-1):
            double = world.ticket("Lights", text="The light is broken.")
        lights = self.messages(double)[0]
        merge(double, ticket, world)
        child = splitting.split(ticket, [lights], subject="Lights", by=world.ben)
        merging.merge(child, into=ticket, by=world.ben)
        again = splitting.split(ticket, [lights], subject="Lights", by=world.ben)
        world.fresh()
        assert bodies(again) == ["The light is broken."]
        assert events_of(again).count("message.received") == 1

    def test_refuses_what_cannot_begin_a_ticket(self, world: World, ticket: Ticket):
        first, answer, third, _ = self.messages(ticket)
        for message, subject, words in (
            (first, "x", "began the ticket"),
            (answer, "x", "Only what a customer wrote"),
            (third, "  ", "Say in a few words"),
            (third, "x" * 301, "shorter"),
        ):
            with pytest.raises(Invalid, match=words):
                splitting.split(ticket, [message], subject=subject, by=world.ben)

    def test_refuses_an_answer_that_may_be_taken_back(self, world: World, ticket: Ticket):
        world.reply(ticket, "Which one?")
        third = self.messages(ticket)[2]
        with pytest.raises(Conflict, match="has not left yet"):
            splitting.split(ticket, splitting.from_here(third), subject="Door", by=world.ben)
        assert splitting.split(ticket, [third], subject="Door", by=world.ben).message_count == 1
