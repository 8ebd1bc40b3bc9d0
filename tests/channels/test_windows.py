"""A reply window: said while there is time, closed for everybody when it is over, also for what waited."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from channels import registry
from helpdesk.errors import Invalid
from helpdesk.now import now, travel
from helpdesk.outbox import State
from helpdesk.tickets import conversing, reach
from helpdesk.tickets.inputs import Answer
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene
from tests.channels.lines import loopback
from tests.plugins.world import World


@pytest.fixture
def scene(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setitem(registry.ADAPTERS, "telegram", "tests.fakes.windowed:WindowedAdapter")
    registry.adapter.cache_clear()
    world.ben.undo_seconds = 0
    with telegrams.peer() as peer:
        yield Scene(world, telegrams.BENCH, peer, peer.channel())
    monkeypatch.undo()
    registry.adapter.cache_clear()


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with loopback(monkeypatch):
        yield


def lately() -> Said:
    return Said(at=int(now().timestamp()))


class TestAWindow:
    def test_that_is_open_lets_everything_through(self, scene: Scene):
        ticket = scene.say(lately())
        assert (reach.of(ticket).closed, reach.of(ticket).hint) == ("", "")
        assert scene.answer(ticket).state == State.SENT

    def test_that_ends_soon_says_how_soon(self, scene: Scene):
        ticket = scene.say(lately())
        with travel(hours=23):
            assert "minutes are left" in reach.of(ticket).hint

    def test_that_is_over_refuses_what_is_written_and_says_what_to_do(self, scene: Scene):
        ticket = scene.say(lately())
        with travel(hours=25), pytest.raises(Invalid, match="Reach them another way"):
            conversing.reply(ticket, Answer(body="Hello?"), by=scene.world.ben)

    def test_that_ended_while_an_answer_waited_fails_it_in_words(self, scene: Scene):
        delivery = scene.world.delivery(scene.world.reply(scene.say(lately())))
        with travel(hours=25):
            scene.deliver(delivery)
            assert (delivery.state, scene.peer.taken()) == (State.FAILED, [])
            assert "Reach them another way" in delivery.reason

    def test_opens_again_with_their_next_words(self, scene: Scene):
        ticket = scene.say(lately())
        with travel(hours=25):
            scene.say(Said(2, "Still there?", at=int(now().timestamp())))
            assert reach.of(ticket).closed == ""
