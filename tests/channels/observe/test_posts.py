"""Posts that were heard: each once, with its newest words, until somebody makes a ticket of one. Nothing is answered there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from channels import dispatch, heard, intake, promoting, quarantining, undecided
from channels.adapter import Arrival
from channels.heard import Asked
from channels.models import Inbound
from channels.observe.models import ObservedPost
from channels.observe.source import CLOSED
from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.outbox import Delivery, DeliveryRecipient, State
from helpdesk.people import contacts
from helpdesk.tickets import conversing, reach, triage
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Message, Ticket
from tests.channels.observe.scene import Ear, connected, forum, rss, status
from tests.fakes.elsewhere import Elsewhere
from tests.plugins.world import World


@pytest.fixture
def ear(world: World, there: Elsewhere) -> Ear:
    """A forum in which one post was written."""
    there.forum.append(forum(1, "The <b>KX40</b> hums. <script>alert(1)</script><img src='https://spy.example/p.gif'>"))
    found = connected(world, there, "discourse")
    found.look()
    return found


def ticket_of(ear: Ear, world: World, number: int = 0) -> Ticket:
    post = heard.hold(world.ben, ear.posts()[number].id)
    ticket = promoting.promote(post, by=world.ben)
    db.session.commit()
    return ticket


def tell(ear: Ear, post: dict[str, object], *, key: str, gone: bool = False, name: str = "post:1") -> Inbound:
    raw = {"name": name, "at": ear.there.url, "gone": gone, "post": post}
    intake.accept(ear.channel, [Arrival(key, json.dumps(raw).encode())])
    ear.world.file()
    return db.session.scalars(select(Inbound).where(Inbound.external_id == key)).one()


class TestAPost:
    def test_is_no_ticket_and_has_no_clock(self, world: World, ear: Ear):
        before = db.session.scalar(select(func.count()).select_from(Ticket))
        ear.there.forum.append(forum(2, "another"))
        ear.look()
        assert len(ear.posts()) == 2
        assert db.session.scalar(select(func.count()).select_from(Ticket)) == before
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 0

    def test_that_is_told_again_is_a_duplicate(self, ear: Ear):
        same = tell(
            ear,
            forum(1, "The <b>KX40</b> hums. <script>alert(1)</script><img src='https://spy.example/p.gif'>"),
            key="again",
        )
        assert (same.state, len(ear.posts())) == ("duplicate", 1)

    def test_that_stands_in_two_sources_is_listed_once(self, world: World, there: Elsewhere):
        there.statuses.append(status(1, "w1"))
        first, second = connected(world, there, "mastodon"), connected(world, there, "mastodon", "w1", token="")
        first.look()
        there.private = False
        tell(second, there.statuses[0], key="elsewhere", name="status:9")
        assert (len(first.posts()), second.posts(), second.ends()) == (1, [], ["duplicate"])

    def test_is_not_taken_for_another_at_the_same_address_with_other_words(self, world: World, there: Elsewhere):
        first, second = connected(world, there, "mastodon"), connected(world, there, "mastodon", "w1")
        tell(first, status(1, "w1"), key="a", name="status:1")
        tell(second, status(1, "something else"), key="b", name="status:1")
        assert (len(first.posts()), len(second.posts())) == (1, 1)

    def test_without_words_is_known_by_its_title(self, world: World, there: Elsewhere):
        there.feed = rss(("1", "A", ""), ("2", "B", "")).replace(b"talk.example/2", b"talk.example/1")
        feed = connected(world, there, "feed")
        feed.look()
        assert len(feed.posts()) == 2

    def test_keeps_its_newest_words_whatever_is_filed_later(self, ear: Ear):
        older, newer = (
            {"name": "post:5", "at": "https://f.example", "gone": False, "post": forum(5, said)}
            for said in ("old", "new")
        )
        intake.accept(ear.channel, [Arrival(str(i), json.dumps(one).encode()) for i, one in enumerate((older, newer))])
        held = db.session.scalars(select(Inbound).where(Inbound.external_id == "0")).one()
        held.state = "quarantined"
        db.session.commit()
        ear.world.file()
        quarantining.move(held.id, "quarantined", "waiting")
        ear.world.file()
        db.session.expire_all()
        assert ear.posts()[-1].text == "new"
        assert (held.state, held.reason) == ("ignored", "It is older than what is known by now.")

    def test_that_was_gone_before_it_was_read_is_nothing(self, ear: Ear):
        never = tell(ear, {}, key="never", gone=True, name="post:99")
        assert (never.state, never.reason) == ("ignored", "Its author took it back before it was read.")

    def test_that_was_taken_back_and_comes_again_is_there_again(self, ear: Ear):
        tell(ear, {}, key="gone", gone=True)
        assert (ear.post().text, ear.post().is_new) == ("", False)
        tell(ear, forum(1, "back"), key="back")
        assert (ear.post().text, ear.post().is_new) == ("back", True)

    def test_that_cannot_be_read_stands_in_quarantine_and_stops_nothing(self, ear: Ear):
        bad = tell(ear, forum(2, "x", username=""), key="bad", name="post:2")
        tell(ear, forum(3, "fine"), key="fine", name="post:3")
        assert (bad.state, len(ear.posts())) == ("quarantined", 2)
        tried = tell(ear, forum(4, "x" * 100_001), key="long", name="post:4")
        assert (tried.state, "longer than" in tried.reason) == ("quarantined", True)


class TestFinding:
    def found(self, world: World, **asked: object) -> list[str]:
        return [row.post.text for row in heard.listed(world.ben, Asked(**{"show": "all", **asked})).rows]  # type: ignore[arg-type]

    def test_goes_by_words_of_title_author_and_text(self, world: World, ear: Ear):
        tell(ear, forum(2, "Part KX-100 of the compressor"), key="2", name="post:2")
        assert self.found(world, words="compr kx 100") == ["Part KX-100 of the compressor"]
        assert len(self.found(world, words="topic nora")) == 2
        assert self.found(world, words="nobody") == []
        assert self.found(world, words="'&!|:*") == []

    def test_goes_by_tag_source_and_decision(self, world: World, there: Elsewhere, ear: Ear):
        there.feed = rss(("1", "A", "first"))
        feed = connected(world, there, "feed")
        feed.look()
        heard.tag(feed.post(), ["Noise ", "noise"])
        heard.ignore(feed.post(), by=world.ben)
        db.session.commit()
        assert self.found(world, tag="noise") == ["first"]
        assert self.found(world, source=feed.channel_id) == ["first"]
        assert self.found(world, show="ignored") == ["first"]
        assert len(self.found(world, show="new")) == 1
        assert list(heard.tags_in_use()) == ["noise"]

    def test_is_for_agents_who_are_here(self, world: World, ear: Ear):
        world.mei.deactivated_at = now()
        db.session.flush()
        assert heard.listed(world.mei, Asked()).rows == []
        with pytest.raises(NotFound):
            heard.hold(world.mei, ear.post().id)

    def test_goes_page_by_page(self, world: World, ear: Ear):
        for number in range(2, heard.PAGE + 4):
            tell(ear, forum(number, f"w{number}"), key=str(number), name=f"post:{number}")
        first = heard.listed(world.ben, Asked())
        second = heard.listed(world.ben, Asked(), first.after or "")
        assert (len(first.rows), len(second.rows), second.after) == (heard.PAGE, 3, None)

    def test_counts_what_waits_where_anything_is_listened_to(self, world: World, ear: Ear):
        assert undecided.counts().posts == 1
        heard.ignore(ear.post(), by=world.ben)
        assert undecided.counts().posts == 0

    def test_counts_nothing_where_nothing_is_listened_to(self, world: World):
        assert undecided.counts().posts is None


class TestMakingATicket:
    def test_carries_words_author_and_link(self, world: World, ear: Ear):
        ticket = ticket_of(ear, world)
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        url = f"{ear.there.url}/t/a-topic/701/1"
        assert (ticket.subject, message.author_name, message.author_address) == (
            "Topic 1",
            "Nora Lind",
            "nora@127.0.0.1",
        )
        assert message.body_text.endswith(url)
        assert url in message.body_html
        assert "script" not in message.body_html
        assert "spy.example" not in message.body_html
        assert message.remote_images == ["https://spy.example/p.gif"]
        assert (ear.post().state, ear.post().ticket_id, ear.post().message_id) == ("ticket", ticket.id, message.id)

    def test_says_that_nothing_can_be_answered_there(self, world: World, ear: Ear):
        ticket = ticket_of(ear, world)
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        assert "an answer cannot be sent there" in message.warning
        assert reach.of(ticket).closed == CLOSED
        with pytest.raises(Invalid, match="nothing can be said there"):
            conversing.reply(ticket, Answer(body="Hello"), by=world.ben)

    def test_a_note_goes_all_the_same(self, world: World, ear: Ear):
        conversing.note(ticket_of(ear, world), Answer(body="Let us watch this."), by=world.ben)

    def test_twice_gives_the_same_ticket(self, world: World, ear: Ear):
        assert ticket_of(ear, world).id == ticket_of(ear, world).id

    def test_says_who_made_it_and_takes_the_tags_along(self, world: World, ear: Ear):
        heard.tag(ear.post(), ["noise"])
        ticket = ticket_of(ear, world)
        told = db.session.scalars(
            select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.promoted")
        ).one()
        assert (told.data["said"], triage.tag_names(ticket)) == ("in a forum", ["noise"])

    def test_of_somebody_known_is_answered_by_mail(self, world: World, ear: Ear):
        contacts.add_address(world.olive, "nora@127.0.0.1", kind="discourse")
        ticket = ticket_of(ear, world)
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        assert (ticket.contact_id, ticket.channel_kind, message.channel_kind) == (world.olive.id, "email", "discourse")
        assert "answer goes to them by mail" in message.warning
        answer = world.reply(ticket, "We saw your post.")
        assert [one.address for one in world.delivery(answer).recipients] == ["olive@orchard-dairy.example"]

    @pytest.mark.parametrize("name", [b"olive@orchard-dairy.example (Olive Tran)", b"Olive Tran"])
    def test_never_takes_a_name_for_a_person(self, world: World, there: Elsewhere, name: bytes):
        there.feed = rss(("1", "A", "first")).replace(b"<description>", b"<author>" + name + b"</author><description>")
        feed = connected(world, there, "feed")
        feed.look()
        ticket = ticket_of(feed, world)
        assert feed.post().author_name == name.decode()
        assert (feed.post().author_address, ticket.contact_id == world.olive.id) == ("", False)
        assert ticket.channel_kind == "feed"

    def test_counts_from_now_or_from_when_it_was_posted_as_set(self, world: World, there: Elsewhere):
        told = []
        for clock in ("made", "posted"):
            there.forum = [forum(1, clock, created_at="2026-11-01T08:00:00Z")]
            ear = connected(world, there, "discourse", f"{there.url}/?{clock}", clock=clock, base_url=there.url)
            ear.look()
            ticket = ticket_of(ear, world)
            opened = db.session.scalars(
                select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.opened")
            ).one()
            told.append(opened.data.get("received"))
        assert told == [None, datetime(2026, 11, 1, 8, tzinfo=UTC).isoformat()]

    def test_of_what_was_taken_back_is_refused(self, world: World, ear: Ear):
        tell(ear, {}, key="gone", gone=True)
        with pytest.raises(Conflict):
            ticket_of(ear, world)

    def test_a_ticket_is_not_ignored(self, world: World, ear: Ear):
        ticket_of(ear, world)
        with pytest.raises(Conflict):
            heard.ignore(ear.post(), by=world.ben)
        assert heard.put_back(ear.post(), by=world.ben).state == "ticket"

    def test_goes_to_the_team_of_its_source(self, world: World, ear: Ear):
        assert ticket_of(ear, world).team_id == ear.channel.team_id


class TestLater:
    def test_words_that_change_change_on_the_ticket(self, world: World, ear: Ear):
        ticket = ticket_of(ear, world)
        ear.there.forum[0]["cooked"] = "<p>It hums louder.</p>"
        ear.look()
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        assert message.body_text.startswith("It hums louder.\n\nhttp")
        assert message.edited_at is not None
        changed = db.session.scalars(select(Inbound).where(Inbound.ticket_id == ticket.id)).all()
        assert [one.state for one in changed] == ["done"]

    def test_words_that_are_taken_back_leave_the_ticket(self, world: World, there: Elsewhere):
        there.statuses.append(status(1, "My secret is out"))
        ear = connected(world, there, "mastodon")
        ear.look()
        ticket = ticket_of(ear, world)
        assert "secret" in ticket.subject
        there.statuses.clear()
        ear.look()
        db.session.refresh(ticket)
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        assert (message.body_text, message.deleted_at is not None) == ("", True)
        assert "secret" not in ticket.subject + ticket.preview + message.subject


class TestSending:
    def test_leads_nowhere_whatever_is_put_into_the_outbox(self, world: World, ear: Ear):
        to = DeliveryRecipient(address="nora@127.0.0.1", name="Nora")
        delivery = Delivery(
            purpose="letter", kind="discourse", channel_id=ear.channel_id, content={"subject": "", "text": "Hello"}
        )
        delivery.recipients, delivery.not_before, delivery.created_at = [to], now() - timedelta(seconds=5), now()
        delivery.state = State.QUEUED
        db.session.add(delivery)
        db.session.commit()
        dispatch.deliver(delivery.id)
        db.session.expire_all()
        assert delivery.state == State.FAILED
        assert "only listened to" in delivery.reason
        assert ear.there.methods == {"GET"}


def test_the_row_says_what_is_new():
    assert ObservedPost(state="new").is_new
    assert not ObservedPost(state="ignored").is_new
