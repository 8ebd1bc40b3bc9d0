"""A bot from the first word to the last file, by call and by asking, at a Bot API on loopback."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from channels import dispatch, feeding, fetching, sealing
from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable, Uncertain
from channels.models import Channel, Fetch, Inbound
from channels.telegram import asking
from channels.telegram import connection as connections
from channels.telegram.adapter import TelegramAdapter
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Address
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene, fetch_all, staged, with_files
from tests.fakes import telegram as fakes
from tests.fakes.telegram import Telegram
from tests.plugins.world import World


@pytest.fixture
def scene(world: World, telegram: Telegram) -> Scene:
    return staged(world, telegrams.BENCH, telegrams._Peer(telegram))


class TestFilesThatComeIn:
    def photo(self, name: str = "large") -> bytes:
        size = {"file_id": name, "file_unique_id": "l", "file_size": 9, "width": 9, "height": 9}
        said = telegrams.written(Said(text=""), caption="The display", photo=[size])
        del said["text"]
        return telegrams.update(1, message=said)

    def test_are_fetched_after_their_message_was_filed(self, scene: Scene, telegram: Telegram):
        telegram.files["large"] = b"\xff\xd8 a picture"
        scene.hear(self.photo())
        (message,) = scene.messages()
        assert message.missing_files == ["photo-1.jpg is on its way here."]
        fetch_all(scene)
        (file,) = db.session.scalars(select(Attachment).where(Attachment.message_id == message.id))
        assert (file.filename, blobs.get(file.sha256)) == ("photo-1.jpg", b"\xff\xd8 a picture")
        assert message.missing_files == []
        assert "message.completed" in set(db.session.scalars(select(Event.kind)))

    def test_that_telegram_lost_are_said_to_be_missing(self, scene: Scene):
        scene.hear(self.photo("gone"))
        fetch_all(scene)
        (message,) = scene.messages()
        assert message.missing_files == ["photo-1.jpg is not here: Telegram refused it. Its code is 400."]

    def test_are_tried_again_while_telegram_is_away(self, scene: Scene, telegram: Telegram):
        telegram.files["large"] = b"x"
        scene.hear(self.photo())
        scene.channel.config = {**scene.channel.config, "base_url": "http://127.0.0.1:9"}
        fetch_all(scene)
        (fetch,) = db.session.scalars(select(Fetch))
        assert (fetch.state, fetch.reason) == ("waiting", "Telegram could not be reached.")
        scene.channel.config = {**scene.channel.config, "base_url": telegram.url}
        with travel(minutes=1):
            assert fetching.remind() == 1
            fetch_all(scene)
        assert scene.messages()[0].missing_files == []


class TestFilesThatGoOut:
    def test_a_picture_alone_has_the_words_under_it(self, scene: Scene, telegram: Telegram):
        delivery = with_files(scene, scene.say(), "Like this?", ("valve.png", "image/png", b"\x89PNG"))
        assert scene.deliver(delivery).state == State.SENT
        (sent,) = telegram.sent
        assert (sent["method"], sent["caption"]) == ("sendPhoto", "Like this?")
        assert sent["files"]["photo"] == ("valve.png", b"\x89PNG", "image/png")

    def test_several_go_one_by_one_behind_the_words(self, scene: Scene, telegram: Telegram):
        files = [("a.pdf", "application/pdf", b"a"), ("b.pdf", "application/pdf", b"b")]
        delivery = with_files(scene, scene.say(), "Two files", *files)
        assert scene.deliver(delivery).state == State.SENT
        assert [one["method"] for one in telegram.sent] == ["sendMessage", "sendDocument", "sendDocument"]

    def test_another_try_goes_on_behind_what_arrived(self, scene: Scene, telegram: Telegram):
        files = [("a.pdf", "application/pdf", b"a"), ("b.pdf", "application/pdf", b"b")]
        delivery = with_files(scene, scene.say(), "Two files", *files)
        real = telegram.method

        def once(name: str):
            if name == "sendDocument" and not telegram.called("sendDocument")[1:]:
                telegram.refusals.append((429, "Too Many Requests: retry after 5", 5))
            return real(name)

        telegram.method = once  # type: ignore[method-assign]
        assert scene.deliver(delivery).state == State.QUEUED
        with travel(seconds=6):
            assert scene.deliver(delivery).state == State.SENT
        assert [one["method"] for one in telegram.sent] == ["sendMessage", "sendDocument", "sendDocument"]


class TestAnAnswer:
    def test_points_at_the_message_it_answers(self, scene: Scene, telegram: Telegram):
        scene.answer(scene.say(Said(41)))
        (sent,) = telegram.sent
        assert sent["reply_parameters"] == {"message_id": 41, "allow_sending_without_reply": True}
        assert sent["chat_id"] == "501"

    def test_to_it_finds_its_ticket_although_another_one_is_newer(self, scene: Scene, telegram: Telegram):
        first = scene.say()
        scene.answer(first)
        number = telegram.sent[0]["message_id"]
        said = telegrams.written(Said(5, "About that."), reply_to_message={"message_id": number})
        scene.hear(telegrams.update(99, message=said))
        assert scene.messages()[-1].ticket_id == first.id

    def test_of_somebody_who_blocked_us_is_said_in_words(self, scene: Scene, telegram: Telegram):
        telegram.refusals.append((403, "Forbidden: bot was blocked by the user", 0))
        delivery = scene.answer(scene.say())
        assert (delivery.state, "blocked our bot" in delivery.reason) == (State.FAILED, True)


class TestAGroup:
    def said(self, text: str, number: int, **more: object) -> bytes:
        chat = {"id": -100200, "type": "supergroup", "title": "Orchard Dairy"}
        return telegrams.update(300 + number, message={**telegrams.written(Said(number, text)), "chat": chat, **more})

    def test_is_heard_only_when_it_calls_us(self, scene: Scene):
        call = {"entities": [{"type": "mention", "offset": 0, "length": 21}]}
        scene.hear(self.said("Lunch?", 1), self.said("@meridian_service_bot it is warm", 2, **call))
        assert scene.states() == ["ignored", "done"]
        assert [one.body_text for one in scene.messages()] == ["@meridian_service_bot it is warm"]

    def test_gets_the_answer_in_the_group(self, scene: Scene, telegram: Telegram):
        call = {"entities": [{"type": "mention", "offset": 0, "length": 21}]}
        scene.hear(self.said("@meridian_service_bot it is warm", 2, **call))
        scene.answer(db.session.get_one(Ticket, scene.messages()[0].ticket_id))
        assert telegram.sent[0]["chat_id"] == "-100200"


class TestStart:
    def test_is_greeted_once_where_the_channel_has_automatic_words(self, scene: Scene, telegram: Telegram):
        scene.channel.acknowledges = True
        scene.hear(telegrams.message(Said(1, "/start")), telegrams.message(Said(2, "/start")))
        for delivery_id in list(db.session.scalars(select(Delivery.id))):
            dispatch.deliver(delivery_id)
        assert scene.states() == ["ignored", "ignored"]
        assert [one["text"].partition(".")[0] for one in telegram.sent] == ["Hello, this is Meridian Cooling"]
        assert scene.messages() == []

    def test_is_silent_where_it_has_none(self, scene: Scene):
        scene.hear(telegrams.message(Said(1, "/start")))
        assert db.session.scalars(select(Delivery)).all() == []


class TestAFirstMessage:
    def test_is_acknowledged_in_its_chat_where_the_channel_wants_it(self, scene: Scene, telegram: Telegram):
        scene.channel.acknowledges = True
        ticket = scene.say()
        for delivery_id in list(db.session.scalars(select(Delivery.id))):
            dispatch.deliver(delivery_id)
        (sent,) = telegram.sent
        assert (sent["chat_id"], f"#{ticket.number}" in sent["text"]) == ("501", True)
        assert "\N{OBJECT REPLACEMENT CHARACTER}" not in sent["text"]
        assert Said().text not in sent["text"]


class TestNewsThatOvertakesOurAnswer:
    def test_is_heard_once_the_sending_has_its_name(self, scene: Scene):
        ticket = scene.say()
        early = Inbound(
            channel_id=scene.channel.id, external_id="n", received_at=now(), size=1, sha256="", raw=b"{}",
            state="early", about=f"{scene.channel.id}/501:1001",
        )  # fmt: skip
        db.session.add(early)
        db.session.commit()
        scene.answer(ticket)
        assert early.state == "waiting"


class TestAReaction:
    def test_is_told_on_the_ticket(self, scene: Scene):
        ticket = scene.say()
        told = {"chat": {"id": 501, "type": "private"}, "message_id": 1, "user": {"id": 501, "first_name": "Olive"},
                "date": 1, "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "👍"}]}  # fmt: skip
        scene.hear(telegrams.update(400, message_reaction=told))
        (event,) = db.session.scalars(select(Event).where(Event.kind == "message.reacted"))
        assert (event.ticket_id, event.data["sign"]) == (ticket.id, "👍")


class TestAsking:
    """A bot whose channel asks instead of being called."""

    def feed(self, scene: Scene, until) -> None:
        end = threading.Event()
        args = (scene.world.app, scene.channel.id, end, feeding.Pace(look=0.2, first=0.05, most=0.2))
        thread = threading.Thread(target=feeding.feed, args=args)
        db.session.commit()
        thread.start()
        try:
            for _ in range(200):
                scene.world.fresh()
                if until():
                    break
                end.wait(0.05)
        finally:
            end.set()
            thread.join(10)
        scene.world.fresh()

    def test_brings_what_came_and_remembers_how_far(self, scene: Scene, telegram: Telegram):
        scene.channel.config = {**scene.channel.config, "incoming": "poll"}
        telegram.webhook = {"url": "https://elsewhere.example/"}
        telegram.updates = [json.loads(telegrams.message(Said(number, f"Word {number}"))) for number in range(1, 41)]
        self.feed(scene, lambda: len(scene.arrived()) == 40)
        assert telegram.webhook == {}
        scene.world.file()
        assert len(scene.messages()) == 40
        assert db.session.get_one(Channel, scene.channel.id).cursor == {"offset": 10_041}
        assert scene.channel.state == "working"

    def test_by_call_instead_sets_the_webhook_with_its_secret(self, scene: Scene, telegram: Telegram):
        self.feed(scene, lambda: bool(telegram.webhook))
        assert telegram.webhook["url"].endswith(f"/hooks/telegram/{telegrams.KEY}")
        assert telegram.webhook["secret_token"] == telegrams.SECRET
        assert "message_reaction" in telegram.webhook["allowed_updates"]

    def test_says_that_telegram_could_not_call(self, scene: Scene, telegram: Telegram):
        telegram.last_error = (int(now().timestamp()), "Connection timed out")
        self.feed(scene, lambda: scene.channel.state == "slowed")
        assert "Connection timed out" in scene.channel.state_text

    def test_says_that_the_token_is_wrong(self, scene: Scene, telegram: Telegram):
        telegram.token = "another"
        self.feed(scene, lambda: scene.channel.state == "needs_sign_in")
        assert "@BotFather" in scene.channel.state_text

    def test_takes_nothing_in_by_a_token_of_another_bot(self, scene: Scene, telegram: Telegram):
        telegram.username = "another_bot"
        telegram.updates = [json.loads(telegrams.message(Said()))]
        scene.channel.config = {**scene.channel.config, "incoming": "poll"}
        self.feed(scene, lambda: scene.channel.state == "needs_sign_in")
        assert (scene.arrived(), telegram.called("getUpdates")) == ([], [])

    def test_stores_what_comes_again_once(self, scene: Scene, telegram: Telegram):
        connection = connections.read(scene.channel)
        telegram.updates = [json.loads(telegrams.message(Said()))]
        adapter = TelegramAdapter()
        names = [adapter.poll(connection, {}).arrivals[0].external_id for _ in range(2)]
        assert names[0] == names[1] == adapter.split(telegrams.message(Said()))[0].external_id


REFUSALS = [
    (429, "Too Many Requests: retry after 7", RateLimited),
    (401, "Unauthorized", AuthExpired),
    (404, "Not Found", AuthExpired),
    (403, "Forbidden: user is deactivated", Permanent),
    (400, "Bad Request: chat not found", Permanent),
    (400, "Bad Request: message is too long", Permanent),
    (500, "Internal Server Error", Uncertain),
    (502, "Bad Gateway", Uncertain),
    (503, "Service Unavailable", Retryable),
    (409, "Conflict: terminated by other getUpdates request", Retryable),
]


@pytest.mark.parametrize(("code", "words", "kind"), REFUSALS)
def test_a_refusal_means(scene: Scene, telegram: Telegram, code: int, words: str, kind: type[Exception]):
    telegram.refusals.append((code, words, 7 if code == 429 else 0))
    connection = connections.read(scene.channel)
    with pytest.raises(kind) as refused:
        asking.ask(connection, "sendMessage", chat_id="501", text="x")
    assert fakes.TOKEN not in str(refused.value)
    if isinstance(refused.value, RateLimited):
        assert refused.value.retry_after == 7


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_question_that_broke_off_may_be_asked_again(scene: Scene, telegram: Telegram, code: int):
    telegram.refusals.append((code, "Internal Server Error", 0))
    with pytest.raises(Retryable):
        asking.ask(connections.read(scene.channel), "sendMessage", is_read=True, chat_id="501", text="x")


def test_nothing_of_the_token_is_kept_in_the_open(scene: Scene):
    scene.say()
    kept = db.session.scalars(select(Channel).where(Channel.kind == "telegram")).one()
    assert fakes.TOKEN not in str(kept.secrets)
    assert sealing.opened(kept)["token"] == fakes.TOKEN
    assert not [one for one in db.session.scalars(select(Inbound)) if fakes.TOKEN.encode() in one.raw]
    assert not [one for one in db.session.scalars(select(Address.value)) if fakes.TOKEN in one]
    assert isinstance(db.session.scalars(select(Message)).first(), Message)
