"""A workspace from the first word to the last file: threads, mentions, shared channels, shortcuts, lines and limits."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import threading
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Empty
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, text

from channels import feeding, heeding, introducing, sealing
from channels.models import Conversation
from channels.slack import files as slack_files
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Address, Contact
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels.contract import slacks
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene, fetch_all, staged, with_files
from tests.fakes import slack as fakes
from tests.fakes.slack import Slack
from tests.plugins.world import World

ERRORS = tomllib.loads((Path(__file__).parents[2] / "cases/slack/errors.toml").read_text(encoding="utf-8"))["case"]
_numbers = itertools.count(1)


@pytest.fixture
def scene(world: World, slack: Slack) -> Scene:
    return staged(world, slacks.BENCH, slacks._Peer(slack))


def settle(scene: Scene, **config: str) -> None:
    scene.channel.config = {**scene.channel.config, **config}
    db.session.commit()


def said(
    says: str, at: int, *, thread: int = 0, user: str = "U0OLIVE", channel: str = "C0COOLING", **more: Any
) -> dict[str, Any]:
    """Words in a channel; `at` and `thread` are seconds that name the messages."""
    event = {
        "type": "message",
        "channel": channel,
        "channel_type": "channel",
        "user": user,
        "team": fakes.TEAM,
        "text": says,
        "ts": f"{1_790_000_000 + at}.000100",
    }
    return event | ({"thread_ts": f"{1_790_000_000 + thread}.000100"} if thread else {}) | more


def told(event: dict[str, Any], **more: Any) -> bytes:
    return slacks.told(event, f"Ev{next(_numbers)}", **more)


def mention(says: str, at: int, **more: Any) -> dict[str, Any]:
    return said(f"<@{fakes.BOT_USER}> {says}", at, **more)


def shortcut(event: dict[str, Any], trigger: str = "t.1") -> bytes:
    payload = {
        "type": "message_action",
        "callback_id": "make_ticket",
        "trigger_id": trigger,
        "team": {"id": fakes.TEAM},
        "user": {"id": "U0BEN", "team_id": fakes.TEAM},
        "channel": {"id": event["channel"]},
        "message": event,
        "message_ts": event["ts"],
        "response_url": "https://hooks.slack.com/app/x",
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def command(says: str, trigger: str = "t.9", user: str = "U0OLIVE") -> dict[str, str]:
    return {
        "command": "/ticket",
        "text": says,
        "user_id": user,
        "user_name": "olive",
        "team_id": fakes.TEAM,
        "channel_id": "C0COOLING",
        "trigger_id": trigger,
    }


def words(ticket: Ticket) -> list[str]:
    rows = select(Message.body_text).where(Message.ticket_id == ticket.id).order_by(Message.id)
    return list(db.session.scalars(rows))


def tickets(scene: Scene) -> list[Ticket]:
    rows = select(Ticket).where(Ticket.channel_kind == "slack").order_by(Ticket.id)
    return list(db.session.scalars(rows))


class TestTheStory:
    def test_goes_from_a_mention_over_a_promise_and_an_answer_to_the_same_ticket(self, scene: Scene, slack: Slack):
        scene.channel.acknowledges = True
        scene.hear(told(mention("the cold room is warm", 1)))
        (ticket,) = tickets(scene)
        assert ticket.subject == "the cold room is warm"
        delivery = scene.answer(ticket)
        (post,) = slack.posts
        assert (post["channel"], post["thread_ts"], post["text"], post["username"]) == (
            "C0COOLING",
            "1790000001.000100",
            "We are on our way.",
            scene.world.ben.name,
        )
        assert delivery.state == State.SENT
        own = said("We are on our way.", 0, thread=1, user=fakes.BOT_USER, bot_id="B1", app_id=fakes.APP)
        scene.hear(told({**own, "ts": post["ts"]}))
        assert delivery.recipients[0].progress == "delivered"
        scene.hear(told(said("Thank you.", 60, thread=1)))
        assert [one.id for one in tickets(scene)] == [ticket.id]
        assert words(ticket) == ["the cold room is warm", "We are on our way.", "Thank you."]

    def test_promises_in_the_thread_by_when_somebody_answers(self, scene: Scene, slack: Slack):
        scene.channel.acknowledges = True
        scene.hear(told(mention("the cold room is warm", 1)))
        automatic = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).one()
        scene.deliver(automatic)
        (post,) = slack.posts
        assert (post["thread_ts"], post["username"]) == ("1790000001.000100", "Meridian Cooling")
        assert f"#{tickets(scene)[0].number}" in post["text"]

    def test_promises_in_the_thread_of_a_direct_message_too(self, scene: Scene, slack: Slack):
        scene.channel.acknowledges = True
        scene.hear(told(said("warm", 2, thread=1, channel="D0OLIVE", channel_type="im")))
        scene.deliver(db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).one())
        (post,) = slack.posts
        assert (post["channel"], post["thread_ts"]) == ("D0OLIVE", "1790000001.000100")


class TestWhatBecomesATicket:
    def test_is_a_direct_message_and_a_mention_and_nothing_else(self, scene: Scene):
        scene.hear(slacks.message(Said()), told(mention("warm", 1)), told(said("lunch?", 2)))
        assert [one.subject for one in tickets(scene)] == [Said().text, "warm"]
        assert scene.states() == ["done", "done", "ignored"]
        assert "not to us" in scene.arrived()[2].reason

    def test_comes_once_though_a_mention_is_told_twice(self, scene: Scene):
        event = mention("warm", 1)
        scene.hear(told(event), told({**event, "type": "app_mention"}))
        assert [len(tickets(scene)), len(scene.messages()), scene.states()] == [1, 1, ["done", "duplicate"]]

    def test_leaves_no_person_behind_who_only_talked_to_others(self, scene: Scene):
        scene.hear(told(said("lunch?", 2, user="U0CHATTY")))
        assert db.session.scalars(select(Address).where(Address.kind == "slack")).all() == []

    def test_is_every_message_of_chosen_channels(self, scene: Scene):
        settle(scene, takes="channels", channels="#c0cooling, C0OTHERS")
        scene.hear(told(said("warm", 1)), told(said("lunch?", 2, channel="C0RANDOM")))
        assert ([one.subject for one in tickets(scene)], scene.states()) == (["warm"], ["done", "ignored"])

    def test_is_every_message_where_no_channel_is_named(self, scene: Scene):
        settle(scene, takes="channels", channels="")
        scene.hear(told(said("warm", 1)), told(said("cold", 2, channel="C0RANDOM")))
        assert len(tickets(scene)) == 2

    def test_is_only_what_somebody_made_one_by_hand(self, scene: Scene):
        settle(scene, takes="by hand")
        event = said("the freezer hums", 1)
        scene.hear(slacks.message(Said()), told(mention("warm", 5)), told(event))
        assert tickets(scene) == []
        scene.hear(shortcut(event))
        (ticket,) = tickets(scene)
        assert words(ticket) == ["the freezer hums"]
        scene.hear(told(said("and smells", 9, thread=1)))
        assert words(ticket) == ["the freezer hums", "and smells"]

    def test_is_not_an_edit_of_what_was_not_said_to_us(self, scene: Scene):
        before = said("lunch?", 1)
        now_says = {**before, "text": "Lunch?", "edited": {"user": "U0OLIVE", "ts": "1790000009.000100"}}
        event = {**slacks.changed(Said(), now_says, "1790000009.000100"), "channel": "C0COOLING"}
        scene.hear(told(before), told({**event, "channel_type": "channel"}))
        with travel(minutes=11):
            heeding.give_up_waiting()
            scene.world.file()
            scene.world.fresh()
            assert scene.states() == ["ignored", "ignored"]
        assert tickets(scene) == []


class TestAThread:
    def test_goes_on_without_calling_us_again(self, scene: Scene):
        scene.hear(told(mention("warm", 1)), told(said("9 degrees", 2, thread=1)), told(said("hm", 3)))
        (ticket,) = tickets(scene)
        assert words(ticket) == ["warm", "9 degrees"]

    def test_is_whole_in_whatever_order_it_comes_and_however_often(self, scene: Scene):
        calls = [told(mention("word 0", 1)), *(told(said(f"word {n}", 1 + n, thread=1)) for n in range(1, 9))]
        doubled = calls * 2
        random.Random(3).shuffle(doubled)
        scene.hear(*doubled)
        scene.world.file()
        scene.world.fresh()
        (ticket,) = tickets(scene)
        assert sorted(words(ticket)) == sorted(f"word {n}" for n in range(9))
        assert set(scene.states()) == {"done"}

    def test_that_called_us_in_its_middle_waits_no_longer_than_ten_minutes(self, scene: Scene):
        scene.hear(told(said("9 degrees", 5, thread=1)), told(mention("warm", 4, thread=1)))
        assert scene.states() == ["early", "done"]
        with travel(minutes=11):
            heeding.give_up_waiting()
            scene.world.file()
            scene.world.fresh()
        (ticket,) = tickets(scene)
        assert sorted(words(ticket)) == ["9 degrees", "warm"]

    def test_of_others_ends_as_ignored(self, scene: Scene):
        scene.hear(told(said("lunch!", 5, thread=1)))
        with travel(minutes=11):
            heeding.give_up_waiting()
            scene.world.file()
            scene.world.fresh()
            assert scene.states() == ["ignored"]
            assert [one.reason for one in scene.arrived()] == ["It was said in a channel, and not to us."]


OTHER = {"team": "T0DAIRY", "user_team": "T0DAIRY", "source_team": "T0DAIRY"}


class TestSlackConnect:
    def test_names_people_by_their_workspace_too(self, scene: Scene):
        scene.hear(
            told(mention("warm", 1, **OTHER), is_ext_shared_channel=True),
            told(mention("warm too", 2), is_ext_shared_channel=True),
        )
        values = set(db.session.scalars(select(Address.value).where(Address.kind == "slack")))
        assert values == {"T0DAIRY:U0OLIVE", f"{fakes.TEAM}:U0OLIVE"}
        assert len({one.contact_id for one in tickets(scene)}) == 2

    def test_shows_the_words_of_our_own_people_as_ours(self, scene: Scene, slack: Slack):
        settle(scene, takes="channels", members="staff")
        slack.people["U0BEN"] = "Ben Osei"
        scene.hear(
            told(said("warm", 1, **OTHER)),
            told(said("On it", 2, thread=1, user="U0BEN")),
            told(said("lunch?", 3, user="U0BEN")),
        )
        (ticket,) = tickets(scene)
        directions = select(Message.direction).where(Message.ticket_id == ticket.id).order_by(Message.id)
        assert list(db.session.scalars(directions)) == ["in", "out"]
        assert scene.states() == ["done", "done", "ignored"]
        ours = db.session.scalars(select(Message).where(Message.direction == "out")).one()
        introducing.introduce(scene.channel.id, f"{fakes.TEAM}:U0BEN", ours.id)
        scene.world.fresh()
        assert ours.author_name == "Ben Osei"
        assert not db.session.scalars(select(Address).where(Address.value.like("%U0BEN"))).all()

    def test_takes_a_ticket_our_own_people_made_by_hand_as_the_writer_s(self, scene: Scene):
        settle(scene, members="staff")
        scene.hear(shortcut(said("their compressor", 1, user="U0BEN")))
        assert len(tickets(scene)) == 1


class TestAShortcut:
    def test_makes_a_ticket_of_who_wrote_and_not_of_who_pressed(self, scene: Scene):
        scene.hear(shortcut(said("warm", 1)))
        (ticket,) = tickets(scene)
        address = db.session.scalars(select(Address).where(Address.contact_id == ticket.contact_id)).one()
        assert address.value == f"{fakes.TEAM}:U0OLIVE"

    def test_twice_and_on_what_is_one_already_is_harmless(self, scene: Scene):
        event = said("warm", 1)
        scene.hear(shortcut(event), shortcut(event), shortcut(event, "t.2"), told(mention("x", 2)))
        scene.hear(shortcut(mention("x", 2), "t.3"))
        assert len(tickets(scene)) == 2
        assert scene.states() == ["done", "duplicate", "done", "duplicate"]

    def test_takes_the_alarm_of_another_bot(self, scene: Scene):
        event = {**said("E7 in cold room 2", 1), "bot_id": "B0ALARM", "username": "Alarms", "subtype": "bot_message"}
        del event["user"]
        scene.hear(shortcut(event))
        assert db.session.scalars(select(Contact.name).where(Contact.id == tickets(scene)[0].contact_id)).one() == (
            "Alarms"
        )


class TestACommand:
    def test_is_answered_at_once_and_becomes_a_ticket_of_its_own(self, scene: Scene, slack: Slack):
        scene.hear(slacks.message(Said(text="something else", author="Olive")))
        answer = scene.call(urlencode(command("the cold room is warm", user="U501")).encode())
        assert answer.json == {
            "response_type": "ephemeral",
            "text": "Thank you. We have it, and answer in your direct messages with this app.",
        }
        scene.world.file()
        scene.world.fresh()
        first, second = tickets(scene)
        assert (words(first), words(second)) == (["something else"], ["the cold room is warm"])
        scene.answer(second)
        assert (slack.posts[0]["channel"], slack.posts[0].get("thread_ts")) == ("D501", None)
        scene.hear(slacks.message(Said(2, "Thank you.", at=Said().at + 60)))
        assert words(second)[-1] == "Thank you."

    def test_of_somebody_who_never_wrote_is_answered_to_them(self, scene: Scene, slack: Slack):
        scene.hear(urlencode(command("warm")).encode())
        (ticket,) = tickets(scene)
        scene.deliver(with_files(scene, ticket, "Look", ("map.png", "image/png", b"\x89PNG")))
        assert slack.posts[0]["channel"] == "U0OLIVE"
        assert slack.shown[0]["channel_id"] == "D0OLIVE"


class TestFiles:
    def shared(self, file_id: str = "F0DISPLAY", **more: Any) -> bytes:
        file = {"id": file_id, "name": "display.jpg", "mimetype": "image/jpeg", "size": 9, **more}
        return told(mention("look", 1, subtype="file_share", files=[file]))

    def fetched(self, scene: Scene) -> Message:
        fetch_all(scene)
        return scene.messages()[0]

    def test_are_fetched_with_the_token_of_the_bot(self, scene: Scene, slack: Slack):
        slack.lend("F0DISPLAY", b"\xff\xd8 a picture")
        scene.hear(self.shared())
        message = self.fetched(scene)
        (file,) = db.session.scalars(select(Attachment).where(Attachment.message_id == message.id))
        assert (file.filename, blobs.get(file.sha256)) == ("display.jpg", b"\xff\xd8 a picture")
        assert message.missing_files == []

    @pytest.mark.parametrize(
        ("lend", "why"),
        [
            ({"url_private_download": "https://evil.example/x"}, "does not have it itself"),
            ({"url_private_download": "https://slack.com.evil.example/x"}, "does not have it itself"),
            ({"url_private_download": "http://files.slack.com/x"}, "does not have it itself"),
            ({"url_private_download": "http://[", "url_private": ""}, "does not have it itself"),
            ({"size": slack_files.MOST_BYTES + 1}, "larger than 50 MB"),
            ({"file_access": "access_denied"}, "does not let our app see it"),
        ],
    )
    def test_never_take_the_token_elsewhere(self, scene: Scene, slack: Slack, lend: dict[str, Any], why: str):
        slack.lend("F0DISPLAY", b"x", **lend)
        scene.hear(self.shared())
        (missing,) = self.fetched(scene).missing_files
        assert missing.startswith("display.jpg is not here: ")
        assert why in missing

    def test_that_slack_lost_are_said_to_be_missing(self, scene: Scene):
        scene.hear(self.shared())
        assert self.fetched(scene).missing_files == ["display.jpg is not here: Slack refused it: file_not_found."]

    def test_go_out_behind_the_words_into_the_thread(self, scene: Scene, slack: Slack):
        scene.hear(told(mention("warm", 1)))
        ticket = tickets(scene)[0]
        files = (("map.png", "image/png", b"\x89PNG"), ("plan.pdf", "application/pdf", b"%PDF"))
        delivery = scene.deliver(with_files(scene, ticket, "Here is how.", *files))
        assert delivery.state == State.SENT
        (shown,) = slack.shown
        assert shown["files"] == [("map.png", b"\x89PNG"), ("plan.pdf", b"%PDF")]
        assert (shown["channel_id"], shown["thread_ts"]) == ("C0COOLING", "1790000001.000100")
        assert [one["text"] for one in slack.posts] == ["Here is how."]

    def test_that_fail_behind_their_words_are_sent_alone_the_next_time(self, scene: Scene, slack: Slack):
        scene.hear(told(mention("warm", 1)))
        delivery = with_files(scene, tickets(scene)[0], "Here.", ("a.png", "image/png", b"\x89PNG"))
        slack.takes_no_files = True
        assert scene.deliver(delivery).state == State.QUEUED
        slack.takes_no_files = False
        with travel(minutes=5):
            assert scene.deliver(delivery).state == State.SENT
        assert ([one["text"] for one in slack.posts], len(slack.shown)) == (["Here."], 1)


class TestAnAnswer:
    @pytest.mark.parametrize("case", ERRORS, ids=lambda case: case["name"])
    def test_that_slack_refuses_ends_as_documented(self, scene: Scene, slack: Slack, case: dict[str, Any]):
        scene.hear(told(mention("warm", 1)))
        slack.refusals.append((case["status"], case["error"], case.get("retry_after", 0)))
        delivery = scene.answer(tickets(scene)[0])
        assert delivery.state == case["state"]
        assert case.get("sentence", "") in delivery.reason
        assert scene.seconds_to_wait(delivery) >= case.get("waits", -1)
        assert scene.channel.state == case.get("channel", "working")
        assert slack.posts == []

    def test_calls_nobody_and_hides_no_link(self, scene: Scene, slack: Slack):
        scene.hear(told(mention("warm", 1)))
        scene.answer(tickets(scene)[0], "<!channel> <https://x|your bank> & more")
        assert slack.posts[0]["text"] == "&lt;!channel&gt; &lt;https://x|your bank&gt; &amp; more"

    def test_goes_into_the_thread_of_a_direct_message_when_the_last_word_was_there(self, scene: Scene, slack: Slack):
        first = slacks.written(Said())
        scene.hear(slacks.message(Said()))
        scene.hear(told({**slacks.written(Said(2, "and")), "thread_ts": first["ts"]}))
        scene.answer(tickets(scene)[0])
        assert (slack.posts[0]["channel"], slack.posts[0]["thread_ts"]) == ("D501", first["ts"])


class TestASign:
    def test_is_noted_on_the_ticket(self, scene: Scene):
        ticket = scene.say()
        reaction = {
            "type": "reaction_added",
            "user": "U501",
            "reaction": "eyes",
            "item": {"type": "message", "channel": "D501", "ts": slacks.stamp(Said())},
            "event_ts": "1790000009.000100",
        }
        scene.hear(told(reaction))
        noted = db.session.scalars(select(Event).where(Event.kind == "message.reacted")).one()
        assert (noted.ticket_id, noted.data["sign"]) == (ticket.id, "👀")


class TestTakenBack:
    def test_leaves_the_page(self, scene: Scene):
        ticket = scene.say(Said(text="My secret"))
        scene.hear(slacks.delete(replace(Said(), text="My secret", at=Said().at + 9)))
        assert scene.messages()[0].deleted_at is not None
        assert "My secret" not in scene.browser().get(f"/tickets/{ticket.number}").text


class TestAName:
    def test_is_asked_for_once_somebody_new_wrote(self, scene: Scene, slack: Slack):
        slack.people["U501"] = "  Olive\n Tran "
        ticket = scene.say()
        contact = db.session.get_one(Contact, ticket.contact_id)
        assert contact.name == f"{fakes.TEAM}:U501"
        address = contact.name
        introducing.introduce(scene.channel.id, address)
        scene.world.fresh()
        assert contact.name == "Olive Tran"
        introducing.introduce(scene.channel.id, address)
        assert len(slack.called("users.info")) == 1

    def test_somebody_gave_them_stays(self, scene: Scene, slack: Slack):
        slack.people["U501"] = "Olive"
        contact = db.session.get_one(Contact, scene.say().contact_id)
        address, contact.name = contact.name, "Olive Tran of the dairy"
        db.session.commit()
        introducing.introduce(scene.channel.id, address)
        scene.world.fresh()
        assert contact.name == "Olive Tran of the dairy"

    @pytest.mark.parametrize(("refusal", "again"), [((503, "service_unavailable"), 1), ((200, "user_not_found"), 0)])
    def test_is_asked_for_again_while_slack_is_away(
        self, scene: Scene, slack: Slack, refusal: tuple[int, str], again: int
    ):
        contact = db.session.get_one(Contact, scene.say().contact_id)
        address = contact.name
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
        db.session.commit()
        slack.refusal = refusal
        introducing.introduce(scene.channel.id, address)
        waiting = db.session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'introduce'"))
        assert waiting.scalar_one() == again


class TestACall:
    def test_that_slack_repeats_has_no_second_effect(self, scene: Scene):
        raw = told(mention("warm", 1))
        for number in range(3):
            headers = {**slacks.sign(raw), "X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"}
            assert scene.call(raw, headers).status_code == 200
        scene.world.file()
        scene.world.fresh()
        assert (len(scene.arrived()), len(tickets(scene))) == (1, 1)

    def test_that_is_forged_learns_no_challenge(self, scene: Scene):
        question = b'{"type": "url_verification", "challenge": "c"}'
        answer = scene.call(question, fakes.signed(question, int(now().timestamp()), "wrong"))
        assert (answer.status_code, b'"c"' in answer.data) == (401, False)
        assert scene.call(question).json == {"challenge": "c"}
        assert scene.arrived() == []


class TestALine:
    @pytest.fixture
    def held(self, scene: Scene) -> Iterator[None]:
        settle(scene, incoming="stream")
        sealing.seal(scene.channel, {"app_token": fakes.APP_TOKEN})
        db.session.commit()
        end = threading.Event()
        thread = threading.Thread(target=feeding.feed, args=(scene.world.app, scene.channel.id, end))
        thread.start()
        yield
        end.set()
        thread.join(20)

    def heard(self, slack: Slack) -> dict[str, Any]:
        try:
            return slack.heard.get(timeout=20)
        except Empty:
            pytest.fail("nothing came back on the line")

    def say(self, slack: Slack, kind: str, envelope_id: str, payload: dict[str, Any]) -> dict[str, Any]:
        slack.envelopes.put({"type": kind, "envelope_id": envelope_id, "payload": payload})
        return self.heard(slack)

    def test_brings_what_calls_would_and_each_once(self, scene: Scene, slack: Slack, held: None):
        assert slack.opened.wait(20)
        event = fakes.outer(mention("warm", 1), "EvL1")
        for envelope_id in ("a", "b"):
            assert self.say(slack, "events_api", envelope_id, event) == {"envelope_id": envelope_id}
        answer = self.say(slack, "slash_commands", "c", command("the freezer"))
        assert answer["payload"]["response_type"] == "ephemeral"
        own = fakes.outer(said("x", 5, user=fakes.BOT_USER, bot_id="B1", app_id=fakes.APP), "EvL2")
        assert self.say(slack, "events_api", "d", own) == {"envelope_id": "d"}
        scene.world.file()
        scene.world.fresh()
        assert [one.subject for one in tickets(scene)] == ["warm", "the freezer"]
        assert scene.states() == ["done", "done", "early"]

    def test_is_opened_again_when_slack_takes_it_away(self, scene: Scene, slack: Slack, held: None):
        assert slack.opened.wait(20)
        slack.opened.clear()
        slack.envelopes.put({"type": "disconnect", "reason": "refresh_requested"})
        assert slack.opened.wait(30)
        event = fakes.outer(mention("warm", 1), "EvL1")
        assert self.say(slack, "events_api", "a", event) == {"envelope_id": "a"}

    def test_does_not_say_that_it_has_what_is_not_stored(self, scene: Scene, slack: Slack, held: None):
        assert slack.opened.wait(20)
        db.session.execute(text("LOCK TABLE inbound IN ACCESS EXCLUSIVE MODE"))
        slack.envelopes.put({"type": "events_api", "envelope_id": "a", "payload": fakes.outer({"type": "x"}, "E")})
        with pytest.raises(Empty):
            slack.heard.get(timeout=1)
        db.session.rollback()
        assert self.heard(slack) == {"envelope_id": "a"}
        scene.world.fresh()
        assert len(scene.arrived()) == 1

    def test_does_not_say_that_it_has_what_finds_no_room(
        self, scene: Scene, slack: Slack, held: None, monkeypatch: pytest.MonkeyPatch
    ):
        assert slack.opened.wait(20)
        event = fakes.outer(mention("warm", 1), "EvL1")
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
            slack.envelopes.put({"type": "events_api", "envelope_id": "a", "payload": event})
            with pytest.raises(Empty):
                slack.heard.get(timeout=1)
        assert scene.arrived() == []
        assert self.say(slack, "events_api", "b", event) == {"envelope_id": "b"}


def test_conversations_know_what_an_answer_needs(scene: Scene):
    scene.hear(told(mention("warm", 1)))
    (row,) = db.session.scalars(select(Conversation))
    assert (row.key, row.facts) == (
        "C0COOLING:1790000001.000100",
        {"channel": "C0COOLING", "side": "ours", "thread": "1790000001.000100"},
    )
