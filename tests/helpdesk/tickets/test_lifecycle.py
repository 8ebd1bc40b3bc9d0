"""The verbs of a ticket's life: what each changes, and that saying it twice is harmless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.tickets import lifecycle, triage
from helpdesk.tickets.models import Priority, Status, Ticket
from tests.plugins.world import World


def told(ticket: Ticket) -> list[str]:
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


VERBS = {
    "resolve": lambda ticket, world: lifecycle.resolve(ticket, by=world.ben),
    "spam": lambda ticket, world: lifecycle.mark_spam(ticket, by=world.ben),
    "snooze": lambda ticket, world: lifecycle.snooze(ticket, by=world.ben, until=datetime(2099, 1, 1, tzinfo=UTC)),
    "assign": lambda ticket, world: triage.assign(ticket, to=world.mei, by=world.ben),
    "put back": lambda ticket, world: triage.assign(ticket, to=None, by=world.ben),
    "prioritise": lambda ticket, world: triage.prioritise(ticket, Priority.URGENT, by=world.ben),
    "wait for the customer": lambda ticket, world: triage.wait_for(ticket, "customer", by=world.ben),
    "wait for a part": lambda ticket, world: triage.wait_for(ticket, "part", by=world.ben),
    "tag": lambda ticket, world: triage.tag(ticket, ["warranty", "freezer"], by=world.ben),
    "reopen": lambda ticket, world: lifecycle.reopen(ticket, by=world.ben),
    "wake": lambda ticket, world: lifecycle.wake(ticket, by=world.ben),
    "take out of spam": lambda ticket, world: lifecycle.unmark_spam(ticket, by=world.ben),
    "wait for nobody": lambda ticket, world: triage.wait_for(ticket, "", by=world.ben),
}


class TestEveryVerb:
    @pytest.mark.parametrize("verb", VERBS)
    def test_twice_is_harmless(self, world: World, verb: str):
        ticket = world.ticket()
        VERBS[verb](ticket, world)
        db.session.commit()
        columns = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
        said = told(ticket)
        VERBS[verb](ticket, world)
        db.session.commit()
        assert {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns} == columns
        assert told(ticket) == said

    @pytest.mark.parametrize("verb", VERBS)
    def test_leaves_the_tickets_of_others_alone(self, world: World, verb: str):
        before = db.session.execute(select(Ticket.id, Ticket.status, Ticket.assignee_id, Ticket.spam_at)).all()
        VERBS[verb](world.ticket(), world)
        db.session.commit()
        after = db.session.execute(select(Ticket.id, Ticket.status, Ticket.assignee_id, Ticket.spam_at)).all()
        assert set(before) <= set(after)


class TestResolve:
    def test_says_when_and_who(self, world: World):
        ticket = lifecycle.resolve(world.ticket(), by=world.ben)
        assert ticket.status == Status.RESOLVED
        assert ticket.resolved_at is not None
        event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
        assert (event.kind, event.agent_id, event.contact_id) == ("ticket.resolved", world.ben.id, None)

    def test_ends_sleep_and_waiting(self, world: World):
        ticket = world.ticket()
        triage.wait_for(ticket, "part", by=world.ben)
        lifecycle.snooze(ticket, by=world.ben, until=now() + timedelta(days=1))
        lifecycle.resolve(ticket, by=world.ben)
        assert (ticket.waiting_for, ticket.snoozed_until) == ("", None)


class TestReopen:
    def test_brings_back_what_was_done(self, world: World):
        ticket = lifecycle.resolve(world.ticket(), by=world.ben)
        lifecycle.reopen(ticket, by=world.ada)
        assert (ticket.status, ticket.resolved_at) == (Status.OPEN, None)

    def test_brings_back_what_waited(self, world: World):
        ticket = triage.wait_for(world.ticket(), "someone", by=world.ben)
        lifecycle.reopen(ticket, by=world.ada)
        assert (ticket.status, ticket.waiting_for) == (Status.OPEN, "")


class TestSnooze:
    def test_into_the_past_is_refused(self, world: World):
        with pytest.raises(Invalid, match="has passed"):
            lifecycle.snooze(world.ticket(), by=world.ben, until=now() - timedelta(seconds=1))

    def test_again_moves_the_time(self, world: World):
        ticket = world.ticket()
        first, second = now() + timedelta(days=1), now() + timedelta(days=2)
        lifecycle.snooze(ticket, by=world.ben, until=first)
        lifecycle.snooze(ticket, by=world.ben, until=second)
        assert ticket.snoozed_until == second


class TestWakeDue:
    def test_wakes_what_has_slept_long_enough_and_only_that(self, world: World, travel):
        short, long = world.ticket("Short"), world.ticket("Long")
        lifecycle.snooze(short, by=world.ben, until=now() + timedelta(hours=1))
        lifecycle.snooze(long, by=world.ben, until=now() + timedelta(hours=3))
        with travel(hours=2):
            assert lifecycle.wake_due() == 1
            assert lifecycle.wake_due() == 0
        assert not short.is_snoozed
        assert long.is_snoozed
        assert told(short)[-1] == "ticket.woken"

    def test_until_reply_never_comes_by_itself(self, world: World, travel):
        ticket = lifecycle.snooze(world.ticket(), by=world.ben, until=lifecycle.UNTIL_REPLY)
        with travel(days=290):
            assert lifecycle.wake_due() == 0
        assert ticket.is_snoozed
