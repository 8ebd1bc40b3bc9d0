"""Promises when words move between tickets: merged, taken apart, made a ticket of their own, handed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk import events
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Brand, Team
from helpdesk.tickets import conversing, lifecycle, merging, splitting, triage, unsending
from helpdesk.tickets.models import Message, Ticket
from sla.commitments import sweep
from sla.commitments.models import Commitment
from sla.commitments.verifying import Verified, verify
from tests.plugins.world import World
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York


def of(ticket: Ticket, metric: str = "first_response") -> list[tuple[str, datetime, datetime | None]]:
    """Outcome, start and due time of each cycle."""
    rows = select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.metric == metric)
    return [(row.outcome, row.started_at, row.due_at) for row in db.session.scalars(rows.order_by(Commitment.cycle))]


def hour(count: float) -> datetime:
    return MONDAY + timedelta(hours=count)


def near(one: datetime | None, other: datetime) -> bool:
    return one is not None and abs(one - other) < timedelta(seconds=1)


@pytest.fixture
def office(world: World) -> World:
    hours = promising.calendar()
    promising.policy(
        "Default",
        promising.clause("first_response", 7200, calendar_id=hours.id),
        promising.clause("next_response", 7200, calendar_id=hours.id),
        promising.clause("update", 3600, calendar_id=hours.id),
        promising.clause("resolution", 28800, calendar_id=hours.id),
        promising.clause("ownership", 1800, calendar_id=hours.id),
    )
    db.session.commit()
    return world


@pytest.fixture(autouse=True)
def _replay(office: World):
    """Whatever a test did, the stored rows are what the events say."""
    yield
    office.fresh()
    latest = db.session.scalars(select(Ticket.created_at).order_by(Ticket.created_at.desc()).limit(1)).one()
    with travel(to=latest + timedelta(hours=6)):
        sweep.tick()
        assert list(verify(Verified())) == []


@pytest.fixture
def answered(office: World) -> Ticket:
    """Opened at ten, answered at half past."""
    with travel(to=MONDAY):
        ticket = office.ticket()
    with travel(to=hour(0.5)):
        office.delivery(office.reply(ticket, "We look.")).attempts = 1
        db.session.commit()
    return ticket


@pytest.fixture
def double(office: World) -> Ticket:
    with travel(to=hour(1)):
        return office.ticket("Still warm", text="And now ten.")


def merge_at(count: float, source: Ticket, into: Ticket, office: World) -> None:
    with travel(to=hour(count)):
        merging.merge(source, into=into, by=office.ben)
        office.fresh()


def reply_at(count: float, ticket: Ticket, office: World) -> Message:
    with travel(to=hour(count)):
        message = office.reply(ticket)
        office.delivery(message).attempts = 1
        db.session.commit()
    return message


def bounce_at(count: float, message: Message, ticket: Ticket, office: World) -> None:
    with travel(to=hour(count)):
        events.record(ticket, "delivery.bounced", message_id=message.id, reached=False)
        office.fresh()


class TestMerging:
    def test_ends_the_promises_of_the_one_without_breaking_them(self, office: World, answered, double):
        merge_at(2, double, answered, office)
        assert [one[0] for one in of(double)] == ["void"]
        assert [one[0] for one in of(double, "resolution")] == ["void"]
        assert double.next_due_at is None

    def test_leaves_those_of_the_other_alone(self, office: World, answered, double):
        before = of(answered), of(answered, "resolution")
        merge_at(2, double, answered, office)
        assert (of(answered), of(answered, "resolution")) == before

    def test_counts_unanswered_words_from_when_they_came(self, office: World, answered, double):
        merge_at(2, double, answered, office)
        ((outcome, started, due),) = of(answered, "next_response")
        assert outcome == "running"
        assert near(started, hour(1))
        assert near(due, hour(3))

    def test_of_answered_words_owes_nothing(self, office: World, answered, double):
        with travel(to=hour(1.5)):
            office.delivery(office.reply(double)).attempts = 1
        merge_at(2, double, answered, office)
        assert of(answered, "next_response") == []

    def test_owes_an_answer_again_when_one_that_came_along_reached_nobody(self, office: World, answered, double):
        reply = reply_at(1.5, double, office)
        merge_at(2, double, answered, office)
        bounce_at(2.5, reply, answered, office)
        ((outcome, started, due),) = of(answered, "next_response")
        assert outcome == "running"
        assert near(started, hour(1))
        assert near(due, hour(3))

    def test_owes_nothing_while_a_later_answer_that_came_along_stands(self, office: World, answered, double):
        first, second = reply_at(1.25, double, office), reply_at(1.5, double, office)
        merge_at(2, double, answered, office)
        bounce_at(2.25, first, answered, office)
        assert of(answered, "next_response") == []
        bounce_at(2.5, second, answered, office)
        assert [one[0] for one in of(answered, "next_response")] == ["running"]

    def test_remembers_which_answers_came_along_over_two_mergers(self, office: World, answered, double):
        reply = reply_at(1.25, double, office)
        with travel(to=hour(1.5)):
            third = office.ticket("Warm still", text="Eleven.")
        merge_at(1.75, double, third, office)
        reply_at(2, third, office)
        merge_at(2.25, third, answered, office)
        bounce_at(2.5, reply, answered, office)
        assert of(answered, "next_response") == []

    def test_keeps_what_was_broken_broken(self, office: World, answered, double):
        with travel(to=hour(4)):
            sweep.tick()
        office.fresh()
        merge_at(5, double, answered, office)
        assert [one[0] for one in of(double)] == ["broken"]


class TestTakingApart:
    def test_tells_on_each_what_became_of_its_answers_meanwhile(self, office: World, answered, double):
        reply = reply_at(1.25, double, office)
        merge_at(1.5, double, answered, office)
        bounce_at(1.75, reply, answered, office)
        with travel(to=hour(2)):
            merging.part(double, target=answered, by=office.ben)
            office.fresh()
        assert [one[0] for one in of(double)] == ["running"]
        assert [one[0] for one in of(answered, "next_response")] == ["void"]

    def test_judges_both_as_if_they_had_never_been_one(self, office: World, answered, double):
        before = of(double), of(double, "resolution")
        merge_at(1.5, double, answered, office)
        with travel(to=hour(2)):
            merging.part(double, target=answered, by=office.ben)
            office.fresh()
        assert (of(double), of(double, "resolution")) == before
        assert [one[0] for one in of(answered, "next_response")] == ["void"]
        assert near(double.next_due_at, hour(3))

    def test_breaks_what_fell_due_meanwhile(self, office: World, answered, double):
        merge_at(1.5, double, answered, office)
        with travel(to=hour(4)):
            merging.part(double, target=answered, by=office.ben)
            office.fresh()
        assert [one[0] for one in of(double)] == ["broken"]


class TestSplitting:
    @pytest.fixture
    def ticket(self, office: World, answered: Ticket) -> Ticket:
        """At noon they ask for something else, at one for more of it."""
        for count, text in ((2, "By the way, the door sticks."), (3, "The left one.")):
            with travel(to=hour(count)):
                conversing.receive(answered, office.olive, office.words("Re: warm", text=text))
                db.session.commit()
        return answered

    def split_at(self, count: float, ticket: Ticket, office: World, *, later: bool) -> Ticket:
        rows = select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)
        third = db.session.scalars(rows).all()[2]
        with travel(to=hour(count)):
            child = splitting.split(
                ticket, splitting.from_here(third) if later else [third], subject="Door", by=office.ben
            )
            office.fresh()
        return child

    def test_promises_a_first_answer_from_the_arrival_of_the_message(self, office: World, ticket):
        child = self.split_at(3.5, ticket, office, later=True)
        ((outcome, started, due),) = of(child)
        assert outcome == "running"
        assert near(started, hour(2))
        assert near(due, hour(4))

    def test_owes_no_answer_to_what_went(self, office: World, ticket):
        self.split_at(3.5, ticket, office, later=True)
        assert [one[0] for one in of(ticket, "next_response")] == ["void"]

    def test_still_owes_one_to_what_stays(self, office: World, ticket):
        self.split_at(3.5, ticket, office, later=False)
        void, running = of(ticket, "next_response")
        assert (void[0], running[0]) == ("void", "running")
        assert near(running[1], hour(3))

    @pytest.mark.parametrize("again", [lifecycle.reopen, lifecycle.resolve])
    def test_still_owes_one_to_what_stays_where_done_was_taken_back(self, office: World, ticket, again):
        with travel(to=hour(3.25)):
            lifecycle.resolve(ticket, by=office.ben)
            lifecycle.reopen(ticket, by=office.ben)
            again(ticket, by=office.ben)
            office.fresh()
        self.split_at(3.5, ticket, office, later=False)
        owed = [(one[0], near(one[1], hour(3))) for one in of(ticket, "next_response") if one[0] != "void"]
        assert owed == ([("running", True)] if again is lifecycle.reopen else [])

    def test_owes_none_to_what_was_done_before_they_wrote_again(self, office: World, ticket):
        with travel(to=hour(3.25)):
            lifecycle.resolve(ticket, by=office.ben)
            conversing.receive(ticket, office.olive, office.words("Re: warm", text="Are you there?"))
            office.fresh()
        self.split_at(3.5, ticket, office, later=False)
        owed = [(one[0], near(one[1], hour(3.25))) for one in of(ticket, "next_response") if one[0] != "void"]
        assert owed == [("running", True)]

    def test_owes_an_answer_again_when_one_that_stays_reached_nobody(self, office: World, answered):
        for count, text in ((1, "And the light?"), (2, "By the way, the door sticks.")):
            with travel(to=hour(count)):
                conversing.receive(answered, office.olive, office.words("Re: warm", text=text))
                db.session.commit()
            if count == 1:
                reply = reply_at(1.5, answered, office)
        door = db.session.scalars(select(Message).where(Message.ticket_id == answered.id).order_by(Message.id)).all()[4]
        with travel(to=hour(2.25)):
            splitting.split(answered, [door], subject="Door", by=office.ben)
            office.fresh()
        bounce_at(2.5, reply, answered, office)
        owed = [(one[0], near(one[1], hour(1))) for one in of(answered, "next_response") if one[0] != "void"]
        assert owed == [("running", True)]

    def test_an_answer_that_goes_along_keeps_the_promise_when_it_was_given(self, office: World, ticket):
        with travel(to=hour(3.25)):
            office.delivery(office.reply(ticket, "Sent somebody.")).attempts = 1
        child = self.split_at(7, ticket, office, later=True)
        assert [one[0] for one in of(child)] == ["kept"]

    def test_too_late_is_broken_when_it_fell_due(self, office: World, ticket):
        child = self.split_at(5, ticket, office, later=True)
        row = db.session.scalars(
            select(Commitment).where(Commitment.ticket_id == child.id, Commitment.metric == "first_response")
        ).one()
        assert row.outcome == "broken"
        assert near(row.broken_at, hour(4))


class TestHandingOver:
    def test_starts_a_clock_until_somebody_of_the_team_takes_it(self, office: World, answered):
        team = Team(name="Second line", brand_id=db.session.scalars(select(Brand.id)).one())
        db.session.add(team)
        db.session.flush()
        assert answered.assignee_id == office.ben.id
        with travel(to=hour(1)):
            triage.hand_over(answered, to=team, by=office.ben)
            db.session.commit()
        assert [one[0] for one in of(answered, "ownership")] == ["running"]
        with travel(to=hour(1.25)):
            triage.assign(answered, to=office.mei, by=office.mei)
            db.session.commit()
        assert [one[0] for one in of(answered, "ownership")] == ["kept"]


class TestUnsending:
    def test_takes_the_cycle_along_that_the_answer_began(self, office: World):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=hour(0.5)):
            message = office.reply(ticket)
            assert [one[0] for one in of(ticket, "update")] == ["running"]
            unsending.unsend(message, office.delivery(message), by=office.ben)
            db.session.commit()
        assert [one[0] for one in of(ticket, "update")] == ["void"]
        with travel(to=hour(1)):
            office.reply(ticket)
        assert [one[0] for one in of(ticket, "update")] == ["running"]
