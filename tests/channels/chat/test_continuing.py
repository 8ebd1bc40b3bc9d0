"""An answer nobody read goes by mail, and the mail back comes to the ticket: never before, never twice, and no proof."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from channels import continuing, dispatch, visiting
from channels.models import Visit
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.people.models import Address
from helpdesk.settings import settings
from helpdesk.tickets.models import Message
from tests.channels.chat.conftest import Page, Story
from tests.plugins.world import mail

ZOE = "zoe@quill.example"


@pytest.fixture
def left(story: Story) -> Delivery:
    """Zoe asked, gave her address and left; Ben answered."""
    story.page.say("The door does not close.", name="Zoe")
    assert story.page.tell("details", email=ZOE).get_json() == {"email": ZOE}
    delivery = story.answer(story.ticket(), "Press the seal.")
    visit = db.session.scalars(select(Visit)).one()
    visiting.note_presence(set(), {visiting.topic(visit.channel_id, visit.key)})
    db.session.commit()
    return delivery


def mails() -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).where(Delivery.purpose == "continuation").order_by(Delivery.id)))


def reply(to: str, sender: str = f"Zoe <{ZOE}>", **headers: str) -> bytes:
    return mail("That helped.", sender=sender, to=to, subject="Re: answered", **headers)


def reply_address() -> str:
    """Where the mail that left wants its answer."""
    (one,) = mails()
    dispatch.deliver(one.id)
    newest = max((settings().var / "outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime)
    return next(
        line.rpartition("<")[2].rstrip(">") for line in newest.read_text().splitlines() if line.startswith("Reply-To:")
    )


class TestAnUnreadAnswer:
    def test_goes_by_mail_once_they_have_left_for_the_minutes_of_the_chat(self, story: Story, left: Delivery):
        with travel(minutes=9):
            assert continuing.look() == 0
        with travel(minutes=11):
            assert (continuing.look(), continuing.look()) == (1, 0)
        (one,) = mails()
        assert (one.recipients[0].address, one.kind, one.ticket_id) == (ZOE, "email", story.ticket().id)
        assert "Press the seal." in one.content["text"]
        assert "door" not in one.content["subject"]

    def test_that_was_read_goes_nowhere(self, story: Story, left: Delivery):
        story.page.tell("seen", ids=[story.page.shown()[-1]["id"]], state="read")
        story.world.file()
        with travel(minutes=30):
            assert continuing.look() == 0

    def test_of_a_visitor_who_is_here_waits(self, story: Story, left: Delivery):
        with travel(minutes=11):
            visit = db.session.scalars(select(Visit)).one()
            visiting.note_presence({visiting.topic(visit.channel_id, visit.key)}, set())
            db.session.commit()
            assert continuing.look() == 0

    def test_without_an_address_waits_here(self, story: Story):
        story.page.say("The door does not close.")
        story.answer(story.ticket())
        with travel(hours=1):
            assert continuing.look() == 0

    def test_to_one_address_is_mailed_so_often_and_no_more(self, story: Story):
        for number in range(12):
            page = Page(story.world)
            page.say(f"Words {number}")
            page.tell("details", email=ZOE)
            story.answer(story.ticket())
        with travel(minutes=30):
            assert continuing.look() == 10


class TestTheMailBack:
    def test_comes_to_the_ticket_and_does_not_show_that_the_address_is_the_visitors(self, story: Story, left: Delivery):
        with travel(minutes=11):
            continuing.look()
            to = reply_address()
            (inbound,) = story.world.arrive(reply(to))
        story.world.fresh()
        ticket = story.ticket_by(inbound.ticket_id)
        visit = db.session.scalars(select(Visit)).one()
        assert visit.proven_at is None
        addresses = (
            select(Address.kind, Address.value).where(Address.contact_id == ticket.contact_id).order_by(Address.kind)
        )
        assert db.session.execute(addresses).all() == [("chat", visit.key)]
        message = db.session.get_one(Message, inbound.message_id)
        assert (message.body_text.strip(), message.warning) == ("That helped.", "")
        assert all(one["text"] != "That helped." for one in story.page.shown())
        assert story.page.say("I am back.").status_code == 202
        assert story.ticket().id == inbound.ticket_id

    def test_is_answered_in_the_chat_and_by_mail_again_where_that_stays_unread(self, story: Story, left: Delivery):
        with travel(minutes=11):
            continuing.look()
            (inbound,) = story.world.arrive(reply(reply_address()))
            story.world.fresh()
            answered = story.answer(story.ticket_by(inbound.ticket_id), "Grease it.")
            assert (answered.kind, answered.state) == ("chat", "sent")
        with travel(minutes=25):
            assert continuing.look() == 1
        assert (mails()[-1].recipients[0].address, "Grease it." in mails()[-1].content["text"]) == (ZOE, True)
        assert [one["text"] for one in story.page.shown()][-1] == "Grease it."

    def test_from_somebody_else_proves_nothing(self, story: Story, left: Delivery):
        with travel(minutes=11):
            continuing.look()
            to = reply_address()
            story.world.arrive(reply(to, sender="Mallory <mallory@elsewhere.example>"))
        story.world.fresh()
        assert db.session.scalars(select(Visit.proven_at)).one() is None
        assert all(one["text"] != "That helped." for one in story.page.shown())

    def test_that_may_be_forged_proves_nothing(self, story: Story, left: Delivery):
        with travel(minutes=11):
            continuing.look()
            to = reply_address()
            story.world.arrive(reply(to, Authentication_Results="meridian.example; dmarc=fail"))
        story.world.fresh()
        assert db.session.scalars(select(Visit.proven_at)).one() is None

    def test_before_any_mail_left_proves_nothing(self, story: Story, left: Delivery):
        story.world.arrive(reply(story.world.support.address))
        story.world.fresh()
        assert db.session.scalars(select(Visit.proven_at)).one() is None


class TestTheLink:
    def link(self, story: Story) -> str:
        with travel(minutes=11):
            continuing.look()
        return str(mails()[0].content["text"]).partition("#resume=")[2].split()[0]

    def test_opens_the_conversation_on_another_device(self, story: Story, left: Delivery):
        other = Page(story.world)
        other.token = other.tell("resumption", link=self.link(story)).get_json()["token"]
        assert [one["text"] for one in other.shown()] == ["The door does not close.", "Press the seal."]
        assert db.session.scalars(select(Visit.proven_at)).one() is None

    def test_shows_on_another_device_the_mail_of_the_mailbox_it_came_to(self, story: Story, left: Delivery):
        link = self.link(story)
        with travel(minutes=12):
            story.world.arrive(reply(reply_address()))
        story.world.fresh()
        other = Page(story.world)
        other.token = other.tell("resumption", link=link).get_json()["token"]
        assert [one["text"] for one in other.shown()][-1] == "That helped."
        assert other.call("GET", "messages").get_json()["proven"] is True
        assert story.page.call("GET", "messages").get_json()["proven"] is False

    def test_that_is_changed_or_old_opens_nothing(self, story: Story, left: Delivery):
        link = self.link(story)
        for wrong in (link[:-1] + "!", "", "a.b.c.d.e", link.replace(".", "", 1)):
            assert Page(story.world).tell("resumption", link=wrong).status_code == 404
        with travel(days=20):
            assert Page(story.world).tell("resumption", link=link).status_code == 404
        assert db.session.scalar(select(func.count()).select_from(Visit)) == 1
