"""WhatsApp beside the suite: statuses, files by id, templates, people with another number or none."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from channels import registry
from channels.adapter import Outbound, Party, Recipient, WindowClosed
from channels.models import Conversation, Fetch
from helpdesk import blobs
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery, State
from helpdesk.people.models import Address
from helpdesk.tickets import conversing, drafts, reach
from helpdesk.tickets.inputs import Answer, File
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.channels.contract import metas
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene, fetch_all, staged
from tests.fakes import graph as graphs
from tests.fakes.graph import Graph, Refusal
from tests.plugins.world import World

OLD, NEW = metas.number(Said()), "4915299999999"


@pytest.fixture
def scene(world: World, graph: Graph) -> Scene:
    return staged(world, metas.WHATSAPP, metas.Peer(graph, "whatsapp"))


def said_by(said: Said, *, number: str = "", user: str = "") -> bytes:
    """Words of somebody who shows a number, a user id, or both."""
    who: dict[str, Any] = {"profile": {"name": said.author}}
    message = metas.written(said)
    del message["from"]
    if number:
        who["wa_id"], message["from"] = number, number
    if user:
        who["user_id"], message["from_user_id"] = user, user
    return metas.change(contacts=[who], messages=[message])


def moved(was: str, wa_id: str, **more: str) -> bytes:
    system = {"body": "User changed", "wa_id": wa_id, "type": "user_changed_number", **more}
    told = {"from": was, "id": f"wamid.system.{wa_id}", "timestamp": "1790000000", "type": "system", "system": system}
    return metas.change(messages=[told])


def tickets(scene: Scene) -> list[int]:
    return [one.ticket_id for one in scene.messages()]


class TestOurNumber:
    @pytest.mark.parametrize("display", ["15550104410", "+15550104410", "+1 (555) 010-4410"])
    def test_is_the_same_however_it_is_written(self, display: str):
        adapter: Any = registry.adapter("whatsapp")
        (arrival,) = adapter.split(metas.change(display=display, messages=[metas.written(Said())]))
        assert arrival.address == "+15550104410"
        assert dict(adapter.parse(arrival.raw).facts)["number"] == "+15550104410"


class TestStatuses:
    @pytest.mark.parametrize("order", list(itertools.permutations(["sent", "delivered", "read"])))
    def test_in_any_order_end_at_the_furthest(self, scene: Scene, order: tuple[str, ...]):
        delivery = scene.answer(scene.say())
        scene.hear(*(metas.whatsapp_status("wamid.OUT1", status) for status in order))
        assert (delivery.recipients[0].progress, delivery.state) == ("read", State.SENT)

    def test_that_overtake_the_answer_to_our_request_wait_for_it(self, scene: Scene, graph: Graph):
        ticket = scene.say()

        def first(_: object) -> None:
            with scene.world.app.app_context():
                scene.hear(metas.whatsapp_status("wamid.OUT1", "delivered"))

        graph.before_answer = first
        delivery = scene.answer(ticket)
        scene.world.file()
        scene.world.fresh()
        assert delivery.recipients[0].progress == "delivered"

    def test_of_failure_say_why(self, scene: Scene):
        delivery = scene.answer(scene.say())
        errors = [{"code": 131026, "title": "Message undeliverable"}]
        scene.hear(metas.whatsapp_status("wamid.OUT1", "failed", errors=errors))
        assert (delivery.state, "has no WhatsApp" in delivery.reason) == (State.FAILED, True)

    def test_of_an_uncertain_sending_settle_it_by_our_own_key(self, scene: Scene, graph: Graph):
        scene.peer.hang_up()
        delivery = scene.answer(scene.say())
        assert delivery.state == State.UNCERTAIN
        key = graph.sent[0]["biz_opaque_callback_data"]
        assert key == str(delivery.id)
        scene.hear(metas.whatsapp_status("wamid.OUT1", "delivered", biz_opaque_callback_data=key))
        assert (delivery.state, delivery.recipients[0].progress, delivery.reason) == (State.SENT, "delivered", "")
        scene.hear(metas.whatsapp_status("wamid.OUT1", "read"))
        assert delivery.recipients[0].progress == "read"

    def test_with_the_key_of_another_channel_s_sending_change_nothing(self, scene: Scene, graph: Graph):
        scene.peer.hang_up()
        delivery = scene.answer(scene.say())
        metas.connected(graph, "whatsapp", address="+15550009999")
        delivery.channel_id = 10**6
        scene.hear(metas.whatsapp_status("wamid.X", "read", biz_opaque_callback_data=str(delivery.id)))
        assert delivery.state == State.UNCERTAIN


class TestSomebodyWhoMoves:
    def test_to_another_number_is_followed_and_it_is_told(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        scene.hear(moved(OLD, NEW), said_by(Said(2, "It is me.", at=Said().at + 60), number=NEW))
        assert tickets(scene) == [ticket.id, ticket.id]
        addresses = set(db.session.scalars(select(Address.value).where(Address.contact_id == ticket.contact_id)))
        assert addresses == {OLD, NEW}
        (event,) = db.session.scalars(select(Event).where(Event.kind == "contact.moved"))
        assert (event.ticket_id, NEW in str(event.data)) == (ticket.id, False)
        assert "has another number or name at WhatsApp" in scene.browser().get(f"/tickets/{ticket.number}").text
        scene.answer(ticket)
        assert graph.sent[-1]["to"] == NEW

    def test_is_answered_at_the_new_number_before_they_write_from_it(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        scene.hear(moved(OLD, NEW, user_id="DE.2", previous_user_id="DE.1"))
        scene.answer(ticket)
        assert graph.sent[-1]["to"] == NEW

    def test_is_followed_once_though_it_is_told_twice(self, scene: Scene):
        scene.say()
        scene.hear(moved(OLD, NEW), moved(OLD, NEW).replace(b"wamid.system", b"wamid.again"))
        assert len(list(db.session.scalars(select(Event).where(Event.kind == "contact.moved")))) == 1
        assert scene.states() == ["done", "ignored", "ignored"]

    def test_to_a_number_that_was_somebody_else_s_takes_it_and_leaves_their_words(self, scene: Scene, graph: Graph):
        mine = scene.say()
        theirs = scene.say(Said(9, "My freezer.", author="Jonas Weber", chat=777))
        number = metas.number(Said(chat=777))
        scene.hear(moved(OLD, number), said_by(Said(3, "Mine.", at=Said().at + 60), number=number))
        assert tickets(scene) == [mine.id, theirs.id, mine.id]
        address = db.session.scalars(select(Address).where(Address.value == number)).one()
        assert address.contact_id == mine.contact_id != theirs.contact_id
        scene.answer(mine)
        assert graph.sent[-1]["to"] == number
        with pytest.raises(Invalid, match="no address"):
            scene.answer(theirs)

    def test_and_never_wrote_is_nobody(self, scene: Scene):
        scene.hear(moved(OLD, NEW))
        assert scene.states() == ["ignored"]
        assert db.session.scalars(select(Address).where(Address.kind == "whatsapp")).all() == []

    def test_who_gets_a_user_id_and_then_hides_the_number_stays_in_the_conversation(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        scene.hear(
            said_by(Said(2, "With both.", at=Said().at + 60), number=OLD, user="DE.1349"),
            said_by(Said(3, "Without.", at=Said().at + 90), user="DE.1349"),
        )
        assert tickets(scene) == [ticket.id] * 3
        assert len(list(db.session.scalars(select(Conversation)))) == 1
        values = set(db.session.scalars(select(Address.value).where(Address.contact_id == ticket.contact_id)))
        assert values == {OLD, "DE.1349"}

    def test_who_never_showed_a_number_is_answered_by_the_user_id(self, scene: Scene, graph: Graph):
        scene.hear(said_by(Said(), user="DE.1349"))
        delivery = scene.answer(db.session.get_one(Ticket, tickets(scene)[0]))
        assert (delivery.state, graph.sent[0]["recipient"], "to" in graph.sent[0]) == (State.SENT, "DE.1349", False)

    def test_whose_user_id_alone_changes_is_followed(self, scene: Scene, graph: Graph):
        scene.hear(said_by(Said(), user="DE.1"))
        system = {"body": "x", "user_id": "DE.2", "previous_user_id": "DE.1", "type": "user_changed_user_id"}
        scene.hear(metas.change(messages=[{"id": "wamid.s", "timestamp": "1", "type": "system", "system": system}]))
        scene.hear(said_by(Said(2, "Me.", at=Said().at + 60), user="DE.2"))
        assert len(set(tickets(scene))) == 1
        scene.answer(db.session.get_one(Ticket, tickets(scene)[0]))
        assert graph.sent[-1]["recipient"] == "DE.2"


class TestFiles:
    def image(self, name: str) -> bytes:
        image = {"id": name, "mime_type": "image/jpeg", "caption": "This one"}
        return metas.change(
            contacts=[metas.contact(Said())], messages=[metas.written(Said(), type="image", image=image)]
        )

    def test_come_in_by_id_then_address_then_token(self, scene: Scene, graph: Graph):
        graph.files["123"] = b"\xff\xd8"
        scene.hear(self.image("123"))
        fetch_all(scene)
        (file,) = db.session.scalars(select(Attachment))
        assert (file.filename, blobs.get(file.sha256), scene.messages()[0].missing_files) == (
            "picture.jpg",
            b"\xff\xd8",
            [],
        )
        assert graph.called("123")[0].query["phone_number_id"] == graphs.NUMBER_ID

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/x",
            "https://lookaside.fbsbx.com.evil.example/x",
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "https://lookaside.fbsbx.com:port/x",
            "http://[",
        ],
    )
    def test_are_never_fetched_with_our_token_from_elsewhere(self, scene: Scene, graph: Graph, url: str):
        graph.files["123"] = b"x"
        real = graph.answer
        evil = {"url": url, "sha256": ""}
        graph.answer = lambda asked: evil if asked.path == "123" else real(asked)  # type: ignore[method-assign]
        scene.hear(self.image("123"))
        fetch_all(scene)
        assert "not Meta's" in scene.messages()[0].missing_files[0]

    def test_that_came_in_another_shape_are_asked_for_again(self, scene: Scene, graph: Graph):
        graph.files["123"] = b"x"
        real = graph.answer
        graph.answer = lambda asked: {**real(asked), "sha256": "0" * 64}  # type: ignore[method-assign]
        scene.hear(self.image("123"))
        fetch_all(scene)
        assert db.session.scalars(select(Fetch.state)).one() == "waiting"

    def send(self, scene: Scene, body: str, *files: tuple[str, str, bytes]) -> Delivery:
        ticket = scene.say()
        draft = drafts.take(scene.world.ben, ticket, "reply")
        for name, kind, content in files:
            drafts.attach(draft, File(blobs.put(content), name, kind, len(content)))
        db.session.flush()
        message = conversing.reply(ticket, Answer(body=body), by=scene.world.ben, draft=draft)
        return scene.deliver(scene.world.delivery(message))

    def test_go_out_with_the_words_under_a_single_one(self, scene: Scene, graph: Graph):
        assert self.send(scene, "The report", ("May.pdf", "application/pdf", b"%PDF")).state == State.SENT
        (sent,) = graph.sent
        assert (sent["type"], sent["document"]["caption"], sent["document"]["filename"]) == (
            "document",
            "The report",
            "May.pdf",
        )
        assert graph.left[sent["document"]["id"]] == ("May.pdf", b"%PDF", "application/pdf")

    def test_go_out_one_by_one_each_as_what_it_is(self, scene: Scene, graph: Graph):
        self.send(
            scene, "Two", ("a.png", "image/png", b"a"), ("b.ogg", "audio/ogg", b"b"), ("c.webp", "image/webp", b"c")
        )
        assert [one["type"] for one in graph.sent] == ["text", "image", "audio", "document"]


def template(name: str, body: str, **more: Any) -> dict[str, Any]:
    components = more.pop("components", [{"type": "BODY", "text": body, **more.pop("body", {})}])
    return {
        "name": name,
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": components,
        **more,
    }


VISIT = template(
    "visit_planned",
    "",
    components=[
        {"type": "HEADER", "format": "TEXT", "text": "Visit at {{1}}", "example": {"header_text": ["Halden"]}},
        {"type": "BODY", "text": "Hello {{1}}, we come on {{2}}.", "example": {"body_text": [["Ada", "Monday"]]}},
        {"type": "FOOTER", "text": "Meridian Cooling"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "See it", "url": "https://meridian.example/v/{{1}}"}]},
    ],
)
NAMED = template("still_there", "Hello {{first_name}}, is it well?", parameter_format="NAMED")
PICTURE = template("offer", "", components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Buy"}])


class TestATemplate:
    @pytest.fixture(autouse=True)
    def _approved(self, graph: Graph) -> None:
        rejected = template("rejected", "No", status="REJECTED")
        code = template("code", "{{1}}", category="AUTHENTICATION")
        graph.templates = [VISIT, PICTURE, rejected, code, NAMED]

    def values(self, **more: str) -> dict[str, str]:
        filled = {"header:1": "Halden", "body:1": "Ada", "body:2": "Monday\n 9 am", "button0:1": "4711"}
        return {"template": "visit_planned/en_US", **filled, **more}

    def test_is_all_that_goes_behind_a_day_and_the_composer_says_so(self, scene: Scene):
        ticket = scene.say()
        assert reach.of(ticket).templates == ""
        with travel(hours=25):
            shown = scene.browser().get(f"/tickets/{ticket.number}").text
            assert "approved templates through alone" in shown
            assert f'href="/tickets/{ticket.number}/templates"' in shown
            answer = scene.browser().post(f"/tickets/{ticket.number}/replies", {"body": "Free words"})
            assert (answer.status_code, "Free words" in answer.text) == (422, True)

    def test_is_chosen_among_those_that_can_be_filled_here(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        with travel(hours=25):
            shown = scene.browser().get(f"/tickets/{ticket.number}/templates").text
            assert [name in shown for name in ("visit planned", "still there", "offer", "rejected", "code (")] == [
                True, True, False, False, False,
            ]  # fmt: skip
            assert len(graph.called(f"{graphs.BUSINESS}/message_templates")) == 3
            chosen = scene.browser().get(f"/tickets/{ticket.number}/templates?template=visit_planned%2Fen_US").text
        for words in (
            "Hello [Gap 1], we come on [Gap 2].",
            "Such as Monday.",
            "Gap 1 of the heading",
            "Meridian Cooling",
        ):
            assert words in chosen

    def test_is_sent_with_its_gaps_filled_and_kept_as_what_they_read(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        with travel(hours=25):
            answer = scene.browser().post(f"/tickets/{ticket.number}/templates", self.values())
            assert answer.status_code == 303
            scene.world.fresh()
            message = db.session.scalars(select(Message).where(Message.direction == "out")).one()
            delivery = scene.deliver(scene.world.delivery(message))
        assert delivery.state == State.SENT
        assert message.body_text == (
            "Visit at Halden\n\nHello Ada, we come on Monday 9 am.\n\nMeridian Cooling\n\n"
            "[See it: https://meridian.example/v/4711]"
        )
        (sent,) = graph.sent
        assert sent["template"] == {
            "name": "visit_planned",
            "language": {"code": "en_US"},
            "components": [
                {"type": "header", "parameters": [{"type": "text", "text": "Halden"}]},
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "Monday 9 am"}],
                },
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "4711"}]},
            ],
        }

    def test_with_named_gaps_names_them(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        with travel(hours=25):
            filled = {"template": "still_there/en_US", "body:first_name": "Ada"}
            scene.browser().post(f"/tickets/{ticket.number}/templates", filled)
            scene.world.fresh()
            scene.deliver(
                scene.world.delivery(db.session.scalars(select(Message).where(Message.direction == "out")).one())
            )
        (component,) = graph.sent[0]["template"]["components"]
        assert component["parameters"] == [{"type": "text", "parameter_name": "first_name", "text": "Ada"}]

    def test_with_an_empty_gap_is_not_sent_and_what_was_typed_stays(self, scene: Scene):
        ticket = scene.say()
        with travel(hours=25):
            answer = scene.browser().post(f"/tickets/{ticket.number}/templates", self.values(**{"body:2": "  "}))
        assert (answer.status_code, "Fill this in." in answer.text, 'value="Halden"' in answer.text) == (
            422,
            True,
            True,
        )
        assert db.session.scalars(select(Delivery)).all() == []

    def test_that_is_there_no_more_is_not_sent(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        graph.templates = [NAMED]
        with travel(hours=25):
            answer = scene.browser().post(f"/tickets/{ticket.number}/templates", self.values())
        assert (answer.status_code, "not there any more" in answer.text) == (422, True)

    def test_cannot_be_chosen_while_meta_is_away_and_the_page_says_so(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        graph.token = "another"
        with travel(hours=25):
            answer = scene.browser().get(f"/tickets/{ticket.number}/templates")
        assert (answer.status_code, "Meta does not take our token" in answer.text) == (422, True)

    def test_has_no_page_while_free_words_go(self, scene: Scene):
        ticket = scene.say()
        answer = scene.browser().get(f"/tickets/{ticket.number}/templates")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{ticket.number}")

    def test_has_no_page_for_mail(self, scene: Scene):
        ticket = scene.world.ticket()
        assert scene.browser().get(f"/tickets/{ticket.number}/templates").status_code == 303

    def test_that_whatsapp_refuses_says_why(self, scene: Scene, graph: Graph):
        ticket = scene.say()
        graph.refusals.append(Refusal(400, 132000, 0, "(#132000) Number of parameters does not match"))
        with travel(hours=25):
            scene.browser().post(f"/tickets/{ticket.number}/templates", self.values())
            scene.world.fresh()
            message = db.session.scalars(select(Message).where(Message.direction == "out")).one()
            delivery = scene.deliver(scene.world.delivery(message))
        assert (delivery.state, "Choose it again" in delivery.reason) == (State.FAILED, True)


class TestTheWindow:
    def test_that_closed_while_free_words_waited_fails_them(self, scene: Scene, graph: Graph):
        delivery = scene.world.delivery(scene.world.reply(scene.say()))
        with travel(hours=25):
            scene.deliver(delivery)
        assert (delivery.state, graph.sent, "templates" in delivery.reason) == (State.FAILED, [], True)

    def test_that_closes_while_free_words_are_made_ready_lets_none_out(self, scene: Scene, graph: Graph):
        adapter = registry.adapter("whatsapp")
        to = (Recipient("491701234567"),)
        late = Outbound("", Party(""), to, "", "Hello?", heard_at=now() - timedelta(hours=25))
        with pytest.raises(WindowClosed, match="templates"):
            adapter.send(late, adapter.connect(scene.channel))
        assert graph.sent == []


def test_everything_doubled_and_shuffled_has_the_effect_of_each_once(scene: Scene):
    first = scene.answer(scene.say())
    calls = [metas.whatsapp_message(Said(number, f"Word {number}", at=Said().at + number)) for number in range(2, 12)]
    calls += [metas.whatsapp_status("wamid.OUT1", status) for status in ("sent", "delivered", "read")]
    calls += [metas.whatsapp_edit(Said(5, "Changed", at=Said().at + 500)), metas.whatsapp_delete(Said(6))]
    storm = calls * 3
    random.Random(7).shuffle(storm)
    scene.hear(*storm)
    words = {one.body_text for one in scene.messages() if one.deleted_at is None}
    assert len(scene.messages()) == 11
    assert {"Changed", "Word 2", "Word 11"} <= words
    assert "Word 5" not in words
    assert first.recipients[0].progress == "read"
