"""Sorting a ticket, and putting the last step back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Gone, Invalid, NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.tickets import lifecycle, triage
from helpdesk.tickets.models import Priority, Status, TicketTag
from helpdesk.tickets.undoing import undo
from tests.plugins.world import World


def last_event() -> Event:
    return db.session.scalars(select(Event).order_by(Event.id.desc()).limit(1)).one()


class TestAssign:
    def test_to_somebody_who_left_is_refused(self, world: World):
        world.mei.deactivated_at = now()
        with pytest.raises(Invalid, match="no longer here"):
            triage.assign(world.ticket(), to=world.mei, by=world.ben)


class TestWaitFor:
    @pytest.mark.parametrize(
        ("whom", "status"), [("customer", Status.PENDING), ("part", Status.ON_HOLD), ("someone", Status.ON_HOLD)]
    )
    def test_takes_the_ticket_out_of_next_up(self, world: World, whom: str, status: Status):
        ticket = triage.wait_for(world.ticket(), whom, by=world.ben)
        assert (ticket.status, ticket.waiting_for) == (status, whom)

    def test_anybody_else_is_refused(self, world: World):
        with pytest.raises(Invalid, match="whom we wait for"):
            triage.wait_for(world.ticket(), "godot", by=world.ben)


class TestTag:
    def test_names_are_neat_and_once_each(self, world: World):
        ticket = triage.tag(world.ticket(), ["  Warranty ", "warranty", "Ice  machine", ""], by=world.ben)
        assert triage.tag_names(ticket) == ["ice machine", "warranty"]
        rows = db.session.scalars(select(TicketTag.tag_id).where(TicketTag.ticket_id == ticket.id)).all()
        assert sorted(rows) == sorted(ticket.tag_ids)

    def test_a_tag_is_shared_between_tickets(self, world: World):
        one, two = world.ticket("One"), world.ticket("Two")
        triage.tag(one, ["warranty"], by=world.ben)
        triage.tag(two, ["warranty"], by=world.ben)
        assert one.tag_ids == two.tag_ids

    @pytest.mark.parametrize("names", [[f"tag {n}" for n in range(21)], ["x" * 41]])
    def test_too_many_or_too_long_is_refused(self, world: World, names: list[str]):
        with pytest.raises(Invalid):
            triage.tag(world.ticket(), names, by=world.ben)


def _done_while_waiting(ticket, world):
    triage.wait_for(ticket, "part", by=world.ada)
    lifecycle.resolve(ticket, by=world.ben)


def _done_while_asleep(ticket, world):
    lifecycle.snooze(ticket, by=world.ada, until=lifecycle.UNTIL_REPLY)
    lifecycle.resolve(ticket, by=world.ben)


def _reopened_while_waiting(ticket, world):
    triage.wait_for(ticket, "part", by=world.ada)
    lifecycle.reopen(ticket, by=world.ben)


def _asleep_until_later(ticket, world):
    lifecycle.snooze(ticket, by=world.ada, until=now() + timedelta(days=1))
    lifecycle.snooze(ticket, by=world.ben, until=now() + timedelta(days=2))


STEPS = {
    "done": lambda ticket, world: lifecycle.resolve(ticket, by=world.ben),
    "done while we waited for a part": _done_while_waiting,
    "done while asleep": _done_while_asleep,
    "reopened while we waited for a part": _reopened_while_waiting,
    "assigned": lambda ticket, world: triage.assign(ticket, to=world.mei, by=world.ben),
    "prioritised": lambda ticket, world: triage.prioritise(ticket, Priority.HIGH, by=world.ben),
    "tagged": lambda ticket, world: triage.tag(ticket, ["x"], by=world.ben),
    "waiting": lambda ticket, world: triage.wait_for(ticket, "someone", by=world.ben),
    "snoozed": lambda ticket, world: lifecycle.snooze(ticket, by=world.ben, until=now() + timedelta(days=1)),
    "snoozed for longer": _asleep_until_later,
    "set aside": lambda ticket, world: lifecycle.mark_spam(ticket, by=world.ben),
}


class TestUndo:
    @pytest.mark.parametrize("step", STEPS)
    def test_puts_everything_back(self, world: World, step: str):
        shown = (
            "status",
            "waiting_for",
            "snoozed_until",
            "assignee_id",
            "priority",
            "tag_ids",
            "spam_at",
            "resolved_at",
        )
        ticket = world.ticket()
        before: list[dict[str, object]] = []

        class Watching:
            ben, ada, mei = world.ben, world.ada, world.mei

        STEPS[step](ticket, Watching)
        done = last_event()
        before.append({name: getattr(ticket, name) for name in shown})
        undo(done, ticket, by=world.ben)
        twin = world.ticket("The same, without Ben's last step")
        _until_bens(step, twin, world)
        assert {name: getattr(ticket, name) for name in shown} == {
            name: _same(getattr(ticket, name), getattr(twin, name)) for name in shown
        }
        assert before[0] != {name: getattr(ticket, name) for name in shown}

    def test_is_for_who_did_it(self, world: World):
        ticket = lifecycle.resolve(world.ticket(), by=world.ben)
        with pytest.raises(NotFound):
            undo(last_event(), ticket, by=world.ada)

    def test_is_for_the_ticket_it_was_done_to(self, world: World):
        lifecycle.resolve(world.ticket(), by=world.ben)
        with pytest.raises(NotFound):
            undo(last_event(), world.ticket("Another"), by=world.ben)

    def test_is_over_after_thirty_seconds(self, world: World, travel):
        ticket = lifecycle.resolve(world.ticket(), by=world.ben)
        with travel(seconds=31), pytest.raises(Gone):
            undo(last_event(), ticket, by=world.ben)
        assert ticket.status == Status.RESOLVED

    def test_of_what_was_said_is_not_here(self, world: World):
        ticket = world.ticket()
        world.reply(ticket)
        with pytest.raises(NotFound):
            undo(last_event(), ticket, by=world.ben)


def _until_bens(step: str, ticket, world: World) -> None:
    """What Ada did before Ben's step, without it."""
    if "waited for a part" in step:
        triage.wait_for(ticket, "part", by=world.ada)
    elif step == "done while asleep":
        lifecycle.snooze(ticket, by=world.ada, until=lifecycle.UNTIL_REPLY)
    elif step == "snoozed for longer":
        lifecycle.snooze(ticket, by=world.ada, until=now() + timedelta(days=1))


def _same(ours: object, theirs: object) -> object:
    """Instants a moment apart are the same instant."""
    if hasattr(ours, "timestamp") and hasattr(theirs, "timestamp") and abs(ours - theirs) < timedelta(seconds=5):
        return ours
    return theirs
