"""Rows past the session's bookkeeping: whole, in one statement, with the transaction or savepoint they were made in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from helpdesk.db import Base, db, new_id, reserve
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.rows import change_later, insert_all, insert_later
from helpdesk.tickets import conversing
from helpdesk.tickets.models import Message, MessageVersion, Ticket
from sla.assets.models import Asset
from tests.plugins.product import queries
from tests.plugins.world import World

AT = datetime(2031, 5, 1, 9, 30, 0, 123456, tzinfo=UTC)
WORDS = 'She said "9 °C" \\ and\nleft: {"a": [1, null]} \N{SNOWMAN}'


def event(ticket: Ticket, **data: Any) -> Event:
    return Event(id=new_id("event"), ticket_id=ticket.id, kind="ticket.tagged", at=now(), data=data)


def message(ticket: Ticket, **more: Any) -> Message:
    """With every column a message has."""
    row = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
    values = {column.name: getattr(row, column.name) for column in Message.__table__.columns}
    return Message(**(values | {"id": None, "client_id": None} | more))


def of(row: Base) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns if column.name != "id"}


class TestInsertAll:
    def test_writes_every_kind_of_column_as_it_is(self, world: World) -> None:
        ticket = world.ticket()
        made = message(
            ticket, body_text=WORDS, to={"to": [["Olive", None]], "deep": {"n": 1.5}}, remote_images=["a,b", '{"c"}', ""],
            sent_at=now() - timedelta(days=9000, microseconds=1), missing_files=[],
        )  # fmt: skip
        insert_all([made])
        last = select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id.desc()).limit(1)
        assert of(db.session.scalars(last).one()) == of(made)

    def test_writes_days(self, world: World) -> None:
        plain = {"organization_id": world.olive.organization_id, "serial": "K 1", "serial_key": "K1", "model": "KX"}
        empty = {"maker": "", "kind": "", "place": "", "parts": {}, "photo_sha256": "", "created_at": now()}
        insert_all([Asset(**plain, **empty, purchased_on=date(1999, 12, 31))])
        assert db.session.scalars(select(Asset.purchased_on)).all() == [date(1999, 12, 31)]

    def test_writes_hundreds_in_one_statement(self, world: World) -> None:
        ticket = world.ticket()
        reserve(event=300)
        rows = [event(ticket, at=n) for n in range(300)]
        with queries() as asked:
            insert_all(rows)
        assert len(asked) == 1
        written = select(Event.data["at"].as_integer()).where(Event.kind == "ticket.tagged").order_by(Event.id)
        assert db.session.scalars(written).all() == list(range(300))

    def test_of_several_tables_are_written_at_once_though_one_names_the_other(self, world: World) -> None:
        said = message(world.ticket(), id=new_id("message"))
        version = MessageVersion(message_id=said.id, body_text="It was 8.", written_at=now())
        with queries() as asked:
            insert_all([version, said])
        assert len(asked) == 1
        assert db.session.scalars(select(MessageVersion.message_id)).all() == [said.id]

    def test_that_name_nothing_there_is_are_refused(self, world: World) -> None:
        with pytest.raises(IntegrityError):
            insert_all([MessageVersion(message_id=10**9, body_text="", written_at=now())])

    def test_of_nothing_asks_nothing(self, world: World) -> None:
        with queries() as asked:
            insert_all([])
        assert asked == []


class TestInsertLater:
    def test_is_there_for_the_next_question(self, world: World) -> None:
        made = event(world.ticket())
        insert_later(made)
        assert db.session.get_one(Event, made.id).ticket_id == made.ticket_id

    def test_comes_after_what_the_session_keeps_as_objects(self, world: World) -> None:
        ticket = world.ticket()
        said = message(ticket, id=new_id("message"))
        insert_later(MessageVersion(message_id=said.id, body_text="It was 8.", written_at=now()))
        db.session.add(said)
        db.session.commit()
        assert db.session.scalars(select(MessageVersion.message_id)).all() == [said.id]

    @pytest.mark.parametrize("flushed", [True, False])
    def test_goes_with_the_savepoint_it_was_made_in(self, world: World, flushed: bool) -> None:
        ticket = world.ticket()
        before = event(ticket)
        insert_later(before)
        with db.session.begin_nested() as doubtful:
            insert_later(event(ticket))
            if flushed:
                db.session.flush()
            doubtful.rollback()
        with db.session.begin_nested():
            after = event(ticket)
            insert_later(after)
        db.session.commit()
        written = db.session.scalars(select(Event.id).where(Event.kind == "ticket.tagged").order_by(Event.id))
        assert written.all() == [before.id, after.id]

    def test_goes_with_the_transaction(self, world: World) -> None:
        ticket = world.ticket()
        insert_later(event(ticket))
        db.session.rollback()
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.tagged")) == 0

    def test_waits_over_no_other_transaction(self, world: World) -> None:
        insert_later(event(world.ticket()))
        db.session.close()
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.tagged")) == 0


class TestChangeLater:
    def test_is_said_at_once_and_written_with_the_rows_that_wait(self, world: World) -> None:
        ticket = world.ticket()
        made = event(ticket)
        with queries() as asked:
            change_later(ticket, preview="Warm", queue_at=AT, next_due_asleep={"until": None})
            insert_later(made)
            assert (ticket.preview, ticket.queue_at, asked) == ("Warm", AT, [])
            db.session.commit()
        assert len(asked) == 1, asked
        row = select(Ticket.preview, Ticket.queue_at, Ticket.next_due_asleep).where(Ticket.id == ticket.id)
        assert db.session.execute(row).one() == ("Warm", AT, {"until": None})

    def test_of_several_rows_and_of_one_twice_leaves_the_last(self, world: World) -> None:
        one, other = world.ticket(), world.ticket()
        assert one.id < other.id  # both are read again after the commit: no question comes between the changes
        change_later(one, preview="First")
        change_later(other, preview="Other")
        change_later(one, preview="Last", next_due_kind="reply")
        other.subject = "Changed beside"
        db.session.commit()
        rows = select(Ticket.preview, Ticket.next_due_kind, Ticket.subject).where(Ticket.id.in_([one.id, other.id]))
        said = db.session.execute(rows.order_by(Ticket.id)).all()
        assert said == [("Last", "reply", one.subject), ("Other", "", "Changed beside")]

    def test_that_changes_nothing_asks_nothing(self, world: World) -> None:
        ticket = world.ticket()
        same = ticket.preview
        with queries() as asked:
            change_later(ticket, preview=same)
            db.session.commit()
        assert asked == []

    def test_of_a_new_row_is_written_with_it(self, world: World) -> None:
        new = conversing.open_ticket(world.olive, world.words())
        change_later(new, preview="Warm")
        db.session.commit()
        assert db.session.scalars(select(Ticket.preview).where(Ticket.id == new.id)).one() == "Warm"

    @pytest.mark.parametrize("flushed", [True, False])
    def test_goes_with_its_savepoint_here_and_there(self, world: World, flushed: bool) -> None:
        ticket = world.ticket()
        before = ticket.preview
        with db.session.begin_nested() as doubtful:
            change_later(ticket, preview="Taken back")
            if flushed:
                db.session.flush()
            doubtful.rollback()
        assert ticket.preview == before
        db.session.commit()
        assert db.session.scalars(select(Ticket.preview).where(Ticket.id == ticket.id)).one() == before


class TestReserve:
    def test_asks_nothing_where_the_keys_are_at_hand(self, world: World) -> None:
        reserve(event=3)
        with queries() as asked:
            reserve(event=2)
            assert new_id("event") < new_id("event") < new_id("event")
        assert asked == []

    def test_adds_what_is_missing_in_order(self, world: World) -> None:
        reserve(event=2)
        reserve(event=4, message=1)
        with queries() as asked:
            ids = [new_id("event") for _ in range(4)]
        assert (asked, ids) == ([], sorted(ids))

    def test_keys_left_over_are_lost_with_the_transaction(self, world: World) -> None:
        reserve(event=2)
        left = new_id("event") + 1
        db.session.commit()
        assert new_id("event") > left
