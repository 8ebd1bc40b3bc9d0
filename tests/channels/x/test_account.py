"""An account from the first word to the last file, by asking and by call, at X's API on loopback."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from channels import dispatch, feeding, intake, spending
from channels.adapter import Arrival, AuthExpired, Permanent, RateLimited, Retryable, Uncertain
from channels.doors import Batch
from channels.models import Channel, Conversation
from channels.x import connection as connections
from channels.x import polling
from channels.x.client import client
from channels.x.failures import ask
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.settings import settings
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels.contract import xs
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene, fetch_all, staged, with_files
from tests.fakes import x as fakes
from tests.fakes.x import ME, Refusal, X, signed
from tests.plugins.world import World

LATELY = int(time.time()) - 600


@pytest.fixture
def scene(world: World, x: X) -> Scene:
    return staged(world, xs.MENTIONS, xs.Peer(x))


def said(number: int = 1, text: str = "The cold room is warm.", **more: Any) -> Said:
    return Said(number, text, at=LATELY + number, **more)


def direct(one: Said, sender: str = "") -> dict[str, Any]:
    """A MessageCreate event of v2."""
    low, high = sorted((str(one.chat), ME), key=int)
    return {
        "id": xs.number(one), "event_type": "MessageCreate", "text": one.text, "sender_id": sender or str(one.chat),
        "dm_conversation_id": f"{low}-{high}", "created_at": xs.stamp(one.at),
    }  # fmt: skip


def look(scene: Scene) -> Batch:
    """Ask once, as the thread of the channel does, and file what came."""
    channel = db.session.get_one(Channel, scene.channel.id)
    batch = polling.poll(connections.read(channel), dict(channel.cursor))
    intake.accept(channel, batch.arrivals, cursor=batch.cursor)
    scene.world.file()
    scene.world.fresh()
    return batch


def look_until_done(scene: Scene) -> list[Batch]:
    """Until no page is left; time passes between."""
    batches = [look(scene)]
    while any(place.get("token") for place in batches[-1].cursor.values() if isinstance(place, dict)):
        batches.append(look(scene))
    return batches


def directly(scene: Scene, one: Said | None = None) -> Ticket:
    """A customer writes directly; the ticket it went to."""
    scene.hear(xs.directs(one or said()))
    return db.session.get_one(Ticket, scene.arrived()[-1].ticket_id)


class TestAsking:
    def test_takes_in_what_named_us_and_what_was_written_directly(self, scene: Scene, x: X):
        x.mentions, x.directs = [xs.post(said(1))], [direct(said(2, "In private.", chat=777))]
        x.users = [xs.person(said(1)), xs.person(said(2, chat=777, author="Jonas Weber"))]
        batch = look(scene)
        assert [one.body_text for one in scene.messages()] == ["The cold room is warm.", "In private."]
        assert [one.author_name for one in scene.messages()] == ["Olive Tran (@olive501)", "Jonas Weber (@jonas777)"]
        assert batch.pause == 60

    def test_goes_on_behind_what_it_knows(self, scene: Scene, x: X):
        x.mentions = [xs.post(said(1))]
        look(scene)
        assert look(scene).arrivals == []
        assert x.called(f"/2/users/{ME}/mentions")[-1].said["since_id"] == xs.number(said(1))

    def test_leaves_what_is_older_than_a_day_before_it_began(self, scene: Scene, x: X):
        old = Said(1, "Long ago.", at=LATELY - 3 * 86400)
        x.mentions, x.directs = [xs.post(old)], [direct(old), direct(said(2, "Lately."))]
        look(scene)
        assert [one.body_text for one in scene.messages()] == ["Lately."]

    def test_after_a_downtime_brings_every_page_once(self, scene: Scene, x: X):
        x.mentions, x.directs = [xs.post(said(1))], [direct(said(2))]
        look_until_done(scene)
        for number in range(10, 240):
            x.mentions.append(xs.post(said(number, f"Post {number}", chat=500 + number % 9)))
        for number in range(300, 420):
            x.directs.append(direct(said(number, f"Direct {number}", chat=600 + number % 4)))
        look_until_done(scene)
        bodies = sorted(one.body_text for one in scene.messages())
        expected = [f"Post {n}" for n in range(10, 240)] + [f"Direct {n}" for n in range(300, 420)]
        assert bodies == sorted([*expected, said().text, said().text])
        assert set(scene.states()) == {"done"}
        assert look(scene).arrivals == []

    def test_that_was_cut_between_two_pages_goes_on_and_brings_nothing_twice(self, scene: Scene, x: X):
        x.mentions = [xs.post(said(1))]
        look_until_done(scene)
        x.mentions += [xs.post(said(number, f"Post {number}")) for number in range(10, 160)]
        assert len(look(scene).arrivals) == 100
        x.mentions.append(xs.post(said(500, "While it was away.")))
        look_until_done(scene)
        look_until_done(scene)
        bodies = [one.body_text for one in scene.messages()]
        assert len(bodies) == len(set(bodies)) == 152

    def test_begins_a_look_anew_when_its_page_is_not_known_any_more(self, scene: Scene, x: X):
        x.mentions = [xs.post(said(1))]
        place = {"from": "2026-01-01T00:00:00+00:00", "since": "1", "token": "7140gone", "top": "9"}
        scene.channel.cursor = {"me": ME, "posts": place}
        db.session.commit()
        look(scene)
        look(scene)
        assert [one.body_text for one in scene.messages()] == ["The cold room is warm."]

    def test_of_one_kind_goes_on_while_the_other_may_not_be_asked(self, scene: Scene, x: X):
        x.mentions = [xs.post(said(1))]
        x.read_refusals["dm_events"] = [Refusal(429, headers={"x-rate-limit-reset": str(int(time.time()) + 300)})]
        look(scene)
        assert len(scene.messages()) == 1

    def test_waits_as_long_as_x_says(self, scene: Scene, x: X):
        reset = {"x-rate-limit-reset": str(int(time.time()) + 300)}
        x.read_refusals = {"dm_events": [Refusal(429, headers=reset)], "mentions": [Refusal(429, headers=reset)]}
        with pytest.raises(RateLimited) as limited:
            look(scene)
        assert 298 <= limited.value.retry_after <= 303

    def test_reads_no_direct_messages_where_they_are_not_wanted(self, scene: Scene, x: X):
        scene.channel.config = {**scene.channel.config, "reads": "posts"}
        look(scene)
        assert x.called("/2/dm_events") == []

    def test_is_rarer_beside_calls(self, scene: Scene):
        scene.channel.config = {**scene.channel.config, "incoming": "both"}
        assert look(scene).pause == 900

    def test_goes_on_in_a_thread_of_its_own_beside_calls_and_counts_what_it_costs(self, scene: Scene, x: X):
        scene.channel.config = {**scene.channel.config, "incoming": "both"}
        x.mentions = [xs.post(said(1)), xs.post(said(2))]
        with fed(scene):
            until(scene, lambda: len(scene.arrived()) == 2)
        assert spending.spent(scene.channel.id) == Decimal("0.002")

    def test_says_that_it_works_again_when_x_answers_again(self, scene: Scene, x: X):
        scene.channel.config = {**scene.channel.config, "incoming": "poll"}
        x.read_refusals = {"mentions": [Refusal(503)], "dm_events": [Refusal(503)]}
        with fed(scene):
            until(scene, lambda: scene.channel.state == "slowed")
            until(scene, lambda: scene.channel.state == "working")

    def test_goes_on_and_says_so_when_something_unforeseen_happens(
        self, scene: Scene, x: X, caplog: pytest.LogCaptureFixture
    ):
        scene.channel.config = {**scene.channel.config, "incoming": "poll"}
        scene.channel.cursor = {"posts": "what another version wrote"}
        with fed(scene):
            until(scene, lambda: scene.channel.state == "slowed")
            assert scene.channel.state_text.startswith("Something unexpected went wrong")
            scene.channel.cursor = {}
            x.mentions = [xs.post(said(1))]
            db.session.commit()
            until(scene, lambda: len(scene.arrived()) == 1)
            until(scene, lambda: scene.channel.state == "working")
        assert "channel_broke" in caplog.messages

    def test_says_that_the_tokens_are_wrong(self, scene: Scene, x: X):
        x.access_secret = "another"
        with pytest.raises(AuthExpired, match="new tokens"):
            look(scene)


@contextmanager
def fed(scene: Scene) -> Iterator[None]:
    """Its feed runs, as in the worker."""
    db.session.commit()
    end = threading.Event()
    pace = feeding.Pace(look=0.2, first=0.05, most=0.2)
    thread = threading.Thread(target=feeding.feed, args=(scene.world.app, scene.channel.id, end, pace))
    thread.start()
    try:
        yield
        assert thread.is_alive()
    finally:
        end.set()
        thread.join(10)


def until(scene: Scene, holds: Callable[[], bool]) -> None:
    """Look again, for 10 seconds at most."""
    for _ in range(200):
        scene.world.fresh()
        if holds():
            return
        time.sleep(0.05)
    pytest.fail(f"it never happened: {scene.channel.state}, {scene.channel.state_text}")


class TestTheSamePost:
    def test_by_call_and_by_asking_has_one_effect(self, scene: Scene, x: X):
        x.mentions, x.users = [xs.post(said(1))], [xs.person(said(1))]
        scene.hear(xs.mention(said(1)))
        look(scene)
        scene.hear(xs.mention(said(1)))
        assert [len(scene.arrived()), len(scene.messages())] == [1, 1]

    def test_in_any_order_and_by_every_way_has_one_effect(self, scene: Scene, x: X):
        chance = random.Random(29)
        everything = [said(number, f"Words {number}", chat=500 + number % 5) for number in range(1, 41)]
        x.mentions = [xs.post(one) for one in everything]
        x.directs = [direct(said(one.number + 100, f"Direct {one.number}", chat=one.chat)) for one in everything]
        calls = [xs.mention(one) for one in everything]
        calls += [xs.directs(said(one.number + 100, f"Direct {one.number}", chat=one.chat)) for one in everything]
        calls = [*calls, *chance.choices(calls, k=20)]
        chance.shuffle(calls)
        scene.hear(*calls[:50])
        look_until_done(scene)
        scene.hear(*calls[50:])
        bodies = [one.body_text for one in scene.messages()]
        assert len(bodies) == len(set(bodies)) == 80

    def test_of_two_customers_in_one_thread_is_two_tickets(self, scene: Scene):
        first = scene.say(said(1))
        other = xs.post(said(2, "Mine too.", chat=777), conversation_id="9501")
        scene.hear(xs.told("post.mention.create", other))
        assert scene.messages()[-1].ticket_id != first.id


class TestOurOwnWords:
    def test_that_come_back_are_known(self, scene: Scene, x: X):
        scene.answer(scene.say(said()))
        ours = {
            "id": x.sent[0]["id"], "author_id": ME, "text": "@olive501 We are on our way.", "conversation_id": "9501",
            "in_reply_to_user_id": "501", "referenced_tweets": [{"type": "replied_to", "id": xs.number(said())}],
        }  # fmt: skip
        scene.hear(xs.told("post.create", ours))
        assert scene.states() == ["done", "ignored"]

    def test_written_at_x_itself_are_on_the_ticket(self, scene: Scene):
        ticket = directly(scene)
        event = direct(said(9, "I called them."), sender=ME)
        scene.channel.cursor = {}
        raw = json.dumps({"for_user_id": ME, "dm_event": event}).encode()
        intake.accept(scene.channel, [Arrival("dm:9", raw)])
        scene.world.file()
        scene.world.fresh()
        words = [message.body_text for message in ticket_messages(ticket)]
        assert words == ["The cold room is warm.", "I called them."]

    def test_that_were_deleted_at_x_change_nothing_here(self, scene: Scene, x: X):
        scene.answer(scene.say(said()))
        gone = {"for_user_id": ME, "tweet_delete_events": [{"status": {"id": x.sent[0]["id"], "user_id": ME}}]}
        scene.hear(json.dumps(gone).encode())
        assert scene.states() == ["done", "ignored"]


def ticket_messages(ticket: Ticket) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))


class TestADeletion:
    def test_by_the_customer_takes_the_words_away(self, scene: Scene):
        scene.say(said())
        scene.hear(xs.told("post.delete", {"id": xs.number(said()), "author_id": "501"}))
        (message,) = scene.messages()
        assert message.deleted_at is not None


class TestAnAnswerInPublic:
    def test_goes_under_the_newest_post_of_theirs(self, scene: Scene, x: X):
        ticket = scene.say(said(1))
        scene.say(said(2, "And wet."))
        scene.answer(ticket)
        (sent,) = x.sent
        assert sent["reply"] == {"in_reply_to_tweet_id": xs.number(said(2))}
        assert sent["text"] == "We are on our way."

    def test_of_281_is_refused_and_of_280_goes(self, scene: Scene, x: X):
        ticket = scene.say(said())
        browser = scene.browser()
        over = browser.post(f"/tickets/{ticket.number}/replies", {"body": "冷" * 140 + "!"})
        assert (over.status_code, "1 characters too long for X account @meridianservice" in over.text) == (422, True)
        fits = browser.post(f"/tickets/{ticket.number}/replies", {"body": "冷" * 140})
        assert fits.status_code == 303

    def test_is_not_written_to_who_did_not_name_us(self, scene: Scene, x: X):
        unnamed = xs.post(said(), text="thank you", entities={}, in_reply_to_user_id=ME)
        scene.hear(xs.told("post.create", unnamed))
        ticket = db.session.get_one(Ticket, scene.messages()[0].ticket_id)
        shown = scene.browser().get(f"/tickets/{ticket.number}").text
        assert "X lets us answer in public only who names us" in shown
        assert x.sent == []

    def test_says_what_it_costs_and_that_everybody_can_read_it(self, scene: Scene):
        shown = scene.browser().get(f"/tickets/{scene.say(said()).number}").text
        assert "Goes to X account @meridianservice. Everybody can read it." in shown
        assert "It costs $0.01, and with a link in it $0.20." in shown
        assert 'data-most="280" data-unit="weighed"' in shown

    def test_is_counted_by_whether_it_has_a_link(self, scene: Scene, x: X):
        ticket = scene.say(said())
        scene.answer(ticket)
        assert spending.spent(scene.channel.id) == Decimal("0.01")
        scene.answer(ticket, "See https://meridian.example/manual")
        assert spending.spent(scene.channel.id) == Decimal("0.21")

    def test_of_the_products_own_is_cut_to_fit_at_a_paragraph(self, scene: Scene, x: X):
        scene.channel.acknowledges, scene.channel.name = True, "Meridian " + "Cooling and Freezing " * 12
        ticket = scene.say(said())
        for delivery_id in list(db.session.scalars(select(Delivery.id))):
            dispatch.deliver(delivery_id)
        (sent,) = x.sent
        assert sent["reply"] == {"in_reply_to_tweet_id": xs.number(said())}
        assert f"#{ticket.number}" in sent["text"]
        assert "Freezing" not in sent["text"]

    def test_that_x_took_without_naming_it_is_in_doubt(self, scene: Scene, x: X, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(x, "post", lambda _asked: {"data": ["?"]})
        delivery = scene.answer(scene.say(said()))
        assert delivery.state == State.UNCERTAIN


class TestADirectMessage:
    def test_is_answered_directly_and_apart_from_public_words(self, scene: Scene, x: X):
        public, private = scene.say(said(1)), directly(scene, said(2, "My address is 4 Main St."))
        assert public.id != private.id
        scene.answer(private, "Thank you.")
        assert (x.sent[0]["talk"], x.sent[0]["text"]) == ("501-1111", "Thank you.")
        shown = scene.browser().get(f"/tickets/{private.number}").text
        assert "Everybody can read it" not in shown
        assert "It costs $0.015" in shown

    def test_that_was_read_says_so(self, scene: Scene, x: X):
        delivery = scene.answer(directly(scene))
        told = {"sender_id": "501", "target": {"recipient_id": ME}, "last_read_event_id": x.sent[0]["id"]}
        scene.hear(json.dumps({"for_user_id": ME, "direct_message_mark_read_events": [told]}).encode())
        assert delivery.recipients[0].progress == "read"

    def test_with_several_files_is_several_and_another_try_goes_on(self, scene: Scene, x: X):
        files = [(f"{n}.png", "image/png", b"\x89PNG" + bytes([n])) for n in range(3)]
        delivery = with_files(scene, directly(scene), "Three", *files)
        real = x.direct

        def limited(asked: Any, talk: str) -> Any:
            if len(x.sent) == 1 and not x.refusals and not hasattr(x, "was_limited"):
                x.was_limited = True
                raise Refusal(429, headers={"x-rate-limit-reset": str(int(time.time()) + 5)})
            return real(asked, talk)

        x.direct = limited  # type: ignore[method-assign]
        assert scene.deliver(delivery).state == State.QUEUED
        with travel(seconds=8):
            assert scene.deliver(delivery).state == State.SENT
        assert [(one.get("text"), len(one["files"])) for one in x.sent] == [("Three", 1), (None, 1), (None, 1)]
        assert spending.spent(scene.channel.id) == Decimal("0.045")

    def test_that_is_encrypted_is_a_ticket_that_says_so(self, scene: Scene, x: X):
        payload = {"id": "e4f4", "created_at_msec": "1784841183370", "sender_id": "501", "conversation_id": "501:1111"}
        scene.hear(xs.told("chat.received", payload))
        (message,) = scene.messages()
        assert "encrypted" in message.body_text
        ticket = db.session.get_one(Ticket, message.ticket_id)
        shown = scene.browser().get(f"/tickets/{ticket.number}").text
        assert "only X itself can read or answer them" in shown
        assert "Nothing can be sent now" in shown


class TestFilesThatGoOut:
    def test_go_up_in_pieces_before_the_post(self, scene: Scene, x: X):
        picture = b"\x89PNG" + bytes(4_500_000)
        delivery = with_files(scene, scene.say(said()), "Like this?", ("valve.png", "image/png", picture))
        assert scene.deliver(delivery).state == State.SENT
        (number,) = x.sent[0]["files"]
        upload = x.uploads[number]
        assert upload.wanted == {
            "media_type": "image/png", "total_bytes": len(picture), "media_category": "tweet_image",
        }  # fmt: skip
        assert b"".join(upload.pieces[place] for place in sorted(upload.pieces)) == picture
        assert (len(upload.pieces), x.sent[0]["media"]["media_ids"]) == (2, [number])

    def test_wait_until_x_has_worked_on_a_video(self, scene: Scene, x: X):
        x.slow_looks = 2
        delivery = with_files(scene, directly(scene), "", ("drip.mp4", "video/mp4", b"video"))
        assert scene.deliver(delivery).state == State.SENT
        (upload,) = x.uploads.values()
        assert (upload.looks, upload.wanted["media_category"]) == (2, "dm_video")

    def test_that_x_cannot_read_are_said_so_and_nothing_is_posted(self, scene: Scene, x: X):
        x.upload_fails = True
        delivery = with_files(scene, scene.say(said()), "Look", ("drip.mp4", "video/mp4", b"video"))
        assert scene.deliver(delivery).state == State.FAILED
        assert ("X could not read drip.mp4" in delivery.reason, x.sent) == (True, [])

    def test_of_another_kind_are_refused_while_it_is_written(self, scene: Scene, x: X):
        ticket = scene.say(said())
        with pytest.raises(Exception, match="of a kind that X account @meridianservice does not take"):
            with_files(scene, ticket, "Look", ("plan.pdf", "application/pdf", b"%PDF"))

    def test_that_do_not_go_together_are_refused_before_anything_is_sent(self, scene: Scene, x: X):
        files = [("a.png", "image/png", b"a"), ("b.mp4", "video/mp4", b"b")]
        delivery = with_files(scene, scene.say(said()), "Look", *files)
        assert scene.deliver(delivery).state == State.FAILED
        assert ("one video with a post" in delivery.reason, x.uploads, x.sent) == (True, {}, [])


class TestFilesThatComeIn:
    def fetched(self, scene: Scene) -> list[Attachment]:
        fetch_all(scene)
        return list(db.session.scalars(select(Attachment).where(Attachment.message_id == scene.messages()[0].id)))

    def picture(self) -> bytes:
        payload = xs.post(said(), attachments={"media_keys": ["3_1"]})
        data = json.loads(xs.told("post.mention.create", payload))
        data["data"]["includes"]["media"] = [
            {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"}
        ]
        return json.dumps(data).encode()

    def test_are_fetched_after_their_post_was_filed(self, scene: Scene, x: X):
        x.files["/media/a.jpg"] = b"\xff\xd8 a picture"
        scene.hear(self.picture())
        assert scene.messages()[0].missing_files == ["picture-1.jpg is on its way here."]
        (file,) = self.fetched(scene)
        assert (file.filename, blobs.get(file.sha256)) == ("picture-1.jpg", b"\xff\xd8 a picture")
        assert "message.completed" in set(db.session.scalars(select(Event.kind)))

    def test_of_direct_messages_are_asked_for_signed(self, scene: Scene, x: X):
        x.files["/1.1/ton/data/dm/603/6/a.jpg"] = b"private"
        url = "https://ton.twitter.com/1.1/ton/data/dm/603/6/a.jpg"
        attached = {"type": "media", "media": {"type": "photo", "media_url_https": url}}
        event = xs.direct(said(), attachment=attached)
        scene.hear(json.dumps({"for_user_id": ME, "direct_message_events": [event]}).encode())
        (file,) = self.fetched(scene)
        assert blobs.get(file.sha256) == b"private"

    def test_that_x_does_not_have_are_said_to_be_missing(self, scene: Scene):
        scene.hear(self.picture())
        assert self.fetched(scene) == []
        (sentence,) = scene.messages()[0].missing_files
        assert "X does not have it any more" in sentence


class TestTheBudget:
    def test_that_is_used_up_ends_asking_and_answering_and_says_so(self, scene: Scene, x: X):
        scene.channel.config = {**scene.channel.config, "budget": "0.50"}
        ticket = scene.say(said())
        delivery = scene.world.delivery(scene.world.reply(ticket))
        spending.add(scene.channel.id, Decimal("0.499"))
        db.session.commit()
        assert scene.deliver(delivery).state == State.SENT
        shown = scene.browser().get(f"/tickets/{ticket.number}").text
        assert "for this month, $0.50, is used up" in shown
        with pytest.raises(Retryable, match="used up"):
            feeding._poll(scene.world.app, scene.channel.id, threading.Event(), lambda _: Batch([], {}))
        assert x.asked[-1].path == "/2/tweets"

    def test_stops_what_was_already_on_its_way(self, scene: Scene, x: X):
        delivery = scene.world.delivery(scene.world.reply(scene.say(said())))
        scene.channel.config = {**scene.channel.config, "budget": "1"}
        spending.add(scene.channel.id, Decimal(1))
        db.session.commit()
        assert scene.deliver(delivery).state == State.FAILED
        assert ("used up" in delivery.reason, x.sent) == (True, [])

    def test_begins_anew_with_the_month(self, scene: Scene):
        spending.add(scene.channel.id, Decimal(1))
        with travel(days=32):
            assert spending.spent(scene.channel.id) == 0

    def test_is_shown_in_the_settings(self, scene: Scene):
        scene.channel.config = {**scene.channel.config, "budget": "5"}
        spending.add(scene.channel.id, Decimal("0.215"))
        db.session.commit()
        shown = scene.world.browser(scene.world.ada).get(f"/settings/channels/{scene.channel.id}").text
        assert "$0.22 of $5.00, by our count" in shown or "$0.21 of $5.00, by our count" in shown


class TestTheChallenge:
    def ask(self, scene: Scene, query: str, headers: dict[str, str] | None = None):
        db.session.commit()
        with scene.world.app.test_client() as browser:
            return browser.get(f"/hooks/x/{xs.KEY}?{query}", headers=headers or {})

    def test_is_answered_with_the_token_signed(self, scene: Scene):
        answer = self.ask(scene, "crc_token=MTIzNDU2Nzg5&nonce=abc")
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.json == {"response_token": signed(b"MTIzNDU2Nzg5")}

    def test_that_is_signed_wrongly_is_refused(self, scene: Scene):
        query = "crc_token=MTIzNDU2Nzg5&nonce=abc"
        right = {xs.HEADER: signed(query.encode())}
        wrong = {xs.HEADER: signed(b"crc_token=another")}
        assert self.ask(scene, query, right).status_code == 200
        assert self.ask(scene, query, wrong).status_code == 401

    def test_signs_nothing_that_could_be_an_event(self, scene: Scene):
        forged = xs.mention(said()).decode()
        assert self.ask(scene, f"crc_token={quote(forged)}").status_code == 401
        for token in ("", "{}", "a%20b", "%7B%22a%22%3A1%7D", "a" * 301, "%0A", "a%0A"):
            assert self.ask(scene, f"crc_token={token}").status_code == 401, token

    def test_of_a_channel_that_is_not_there_is_refused(self, scene: Scene):
        db.session.commit()
        with scene.world.app.test_client() as browser:
            assert browser.get("/hooks/x/another?crc_token=abc").status_code == 401


class TestTheWire:
    def asked(self, scene: Scene) -> Any:
        return client(connections.read(scene.channel))

    def test_goes_to_no_private_address(self, scene: Scene, x: X, monkeypatch: pytest.MonkeyPatch):
        asked = self.asked(scene)
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "")
        settings.cache_clear()
        with pytest.raises(Permanent, match="private address"):
            ask(asked.get_me, is_read=True)
        assert x.asked == []

    def test_follows_no_redirect(self, scene: Scene, x: X):
        x.redirects_to = "http://127.0.0.1:9/"
        with pytest.raises(Permanent, match="another address"):
            ask(self.asked(scene).get_me, is_read=True)

    def test_goes_to_hosts_of_x_alone(self, scene: Scene):
        for url in (
            "https://evil.example/2/users/me",
            "http://api.twitter.com/2/users/me",
            "https://api.twitter.com:81/",
        ):
            with pytest.raises(Permanent, match="no address of X"):
                ask(lambda url=url: self.asked(scene).session.get(url), is_read=True)

    def test_doubts_what_broke_off_and_not_what_was_only_read(self, scene: Scene, x: X):
        x.cut = True
        with pytest.raises(Uncertain):
            ask(lambda: self.asked(scene).create_tweet(text="x"))
        scene.channel.config = {**scene.channel.config, "base_url": "http://127.0.0.1:9"}
        with pytest.raises(Retryable):
            ask(lambda: self.asked(scene).create_tweet(text="x"))

    def test_keeps_keys_and_words_out_of_what_is_said(self, scene: Scene, x: X, caplog: pytest.LogCaptureFixture):
        x.access_secret = "another"
        with caplog.at_level("DEBUG"), pytest.raises(AuthExpired) as refused:
            ask(lambda: self.asked(scene).create_tweet(text="a secret word"))
        told = f"{caplog.text} {refused.value!r} {connections.read(scene.channel)!r}"
        for secret in (fakes.API_KEY, fakes.API_SECRET, fakes.ACCESS_TOKEN, fakes.ACCESS_SECRET, "a secret word"):
            assert secret not in told


class TestAnEditThatCameByAsking:
    def test_changes_the_words(self, scene: Scene, x: X):
        x.mentions = [xs.post(said())]
        look(scene)
        version = str(int(xs.number(said())) + 1)
        versions = [xs.number(said()), version]
        newer = xs.post(said(text="The freezer is warm."), id=version, edit_history_tweet_ids=versions)
        x.mentions = [newer]
        look(scene)
        (message,) = scene.messages()
        assert (message.body_text, message.edited_at is not None) == ("The freezer is warm.", True)
        talk = db.session.scalars(select(Conversation)).one()
        assert now() >= talk.last_inbound_at
