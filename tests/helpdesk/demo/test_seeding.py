"""The demo story as it lies in the database."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import selectinload

from channels.models import Channel, Thread
from helpdesk import blobs
from helpdesk.access.permissions import visible_tickets
from helpdesk.db import db, one
from helpdesk.demo.people import PASSWORD
from helpdesk.demo.seeding import load
from helpdesk.demo.story import story
from helpdesk.events import Event
from helpdesk.live import CHANNEL
from helpdesk.outbox import Delivery, State
from helpdesk.people import agents
from helpdesk.people.models import Address, Agent, Contact, Organization
from helpdesk.tickets import conversing, drafts, savedviews
from helpdesk.tickets.counts import of_views
from helpdesk.tickets.inputs import Answer, Incoming
from helpdesk.tickets.models import Attachment, Message, Status, Ticket
from helpdesk.tickets.views import view_of
from tests.helpdesk.demo.conftest import STORY_NOW

CHICAGO = ZoneInfo("America/Chicago")


def maya() -> Agent:
    found = agents.find_by_email("maya@halden.example")
    assert found is not None
    return found


def numbered(number: int) -> Ticket:
    return one(select(Ticket).where(Ticket.number == number))


@pytest.mark.usefixtures("frozen_story")
class TestTheFreezer:
    def test_tells_the_whole_conversation(self) -> None:
        ticket = numbered(4812)
        messages = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)).all()
        assert [
            (m.direction, m.channel_kind, m.author_name, f"{m.created_at.astimezone(CHICAGO):%H:%M}") for m in messages
        ] == [
            ("in", "email", "Priya Nair", "14:26"),
            ("out", "email", "Maya Okafor", "14:35"),
            ("note", "email", "Tomás Rivera", "15:02"),
            ("in", "chat", "Priya Nair", "16:31"),
        ]
        assert ticket.message_count == 4
        assert messages[1].body_text == (
            "Priya, hold the stock for now: at this rate you have until about 19:00 before it passes −8. Tomás is"
            " loading a fan motor and leaves by 16:45. Keep the door shut and I’ll write again when he is on the road."
        )

    def test_was_opened_by_the_device_and_moved_to_chat(self) -> None:
        ticket = numbered(4812)
        told = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)).all()
        assert [(event.kind, f"{event.at.astimezone(CHICAGO):%H:%M}") for event in told] == [
            ("ticket.opened", "14:10"),
            ("message.received", "14:26"),
            ("message.sent", "14:35"),
            ("delivery.sent", "14:35"),
            ("note.added", "15:02"),
            ("ticket.moved", "16:29"),
            ("message.received", "16:31"),
        ]
        device = db.session.get_one(Contact, told[0].contact_id)
        assert (device.name, device.kind) == ("CTL-88", "device")
        assert told[0].data == {"report": "suction pressure high, room −11 °C"}

    def test_carries_a_picture_that_is_one(self) -> None:
        attachment = db.session.scalars(select(Attachment)).one()
        content = blobs.get(attachment.sha256)
        assert (attachment.filename, attachment.content_type, attachment.size) == (
            "display-f2.jpg",
            "image/jpeg",
            len(content),
        )
        assert content.startswith(b"\xff\xd8\xff")
        assert content.endswith(b"\xff\xd9")

    def test_holds_mayas_unsent_words(self) -> None:
        draft = drafts.find(maya(), numbered(4812), "reply")
        assert draft is not None
        assert draft.body.startswith("He just left the depot")
        assert drafts.answered_since(draft) == []

    def test_knows_priya_and_what_was_before(self) -> None:
        priya = db.session.get_one(Contact, numbered(4812).contact_id)
        assert (priya.title, priya.phone, priya.zone) == ("Facilities lead", "+1 312 555 0148", "America/Chicago")
        done = select(Ticket).where(Ticket.contact_id == priya.id, Ticket.status >= Status.RESOLVED)
        earlier = db.session.scalars(done.order_by(Ticket.last_message_at.desc())).all()
        assert [(t.subject, f"{t.last_message_at.astimezone(CHICAGO):%b}") for t in earlier] == [
            ("Fan motor replaced, freezer 2", "Aug"),
            ("Door heater fault, freezer 1", "Jun"),
            ("Fan motor replaced, freezer 2", "May"),
        ]


@pytest.mark.usefixtures("frozen_story")
class TestSavedViews:
    def test_hold_what_their_names_say(self) -> None:
        saved = savedviews.listed(maya())
        found = of_views(visible_tickets(maya()), [view_of(one.view) for one in saved], maya())
        assert dict(zip([one.name for one in saved], found, strict=True))["Warranty claims"] == 1
        assert [one.name for one in saved] == ["Due within 2 hours", "Warranty claims"]


@pytest.mark.usefixtures("frozen_story")
class TestNothingLeaves:
    def test_every_delivery_is_over(self) -> None:
        states = set(db.session.scalars(select(Delivery.state)))
        assert states == {State.SENT}

    def test_no_job_waits(self) -> None:
        assert db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0

    def test_nothing_happens_after_the_storys_now(self) -> None:
        for happened in (Event.at, Message.created_at, Delivery.sent_at, Contact.created_at):
            newest = db.session.scalar(select(func.max(happened)))
            assert newest is not None
            assert newest < STORY_NOW


class TestLoading:
    def test_tells_browsers_nothing(self, app: Flask) -> None:
        url = app.config["SQLALCHEMY_DATABASE_URI"].replace("postgresql+psycopg:", "postgresql:")
        with psycopg.connect(url, autocommit=True) as listener:
            listener.execute(f"LISTEN {CHANNEL}".encode())
            load(story(), at=STORY_NOW)
            db.session.commit()
            listener.execute(f"NOTIFY {CHANNEL}, 'mine'".encode())
            assert [notice.payload for notice in listener.notifies(stop_after=1, timeout=5)] == ["mine"]

    @pytest.mark.usefixtures("app")
    def test_takes_nothing_with_it_when_it_fails(self) -> None:
        load(story(), at=STORY_NOW)
        db.session.rollback()
        assert db.session.scalar(select(func.count()).select_from(Organization)) == 0

    @pytest.mark.usefixtures("app")
    def test_wakes_what_sleeps_at_the_same_time_of_day(self) -> None:
        at = STORY_NOW + timedelta(days=40, hours=5)
        load(story(), at=at)
        asleep = select(Ticket.snoozed_until).where(Ticket.snoozed_until.is_not(None))
        sleepers = [until.astimezone(CHICAGO) for until in db.session.scalars(asleep) if until]
        assert all(until > at for until in sleepers)
        assert sorted(f"{until:%H:%M}" for until in sleepers if until.year < 2100) == ["08:00"] * 4 + ["13:00"]

    @pytest.mark.usefixtures("app")
    def test_moves_the_times_people_speak_of(self) -> None:
        load(story(), at=STORY_NOW + timedelta(hours=2, minutes=3))
        said = db.session.scalars(select(Message.body_text).where(Message.body_text.contains("hold the stock"))).one()
        assert "until about 21:05 before" in said
        assert "leaves by 18:50." in said
        assert not db.session.scalars(select(Message).where(Message.body_text.contains("["))).all()


@pytest.mark.usefixtures("frozen_story")
class TestLivingOn:
    """The product goes on from where the story stops."""

    def test_everybody_signs_in_with_the_printed_password(self) -> None:
        hashes = set(db.session.scalars(select(Agent.password_hash)))
        assert len(hashes) == 1
        only = hashes.pop()
        assert only.startswith("$argon2id$")
        assert "m=65536,t=3,p=4" in only
        assert PasswordHasher().verify(only, PASSWORD)
        assert maya().is_admin

    def test_the_mailbox_takes_mail_by_the_listener_and_sends_into_a_folder(self) -> None:
        channel = db.session.scalars(select(Channel)).one()
        assert (channel.kind, channel.address, channel.name) == ("email", "support@halden.example", "Halden Mechanical")
        assert channel.config == {"incoming": "listener", "outgoing": "folder"}
        assert not channel.secrets
        assert channel.state == "working"

    def test_the_next_ticket_takes_the_next_number(self) -> None:
        contact = db.session.get_one(Contact, numbered(4812).contact_id)
        ticket = conversing.open_ticket(contact, Incoming(subject="Another", text="", reply_text=""))
        db.session.flush()
        assert ticket.number == 4819

    @pytest.mark.parametrize("number", [4808, 4812, 4817, 4795, 4818, 4814, 4806, 4801, 4802])
    def test_every_ticket_of_the_first_screen_can_be_answered(self, number: int) -> None:
        message = conversing.reply(numbered(number), Answer(body="On it."), by=maya())
        delivery = db.session.scalars(
            select(Delivery).where(Delivery.message_id == message.id).options(selectinload(Delivery.recipients))
        ).one()
        assert delivery.state == State.QUEUED
        assert [recipient.address.count("@") for recipient in delivery.recipients] == [1]

    def test_an_answer_to_any_mail_finds_its_ticket(self) -> None:
        mails = select(Message).where(Message.channel_kind == "email", Message.direction != "note")
        threads = {thread.key: thread for thread in db.session.scalars(select(Thread))}
        for message in db.session.scalars(mails):
            assert threads[message.external_id].ticket_id == message.ticket_id
            assert threads[message.external_id].message_id == message.id
        assert len(threads) > 40

    def test_words_are_found(self) -> None:
        found = text("SELECT count(*) FROM ticket_search WHERE words @@ plainto_tsquery('simple', 'freezer stock')")
        assert db.session.scalar(found) == 1

    def test_only_names_that_belong_to_nobody_are_used(self) -> None:
        values = [*db.session.scalars(select(Address.value)), *db.session.scalars(select(Agent.email))]
        assert values
        assert all(value.endswith(".example") for value in values)
        phones = set(db.session.scalars(select(Contact.phone))) - {""}
        assert all(" 555 01" in phone for phone in phones)
