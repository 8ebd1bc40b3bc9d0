"""The ticket page of a conversation: where the answer goes and what goes there, changed words, what was taken back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from channels import progressing
from channels.adapter import Progress
from helpdesk.db import db
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import revising
from helpdesk.tickets.models import TicketSearch
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene, staged
from tests.fakes.telegram import Telegram
from tests.plugins.world import World


@pytest.fixture
def scene(world: World, telegram: Telegram) -> Scene:
    return staged(world, telegrams.BENCH, telegrams._Peer(telegram))


class TestTheComposer:
    def test_says_where_the_answer_goes_and_how_long_it_may_be(self, scene: Scene):
        ticket = scene.say()
        shown = scene.browser().get(f"/tickets/{ticket.number}").text
        assert "Goes to Telegram bot @meridian_service_bot." in shown
        assert 'data-most="4096" data-unit="utf16"' in shown
        assert "by Telegram" in shown

    def test_says_nothing_of_it_for_mail(self, world: World, scene: Scene):
        shown = scene.browser().get(f"/tickets/{world.ticket().number}").text
        assert "Goes to" not in shown
        assert "data-most" not in shown

    def test_counts_as_telegram_does_when_it_is_sent(self, scene: Scene):
        ticket = scene.say()
        browser = scene.browser()
        fits = browser.post(f"/tickets/{ticket.number}/replies", {"body": "🥶" * 2048})
        assert fits.status_code == 303
        over = browser.post(f"/tickets/{ticket.number}/replies", {"body": "🥶" * 2049})
        assert over.status_code == 422
        assert "2 characters too long for Telegram bot" in over.text
        assert "🥶" * 2049 in over.text


class TestAChangedMessage:
    def test_shows_the_newest_words_and_the_earlier_ones_one_click_away(self, scene: Scene):
        ticket = scene.say()
        scene.hear(telegrams.edit(Said(text="The freezer is warm.", at=Said().at + 30)))
        browser = scene.browser()
        shown = browser.get(f"/tickets/{ticket.number}").text
        assert "The freezer is warm." in shown
        (message,) = scene.messages()
        assert f"/messages/{message.id}/earlier" in shown
        earlier = browser.get(f"/messages/{message.id}/earlier").text
        assert Said().text in earlier
        db.session.refresh(ticket)
        assert ticket.preview == "The freezer is warm."

    def test_that_never_changed_has_no_earlier_words(self, scene: Scene):
        scene.say()
        assert scene.browser().get(f"/messages/{scene.messages()[0].id}/earlier").status_code == 404


class TestAMessageThatWasTakenBack:
    def test_says_so_and_its_words_are_gone_from_page_list_and_search(self, scene: Scene):
        ticket = scene.say(Said(text="My secret is Rumpelstilzchen."))
        (message,) = scene.messages()
        at = datetime(2026, 11, 1, tzinfo=UTC)
        assert revising.delete(ticket, message, at=at)
        assert not revising.delete(ticket, message, at=at)
        assert not revising.edit(ticket, message, "Again", at=at)
        db.session.commit()
        browser = scene.browser()
        shown = browser.get(f"/tickets/{ticket.number}").text
        assert "Deleted by the customer" in shown
        assert "Rumpelstilzchen" not in shown
        assert "Rumpelstilzchen" not in browser.get("/inbox/next-up").text
        assert browser.get(f"/messages/{message.id}/earlier").status_code == 404
        words = db.session.scalars(select(TicketSearch.words).where(TicketSearch.ticket_id == ticket.id)).one()
        assert "secret" not in str(words)

    def test_is_still_in_the_record(self, scene: Scene):
        ticket = scene.say()
        (message,) = scene.messages()
        revising.delete(ticket, message, at=datetime(2026, 11, 1, tzinfo=UTC))
        db.session.commit()
        original = scene.browser().get(f"/messages/{message.id}/original")
        assert Said().text.encode() in original.data


class TestNewsOfASending:
    def told(self, scene: Scene, delivery: Delivery, news: Progress, reason: str = "") -> None:
        name = delivery.recipients[0].external_id or ""
        assert progressing.heard(scene.channel.id, name, news, reason) is not None
        db.session.commit()

    def test_only_moves_forward(self, scene: Scene):
        delivery = scene.answer(scene.say())
        for news, expected in (
            (Progress.READ, "read"),
            (Progress.DELIVERED, "read"),
            (Progress.FAILED, "read"),
            (Progress.READ, "read"),
        ):
            self.told(scene, delivery, news)
            assert (delivery.recipients[0].progress, delivery.state) == (expected, State.SENT)

    def test_that_it_failed_is_taken_back_by_what_arrived_after_all(self, scene: Scene):
        ticket = scene.say()
        delivery = scene.answer(ticket)
        self.told(scene, delivery, Progress.FAILED, "Their telephone is off.")
        assert (delivery.state, delivery.reason) == (State.FAILED, "Their telephone is off.")
        self.told(scene, delivery, Progress.DELIVERED)
        assert (delivery.state, delivery.reason) == (State.SENT, "")
        assert "Delivered" in scene.browser().get(f"/tickets/{ticket.number}").text

    def test_of_something_else_changes_nothing(self, scene: Scene):
        assert progressing.heard(scene.channel.id, "1/501:99", Progress.READ, "") is None
