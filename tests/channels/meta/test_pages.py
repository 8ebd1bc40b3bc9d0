"""Messenger and Instagram beside the suite: echoes, watermarks, the human agent, files both ways, several pages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from channels import introducing, proving
from channels.models import Channel, Conversation, Proof
from helpdesk import blobs, events
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Contact
from helpdesk.tickets import reach
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels.contract import metas
from tests.channels.contract.bench import Bench, Said
from tests.channels.contract.scene import Scene, fetch_all, staged, with_files
from tests.fakes import graph as graphs
from tests.fakes.graph import Graph, Refusal
from tests.plugins.world import World


@dataclass(frozen=True)
class Asked:
    """Somebody who wrote at an instant, and may be asked whether a mail address is theirs."""

    scene: Scene
    ticket: Ticket
    heard_at: datetime

    def send(self) -> None:
        proving.ask(self.ticket, "olive@orchard-dairy.example", by=self.scene.world.ben)
        mine = Delivery.purpose == "proof", Delivery.ticket_id == self.ticket.id
        assert self.scene.deliver(db.session.scalars(select(Delivery).where(*mine)).one()).state == State.SENT


@pytest.fixture
def scene(world: World, graph: Graph) -> Scene:
    return staged(world, metas.MESSENGER, metas.Peer(graph, "messenger"))


@pytest.fixture
def instagram(world: World, graph: Graph) -> Scene:
    return staged(world, metas.INSTAGRAM, metas.Peer(graph, "instagram"))


def hear(scene: Scene, *events: dict[str, object]) -> None:
    about, account = ("page", graphs.PAGE) if scene.bench.kind == "messenger" else ("instagram", graphs.INSTAGRAM)
    scene.hear(metas.call(about, account, *events))


def watermark(said: Said, word: str, until: datetime) -> dict[str, object]:
    return metas.event(graphs.PAGE, said, **{word: {"watermark": int(until.timestamp() * 1000)}})


class TestAnEcho:
    def test_of_a_colleague_in_the_page_s_inbox_is_an_answer_and_nobody_waits(self, scene: Scene):
        ticket = scene.say()
        hear(scene, metas.echo(graphs.PAGE, Said(), mid="m_theirs", text="I am on it."))
        said = db.session.scalars(
            select(Message).where(Message.ticket_id == ticket.id, Message.direction == "out")
        ).one()
        assert (said.body_text, said.author_name, ticket.waiting_since) == ("I am on it.", "Messenger", None)
        assert scene.peer.taken() == []
        assert scene.say(Said(2, "Thanks.", at=Said().at + 60)).id == ticket.id

    def test_of_our_own_message_is_no_second_one(self, scene: Scene):
        ticket = scene.say()
        scene.answer(ticket)
        hear(scene, metas.echo(graphs.PAGE, Said(), mid="m_out1", text="We are on our way."))
        assert scene.states() == ["done", "ignored"]

    def test_that_overtakes_the_answer_to_our_own_request_is_no_second_message(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        raw = metas.call("page", graphs.PAGE, metas.echo(graphs.PAGE, Said(), mid="m_out1", text="We are on our way."))

        def first(_: object) -> None:
            with scene.world.app.app_context():
                scene.hear(raw)

        graph.before_answer = first
        delivery = scene.answer(ticket)
        scene.world.file()
        scene.world.fresh()
        assert (delivery.state, scene.states()) == (State.SENT, ["done", "ignored"])
        assert ticket.message_count == 2

    def test_of_a_sending_that_was_uncertain_says_that_it_left(self, scene: Scene):
        ticket = scene.say()
        scene.peer.hang_up()
        delivery = scene.answer(ticket)
        assert delivery.state == State.UNCERTAIN
        hear(scene, metas.echo(graphs.PAGE, Said(), mid="m_out1", text="We are on our way."))
        assert (delivery.state, delivery.reason, ticket.message_count) == (State.SENT, "", 2)
        reaction = {"mid": "m_out1", "action": "react", "emoji": "👍", "reaction": "like"}
        hear(scene, metas.event(graphs.PAGE, Said(), reaction=reaction))
        assert scene.states()[-1] == "done"


class TestNews:
    def test_by_name_only_move_forward(self, scene: Scene):
        delivery = scene.answer(scene.say())
        for word in ({"read": {"watermark": 0, "mid": "m_out1"}}, {"delivery": {"mids": ["m_out1"], "watermark": 1}}):
            hear(scene, metas.event(graphs.PAGE, Said(), **word))
        assert (delivery.recipients[0].progress, scene.states()) == ("read", ["done", "done", "done"])

    def test_up_to_an_instant_are_of_everything_before_it_and_nothing_behind(self, scene: Scene):
        ticket = scene.say()
        first = scene.answer(ticket, "One.")
        between = now()
        with travel(minutes=5):
            second = scene.answer(ticket, "Two.")
            hear(scene, watermark(Said(), "delivery", between))
            assert [one.recipients[0].progress for one in (first, second)] == ["delivered", ""]
            hear(scene, watermark(Said(), "read", now()), watermark(Said(), "delivery", now()))
        assert [one.recipients[0].progress for one in (first, second)] == ["read", "read"]

    def test_of_one_person_are_not_of_another(self, scene: Scene):
        first = scene.answer(scene.say())
        scene.say(Said(2, chat=777, author="Jonas"))
        hear(scene, watermark(Said(chat=777), "read", now()))
        assert first.recipients[0].progress == ""

    def test_of_an_instant_that_is_none_change_nothing(self, scene: Scene):
        delivery = scene.answer(scene.say())
        hear(scene, watermark(Said(), "read", datetime(1990, 1, 1, tzinfo=UTC)))
        assert delivery.recipients[0].progress == ""


class TestTheWindow:
    @pytest.mark.parametrize("bench", [metas.MESSENGER, metas.INSTAGRAM], ids=lambda bench: bench.kind)
    def test_is_a_day_for_everything_and_a_week_for_a_person(self, world: World, graph: Graph, bench: Bench):
        scene = staged(world, bench, metas.Peer(graph, bench.kind))
        ticket = scene.say()
        scene.answer(ticket, "Today.")
        with travel(hours=25):
            assert "lets a person through" in reach.of(ticket).hint
            scene.answer(ticket, "Tomorrow.")
        with travel(days=7, hours=1):
            assert "Reach them another way" in reach.of(ticket).closed
        assert [one["messaging_type"] for one in graph.sent] == ["RESPONSE", "MESSAGE_TAG"]
        assert graph.sent[1]["tag"] == "HUMAN_AGENT"

    def test_behind_the_day_is_closed_to_what_the_product_says_by_itself(self, scene: Scene, graph: Graph):
        scene.channel.acknowledges = True
        scene.say()
        automatic = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).one()
        with travel(hours=25):
            scene.deliver(automatic)
        assert (automatic.state, graph.sent) == (State.FAILED, [])
        assert "nothing automatic" in automatic.reason

    @pytest.mark.parametrize(
        ("hours", "untold"), [(23, None), (25, "too long ago"), (24 * 7, "Reach them another way")]
    )
    def test_says_at_once_that_nobody_is_told_of_a_delay_behind_it(self, scene: Scene, hours: int, untold: str | None):
        ticket = scene.say()
        scene.channel.acknowledges = True
        with travel(hours=hours):
            told = events.record(ticket, "ticket.delayed", escalation=1)
            db.session.commit()
        sent = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")).all()
        assert len(sent) == (untold is None)
        assert (untold or "") in told.data.get("untold", "")
        assert ("untold" in told.data) == (untold is not None)

    def test_that_meta_says_is_closed_fails_in_words(self, scene: Scene, graph: Graph):
        graph.refusals.append(Refusal(400, 10, 2018278, "(#10) This message is sent outside of allowed window."))
        delivery = scene.answer(scene.say())
        assert (delivery.state, "Reach them another way" in delivery.reason) == (State.FAILED, True)

    def test_opens_again_with_their_next_words(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        with travel(days=8):
            assert scene.say(Said(2, "Still there?")).id == ticket.id
            scene.answer(ticket)
        assert graph.sent[-1]["messaging_type"] == "RESPONSE"


@pytest.mark.parametrize("bench", [metas.MESSENGER, metas.INSTAGRAM], ids=lambda bench: bench.kind)
class TestTheCodeOfAProof:
    """It is automatic, so a person's seven days are not for it."""

    @pytest.fixture
    def asked(self, world: World, graph: Graph, bench: Bench) -> Asked:
        scene = staged(world, bench, metas.Peer(graph, bench.kind))
        ticket = scene.say()
        return Asked(scene, ticket, db.session.scalars(select(Conversation.last_inbound_at)).one())

    def test_goes_until_the_very_end_of_the_day(self, asked: Asked, graph: Graph):
        with travel(to=asked.heard_at + timedelta(hours=24, seconds=-1)):
            asked.send()
        assert re.search(r"\b\d{6}\b", graph.sent[-1]["message"]["text"])
        assert graph.sent[-1]["messaging_type"] == "RESPONSE"

    @pytest.mark.parametrize("late", [timedelta(hours=24), timedelta(days=7, seconds=-1)], ids=str)
    def test_is_refused_behind_it_at_once_and_nothing_is_sent(self, asked: Asked, graph: Graph, late: timedelta):
        with travel(to=asked.heard_at + late), pytest.raises(Invalid) as refused:
            asked.send()
        assert "Answer them yourself" in refused.value.fields["email"]
        db.session.rollback()
        assert db.session.scalars(select(Proof)).all() == []
        assert db.session.scalars(select(Delivery)).all() == []
        assert graph.sent == []

    def test_is_refused_behind_the_week_as_everything_is(self, asked: Asked):
        with travel(to=asked.heard_at + timedelta(days=7)), pytest.raises(Invalid) as refused:
            asked.send()
        assert "Reach them another way" in refused.value.fields["email"]

    def test_goes_again_with_their_next_words(self, asked: Asked, graph: Graph):
        with travel(to=asked.heard_at + timedelta(days=2)):
            asked.scene.say(Said(2, "Still there?", at=int(now().timestamp())))
            asked.send()
        assert graph.sent[-1]["messaging_type"] == "RESPONSE"


class TestFiles:
    def picture(self, url: str) -> dict[str, object]:
        message = {"mid": "m_p", "attachments": [{"type": "image", "payload": {"url": url}}]}
        return metas.event(graphs.PAGE, Said(), message=message)

    def test_come_in_by_their_address_without_our_token(self, scene: Scene, graph: Graph):
        graph.files["valve.png"] = b"\x89PNG"
        hear(scene, self.picture(f"{graph.url}/moved/valve.png"))
        fetch_all(scene)
        (file,) = db.session.scalars(select(Attachment))
        assert (file.filename, file.content_type, blobs.get(file.sha256)) == ("valve.png", "image/png", b"\x89PNG")

    def test_that_are_gone_are_said_to_be(self, scene: Scene, graph: Graph):
        hear(scene, self.picture(graph.file_url("gone.png")))
        fetch_all(scene)
        assert scene.messages()[0].missing_files == ["gone.png is not here: Meta does not have it any more."]

    def test_of_a_colleague_are_told_of_until_they_are_here(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        file = {"type": "image", "payload": {"url": graph.file_url("gone.png")}}
        hear(scene, metas.echo(graphs.PAGE, Said(), mid="m_theirs", attachments=[file]))
        said = db.session.scalars(
            select(Message).where(Message.ticket_id == ticket.id, Message.direction == "out")
        ).one()
        assert said.missing_files == ["gone.png is on its way here."]

    def test_at_a_private_place_are_not_fetched(self, scene: Scene):
        hear(scene, self.picture("http://10.0.0.1/x.png"))
        fetch_all(scene)
        assert "not one we go to" in scene.messages()[0].missing_files[0]

    def test_go_out_behind_the_words_each_left_with_meta_first(self, scene: Scene, graph: Graph):
        files = [("valve.png", "image/png", b"\x89PNG"), ("May.pdf", "application/pdf", b"%PDF")]
        delivery = with_files(scene, scene.say(), "Like this?", *files)
        assert scene.deliver(delivery).state == State.SENT
        assert [name for name, *_ in graph.left.values()] == ["valve.png", "May.pdf"]
        types = [one["message"].get("attachment", {}).get("type") for one in graph.sent]
        assert types == [None, "image", "file"]
        assert graph.sent[1]["message"]["attachment"]["payload"]["attachment_id"] in graph.left

    def test_go_on_behind_what_arrived(self, scene: Scene, graph: Graph):
        files = [("a.pdf", "application/pdf", b"a"), ("b.pdf", "application/pdf", b"b")]
        delivery = with_files(scene, scene.say(), "Two", *files)
        graph.before_answer = lambda _: graph.refusals.append(Refusal(429, 613)) if len(graph.sent) == 2 else None
        assert scene.deliver(delivery).state == State.QUEUED
        with travel(minutes=2):
            assert scene.deliver(delivery).state == State.SENT
        assert len(graph.sent) == 3

    def test_that_instagram_does_not_take_are_refused_in_words(self, instagram: Scene, graph: Graph):
        delivery = with_files(instagram, instagram.say(), "See", ("a.zip", "application/zip", b"PK"))
        assert instagram.deliver(delivery).state == State.FAILED
        assert ("a.zip is none of them" in delivery.reason, graph.sent) == (True, [])

    def test_for_instagram_are_left_for_instagram(self, instagram: Scene, graph: Graph):
        instagram.deliver(with_files(instagram, instagram.say(), "", ("a.png", "image/png", b"x")))
        (asked,) = graph.called("me/message_attachments")
        assert (asked.said["platform"], json.loads(asked.said["message"])["attachment"]["type"]) == (
            "instagram",
            "image",
        )


class TestSeveralPagesOfOneApp:
    OTHER = "104738291929999"

    def test_get_what_is_theirs_though_one_address_is_called(self, scene: Scene, graph: Graph):
        other = metas.connected(graph, "messenger", address=self.OTHER)
        raw = json.dumps({"object": "page", "entry": [self.entry(graphs.PAGE, 1), self.entry(self.OTHER, 2)]}).encode()
        scene.hear(raw, raw)
        assert [len(self.of(one)) for one in (scene.channel, other)] == [1, 1]

    def test_with_another_secret_get_nothing(self, scene: Scene, graph: Graph):
        other = metas.connected(graph, "messenger", address=self.OTHER, app_secret="f" * 32)
        scene.hear(metas.call("page", self.OTHER, metas.event(self.OTHER, Said(), message={"mid": "m", "text": "x"})))
        assert [len(self.of(one)) for one in (scene.channel, other)] == [0, 0]
        (kept,) = scene.arrived()
        assert (kept.state, kept.reason) == ("ignored", "It is for another account, which is not connected.")

    def entry(self, account: str, number: int) -> dict[str, object]:
        said = Said(number, f"To {account}", chat=600 + number)
        return {
            "id": account,
            "time": 1,
            "messaging": [metas.event(account, said, message={"mid": f"m{number}", "text": said.text})],
        }

    def of(self, channel: Channel) -> list[Ticket]:
        return list(db.session.scalars(select(Ticket).where(Ticket.channel_id == channel.id)))


class TestANameThatIsNotTold:
    def contact(self, scene: Scene) -> Contact:
        scene.world.fresh()
        return db.session.get_one(Contact, scene.messages()[0].contact_id)

    def waiting(self) -> list[str]:
        asked = text("select args->>'address' from procrastinate_jobs where task_name = 'introduce'")
        return list(db.session.scalars(asked))

    def test_is_asked_for_and_stands_on_the_ticket(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        whom = metas.person(Said())
        assert (self.contact(scene).name, self.waiting()) == (whom, [whom])
        graph.people[whom] = {"first_name": "Olive", "last_name": "Tran", "id": whom}
        introducing.introduce(scene.channel.id, whom)
        assert self.contact(scene).name == "Olive Tran"
        assert "Olive Tran" in scene.browser().get(f"/tickets/{ticket.number}").text

    def test_is_never_put_over_one_that_is_known(self, scene: Scene, graph: Graph):
        scene.say()
        self.contact(scene).name = "Mrs Tran"
        whom = metas.person(Said())
        graph.people[whom] = {"first_name": "Olive", "id": whom}
        db.session.commit()
        introducing.introduce(scene.channel.id, whom)
        assert (self.contact(scene).name, graph.called(whom)) == ("Mrs Tran", [])

    def test_that_meta_does_not_tell_changes_nothing(self, scene: Scene):
        scene.say()
        introducing.introduce(scene.channel.id, metas.person(Said()))
        assert self.contact(scene).name == metas.person(Said())

    def test_of_instagram_is_the_user_name_where_there_is_no_other(self, instagram: Scene, graph: Graph):
        instagram.say()
        whom = metas.person(Said())
        graph.people[whom] = {"username": "olive.t", "id": whom}
        introducing.introduce(instagram.channel.id, whom)
        assert self.contact(instagram).name == "olive.t"


class TestAPromise:
    def test_begins_with_their_words_and_is_kept_by_a_colleague_in_the_channel(self, scene: Scene):
        ticket = scene.say()
        assert ticket.waiting_since is not None
        hear(scene, metas.echo(graphs.PAGE, Said(), mid="m_theirs", text="I am on it."))
        assert ticket.waiting_since is None
        shown = scene.browser().get(f"/tickets/{ticket.number}").text
        assert "Goes to Messenger page Meridian Cooling." in shown
