"""The spine: what is recorded, who reacts, and that both happen or neither."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from helpdesk import events
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.plugins import Plugin, Registry
from helpdesk.tickets import conversing, lifecycle
from helpdesk.tickets.models import Status, Ticket
from tests.plugins.world import World


class TestRecord:
    def test_a_kind_nobody_documented_is_refused(self, world: World):
        with pytest.raises(ValueError, match="unknown event kind"):
            events.record(world.ticket(), "ticket.eaten")

    @pytest.mark.parametrize(("who", "column"), [("ben", "agent_id"), ("olive", "contact_id")])
    def test_says_who(self, world: World, who: str, column: str):
        event = events.record(world.ticket(), "ticket.tagged", by=getattr(world, who), before=[], after=["x"])
        assert getattr(event, column) == getattr(world, who).id
        assert {event.agent_id, event.contact_id} == {None, getattr(world, who).id}
        assert event.data == {"before": [], "after": ["x"]}


class TestHandlers:
    def test_run_in_plugin_order_in_the_same_transaction(self, world: World, monkeypatch: pytest.MonkeyPatch):
        seen: list[str] = []
        listening(world, monkeypatch, one=lambda _event: seen.append("one"), two=lambda _event: seen.append("two"))
        lifecycle.resolve(world.ticket(), by=world.ben)
        assert seen == ["one", "two"]

    def test_that_raise_leave_nothing_done(self, world: World, monkeypatch: pytest.MonkeyPatch):
        def refuse(_event: Event) -> None:
            raise RuntimeError("not today")

        ticket = world.ticket()
        before = db.session.scalar(select(func.count()).select_from(Event))
        listening(world, monkeypatch, one=refuse)
        with pytest.raises(RuntimeError):
            lifecycle.resolve(ticket, by=world.ben)
        db.session.rollback()
        assert ticket.status == Status.OPEN
        assert db.session.scalar(select(func.count()).select_from(Event)) == before


class TestOpenedNow:
    def test_is_all_that_happened_to_a_ticket_this_transaction_opened(self, world: World):
        before, ticket = world.ticket(), opened(world)
        lifecycle.resolve(ticket, by=world.ben)
        lifecycle.resolve(before, by=world.ben)
        db.session.flush()
        told = events.opened_now([ticket.id, before.id])
        written = db.session.scalars(select(Event.id).where(Event.ticket_id == ticket.id).order_by(Event.id)).all()
        assert {key: [one.id for one in each] for key, each in told.items()} == {ticket.id: written}
        assert [one.kind for one in told[ticket.id]] == ["ticket.opened", "message.received", "ticket.resolved"]

    def test_is_without_what_was_taken_back(self, world: World):
        ticket = opened(world)
        with db.session.begin_nested() as doubtful:
            lifecycle.resolve(ticket, by=world.ben)
            db.session.flush()
            doubtful.rollback()
        assert [one.kind for one in events.opened_now([ticket.id])[ticket.id]] == ["ticket.opened", "message.received"]

    def test_is_without_what_was_taken_back_before_it_was_written(self, world: World):
        ticket = opened(world)
        with db.session.begin_nested() as doubtful:
            events.record(ticket, "ticket.tagged", before=[], after=["x"])
            doubtful.rollback()
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.tagged")) == 0

    @pytest.mark.parametrize("ends", ["commit", "rollback"])
    def test_ends_with_the_transaction(self, world: World, ends: str):
        ticket_id = opened(world).id
        getattr(db.session, ends)()
        assert events.opened_now([ticket_id]) == {}


def opened(world: World) -> Ticket:
    """A ticket with its first message that is written and not committed."""
    words = world.words()
    ticket = conversing.open_ticket(world.olive, words)
    conversing.receive(ticket, world.olive, words)
    db.session.flush()
    return ticket


def listening(world: World, monkeypatch: pytest.MonkeyPatch, **handlers) -> None:
    """Plugins that react to a ticket being done."""
    plugins = [Plugin(name, on={"ticket.resolved": [handler]}) for name, handler in handlers.items()]
    monkeypatch.setitem(world.app.extensions, "plugins", Registry(plugins))
