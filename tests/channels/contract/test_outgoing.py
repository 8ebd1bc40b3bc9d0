"""What every channel that answers does: what became of it is known, in words, and nothing is sent twice or too early."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from channels import dispatch, spending
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.now import travel
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Answer
from tests.channels.contract.bench import Said, needs
from tests.channels.contract.scene import Scene


class TestAnAnswer:
    NEEDS = "answers"

    def test_arrives_where_it_was_asked(self, scene: Scene):
        delivery = scene.answer(scene.say())
        assert (delivery.state, delivery.reason) == (State.SENT, "")
        assert scene.peer.taken() == ["We are on our way."]
        assert delivery.recipients[0].external_id is not None

    def test_is_answered_on_the_same_ticket(self, scene: Scene):
        ticket = scene.say()
        scene.answer(ticket)
        assert scene.say(Said(2, "Thank you.", at=Said().at + 60)).id == ticket.id

    @needs("elsewhere")
    def test_that_comes_too_early_waits_as_long_as_the_provider_says(self, scene: Scene):
        scene.peer.refuse_for_now(90)
        delivery = scene.answer(scene.say())
        assert delivery.state == State.QUEUED
        assert delivery.reason.endswith(".")
        assert 88 <= scene.seconds_to_wait(delivery) <= 95
        scene.deliver(delivery)
        assert scene.peer.taken() == []
        with travel(seconds=91):
            assert scene.deliver(delivery).state == State.SENT
        assert scene.peer.taken() == ["We are on our way."]

    @needs("elsewhere")
    def test_to_anybody_else_waits_as_long(self, scene: Scene):
        first, other = scene.say(), scene.say(Said(2, chat=777, author="Jonas Weber"))
        scene.peer.refuse_for_now(90)
        scene.answer(first, "One.")
        second = scene.answer(other, "Two.")
        assert (second.state, second.attempts) == (State.QUEUED, 0)
        assert scene.seconds_to_wait(second) >= 85
        assert scene.peer.taken() == []

    @needs("elsewhere")
    def test_is_tried_again_when_the_provider_was_out_of_order(self, scene: Scene):
        scene.peer.break_down()
        delivery = scene.answer(scene.say())
        assert (delivery.state, scene.peer.taken()) == (State.QUEUED, [])
        with travel(minutes=5):
            assert scene.deliver(delivery).state == State.SENT

    @needs("elsewhere")
    def test_that_may_have_arrived_is_not_sent_again(self, scene: Scene):
        scene.peer.hang_up()
        delivery = scene.answer(scene.say())
        assert delivery.state == State.UNCERTAIN
        assert "may or may not" in delivery.reason
        scene.peer.accept()
        with travel(hours=1):
            scene.deliver(delivery)
            dispatch.requeue()
            scene.deliver(delivery)
        assert scene.peer.taken() == ["We are on our way."]

    def test_that_a_killed_process_had_begun_is_not_sent_again(self, scene: Scene):
        ticket = scene.say()
        delivery = scene.world.delivery(scene.world.reply(ticket))
        delivery.state, delivery.attempts = State.SENDING, 1
        delivery.claimed_at = delivery.handed_over_at = delivery.created_at
        db.session.commit()
        with travel(hours=1):
            dispatch.reclaim()
            scene.world.fresh()
        assert (delivery.state, scene.peer.taken()) == (State.UNCERTAIN, [])

    @needs("elsewhere")
    def test_waits_and_the_channel_says_so_when_the_sign_in_is_refused(self, scene: Scene):
        ticket = scene.say()
        scene.peer.forget_us()
        delivery = scene.answer(ticket)
        assert (delivery.state, scene.channel.state) == (State.QUEUED, "needs_sign_in")
        assert scene.channel.state_text.endswith(".")
        assert scene.seconds_to_wait(delivery) > 60

    @needs("elsewhere")
    def test_that_is_refused_for_good_says_so_in_words(self, scene: Scene):
        scene.peer.lose_the_customer()
        delivery = scene.answer(scene.say())
        assert delivery.state == State.FAILED
        assert delivery.reason.endswith(".")
        assert not any(word in delivery.reason for word in ("Error", "403", "Traceback"))

    @needs("elsewhere")
    def test_never_overtakes_the_one_before(self, scene: Scene):
        ticket = scene.say()
        scene.peer.break_down()
        first = scene.answer(ticket, "One.")
        second = scene.answer(ticket, "Two.")
        assert (second.state, scene.peer.taken()) == (State.QUEUED, [])
        with travel(minutes=5):
            scene.deliver(first)
            scene.deliver(second)
        assert scene.peer.taken() == ["One.", "Two."]

    def test_that_is_too_long_is_refused_before_it_is_sent(self, scene: Scene):
        ticket = scene.say()
        with pytest.raises(Invalid, match="too long"):
            conversing.reply(ticket, Answer(body="a" * 150_000), by=scene.world.ben)


class TestAnAutomaticAnswer:
    NEEDS = "answers"

    def test_to_a_first_message_goes_where_it_was_asked(self, scene: Scene):
        scene.channel.acknowledges = True
        ticket = scene.say()
        for delivery_id in list(db.session.scalars(select(Delivery.id))):
            dispatch.deliver(delivery_id)
        (said,) = scene.peer.taken()
        assert f"#{ticket.number}" in said


class TestABudget:
    NEEDS = "answers"

    def test_that_is_used_up_lets_nothing_more_out_and_says_so(self, scene: Scene):
        ticket = scene.say()
        delivery = scene.world.delivery(scene.world.reply(ticket))
        scene.channel.config = {**scene.channel.config, "budget": "2"}
        spending.add(scene.channel.id, Decimal(2))
        scene.deliver(delivery)
        assert (delivery.state, scene.peer.taken()) == (State.FAILED, [])
        assert "is used up" in delivery.reason
        with pytest.raises(Invalid, match="is used up"):
            conversing.reply(ticket, Answer(body="Later."), by=scene.world.ben)


class TestAClosedWindow:
    NEEDS = "window"

    def test_says_what_to_do_instead(self, scene: Scene):
        ticket = scene.say()
        delivery = scene.world.delivery(scene.world.reply(ticket))
        scene.bench.window(ticket)
        assert scene.deliver(delivery).state == State.FAILED
        assert scene.peer.taken() == []
        with pytest.raises(Invalid):
            conversing.reply(ticket, Answer(body="Later."), by=scene.world.ben)
