"""What every channel that is called does: nothing forged, nothing lost, nothing twice, and no traceback."""

from __future__ import annotations

import random
import re
import shutil
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from channels import heeding, intake
from channels.models import Inbound
from channels.web import hooks
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Address
from helpdesk.tickets import lifecycle
from helpdesk.tickets.models import MessageVersion
from tests.channels.contract.bench import Said, needs
from tests.channels.contract.scene import TAKEN, Scene
from tests.plugins.product import queries


class TestACall:
    def test_that_is_not_genuine_is_refused_and_nothing_is_kept(self, scene: Scene):
        raw = scene.bench.message(Said())
        for wrong, forged in scene.bench.forge.items():
            assert scene.call(raw, forged(raw)).status_code == 401, wrong
        assert scene.arrived() == []

    def test_is_genuine_by_its_very_bytes_however_they_are_set(self, scene: Scene):
        raw = scene.bench.message(Said())
        if raw.startswith(b"{"):
            raw = raw.replace(b'": ', b'"  :\n')
        assert scene.call(raw).status_code in TAKEN

    def test_for_an_address_that_is_not_ours_is_refused(self, scene: Scene):
        assert scene.call(scene.bench.message(Said()), key="another").status_code == 401
        assert scene.call(scene.bench.message(Said()), key="%00").status_code in {400, 401, 404}

    def test_for_a_channel_that_is_paused_is_refused_so_that_it_comes_again(self, scene: Scene):
        scene.channel.paused_at = scene.channel.created_at
        assert scene.call(scene.bench.message(Said())).status_code == 401

    def test_is_stored_as_it_came_before_it_is_answered(self, scene: Scene):
        raw = scene.bench.message(Said())
        assert scene.call(raw).status_code in TAKEN
        db.session.rollback()
        (kept,) = scene.arrived()
        assert (kept.state, kept.size > 0) == ("waiting", True)
        assert Said().text.encode() in kept.raw

    def test_that_came_before_changes_nothing(self, scene: Scene):
        raw = scene.bench.message(Said())
        scene.hear(raw, raw, raw)
        assert [len(scene.arrived()), len(scene.messages())] == [1, 1]

    def test_shows_that_a_channel_works_that_was_new(self, scene: Scene):
        scene.channel.state = "new"
        db.session.commit()
        raw = scene.bench.message(Said())
        for forged in scene.bench.forge.values():
            scene.call(raw, forged(raw))
        assert (scene.channel.state, scene.log()) == ("new", [])
        for number in 1, 2:
            assert scene.call(scene.bench.message(Said(number=number))).status_code in TAKEN
        assert (scene.channel.state, scene.log()) == ("working", ["Something came in for the first time."])

    def test_that_is_too_large_is_refused(self, scene: Scene):
        raw = b'{"x": "' + b"a" * hooks.LARGEST + b'"}'
        assert scene.call(raw).status_code == 413
        assert scene.arrived() == []

    def test_that_finds_no_room_is_refused_so_that_it_comes_again(self, scene: Scene, monkeypatch: pytest.MonkeyPatch):
        raw = scene.bench.message(Said())
        with monkeypatch.context() as full:
            full.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
            assert scene.call(raw).status_code in {503, 507}
        assert scene.arrived() == []
        assert scene.call(raw).status_code in TAKEN
        assert len(scene.arrived()) == 1

    @needs("garbage")
    def test_of_garbage_is_kept_aside_and_answered(self, scene: Scene):
        for raw in scene.bench.garbage:
            assert scene.call(raw).status_code == 200, raw[:20]
        scene.world.file()
        assert set(scene.states()) == {"quarantined"}
        assert all(one.reason.endswith(".") for one in scene.arrived())

    def test_tells_a_stranger_nothing_of_us(self, scene: Scene):
        said = scene.call(b"{}", {}).get_data(as_text=True).replace("width=device-width", "")
        assert scene.channel.address not in said
        assert scene.bench.kind not in re.findall(r"\w+", re.sub(r"<[^>]*>", " ", said).lower())


class TestAMessage:
    NEEDS = "answers"

    def test_becomes_a_ticket_of_its_author(self, scene: Scene):
        ticket = scene.say()
        (message,) = scene.messages()
        assert (message.body_text, message.ticket_id) == (Said().text, ticket.id)
        assert ticket.channel_kind == scene.bench.kind
        address = db.session.scalars(select(Address).where(Address.contact_id == ticket.contact_id)).one()
        assert address.kind == scene.bench.kind
        assert ticket.subject == Said().text

    def test_that_follows_joins_the_ticket_of_its_conversation(self, scene: Scene):
        first = scene.say()
        assert scene.say(Said(2, "Now it is 11 degrees.", at=Said().at + 60)).id == first.id

    def test_of_another_conversation_is_another_ticket(self, scene: Scene):
        assert scene.say().id != scene.say(Said(2, chat=777, author="Jonas Weber")).id

    def test_opens_what_was_done_lately_again(self, scene: Scene):
        ticket = scene.say()
        lifecycle.resolve(ticket, by=scene.world.ben)
        db.session.commit()
        assert scene.say(Said(2, "It is warm again.", at=Said().at + 60)).id == ticket.id
        assert ticket.is_active

    def test_after_what_was_done_long_ago_begins_a_ticket_that_follows_it_and_stays_there(self, scene: Scene):
        ticket = scene.say()
        lifecycle.resolve(ticket, by=scene.world.ben)
        db.session.commit()
        with travel(days=8):
            later = scene.say(Said(2, "Something else.", at=Said().at + 60))
            assert (later.id != ticket.id, later.follows_id) == (True, ticket.id)
            assert scene.say(Said(3, "And more.", at=Said().at + 90)).id == later.id

    def test_taken_by_two_workers_at_once_is_one(self, scene: Scene):
        for number in range(1, 9):
            assert (
                scene.call(scene.bench.message(Said(number, f"Word {number}", at=Said().at + number))).status_code
                in TAKEN
            )
        db.session.commit()

        def work() -> None:
            with scene.world.app.app_context():
                while intake.process_waiting():
                    pass

        threads = [threading.Thread(target=work) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        scene.world.fresh()
        assert set(scene.states()) == {"done"}
        assert len(scene.messages()) == 8
        assert len({one.ticket_id for one in scene.messages()}) == 1


class TestAStorm:
    NEEDS = "answers"

    def test_of_doubled_shuffled_and_forged_calls_has_the_effect_of_each_once(self, scene: Scene):
        chance = random.Random(5)
        told = [
            scene.bench.message(Said(number, f"Words {number}", at=Said().at + number, chat=500 + number % 7))
            for number in range(1, 141)
        ]
        calls = [*told, *chance.choices(told, k=60)]
        chance.shuffle(calls)
        forged = [*scene.bench.forge.values()]
        for place, raw in enumerate(calls):
            if place % 20 == 0:
                assert scene.call(raw, forged[place % len(forged)](raw)).status_code == 401
            assert scene.call(raw).status_code in TAKEN
        scene.world.file()
        scene.world.fresh()
        assert scene.states() == ["done"] * 140
        assert sorted(one.body_text for one in scene.messages()) == sorted(f"Words {n}" for n in range(1, 141))
        assert len({one.ticket_id for one in scene.messages()}) == 7

    def test_of_people_nobody_knows_is_filed_in_as_few_statements_as_one_of_them(self, scene: Scene):
        asked = []
        for count in (1, 2, 6):
            for place in range(count):
                said = Said(10 * count + place, at=Said().at + 10 * count + place, chat=700 + 10 * count + place)
                assert scene.call(scene.bench.message(said)).status_code in TAKEN
            with queries() as sent:
                scene.world.file()
            asked.append(len(sent))
        assert asked[1] == asked[2]
        assert scene.states() == ["done"] * 9


class TestAnEdit:
    NEEDS = "edit"

    def test_shows_the_newest_words_and_keeps_the_earlier(self, scene: Scene):
        scene.say()
        scene.hear(scene.bench.edit(Said(text="The freezer is warm.", at=Said().at + 30)))
        (message,) = scene.messages()
        assert message.body_text == "The freezer is warm."
        assert message.edited_at is not None
        versions = list(db.session.scalars(select(MessageVersion)))
        assert [one.body_text for one in versions] == [Said().text]
        assert scene.states() == ["done", "done"]

    def test_that_was_overtaken_by_a_later_one_is_kept_as_earlier(self, scene: Scene):
        scene.say()
        scene.hear(
            scene.bench.edit(Said(text="Third words.", at=Said().at + 60)),
            scene.bench.edit(Said(text="Second words.", at=Said().at + 30)),
        )
        assert [one.body_text for one in scene.messages()] == ["Third words."]
        kept = set(db.session.scalars(select(MessageVersion.body_text)))
        assert kept == {Said().text, "Second words."}

    def test_that_came_before_its_message_waits_for_it(self, scene: Scene):
        scene.hear(scene.bench.edit(Said(text="Newer.", at=Said().at + 30)))
        assert scene.states() == ["early"]
        scene.hear(scene.bench.message(Said()))
        assert scene.states() == ["done", "done"]
        assert [one.body_text for one in scene.messages()] == ["Newer."]

    def test_whose_message_never_came_is_filed_as_that_message(self, scene: Scene):
        scene.hear(scene.bench.edit(Said(text="Newer.", at=Said().at + 30)))
        with travel(minutes=11):
            assert heeding.give_up_waiting() == 1
            scene.world.file()
            scene.world.fresh()
            assert scene.states() == ["done"]
            assert [one.body_text for one in scene.messages()] == ["Newer."]


class TestTheRecord:
    def test_says_of_everything_where_it_ended(self, scene: Scene):
        scene.hear(scene.bench.message(Said()), *(scene.bench.garbage or ())[:2])
        left = set(db.session.scalars(select(Inbound.state))) - {"done", "duplicate", "quarantined", "ignored"}
        assert not left
