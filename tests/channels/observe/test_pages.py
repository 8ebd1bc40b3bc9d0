"""Settings of a source, and the page of what was heard, as people use them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from channels import sealing
from channels.models import Channel
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Ticket
from tests.channels.observe.scene import Ear, connected, forum, rss, status
from tests.fakes import elsewhere as fakes
from tests.fakes.elsewhere import Elsewhere
from tests.plugins.world import Browser, World

SETTINGS = "/settings/channels"
HERE = "/heard"


@pytest.fixture
def ada(world: World) -> Browser:
    return world.browser(world.ada)


@pytest.fixture
def ben(world: World) -> Browser:
    return world.browser(world.ben)


@pytest.fixture
def ear(world: World, there: Elsewhere) -> Ear:
    there.forum.append(forum(1, "The <b>KX40</b> hums. <script>alert(1)</script>"))
    found = connected(world, there, "discourse")
    found.look()
    return found


def forms(there: Elsewhere) -> dict[str, dict[str, str]]:
    shared = {"name": "Talk", "every": "15", "clock": "made"}
    return {
        "feed": {**shared, "address": f"{there.url}/feed.xml"},
        "discourse": {**shared, "address": there.url, "query": "compressor", "token": fakes.KEY, "username": "kept"},
        "mastodon": {**shared, "address": "#coldroom", "base_url": there.url, "token": fakes.TOKEN},
        "bluesky": {**shared, "address": "meridian", "base_url": there.url},
    }


class TestConnecting:
    @pytest.mark.parametrize("kind", ["feed", "discourse", "mastodon", "bluesky"])
    def test_makes_a_source_that_is_tested_and_paused_like_any_channel(self, ada: Browser, there: Elsewhere, kind: str):
        there.feed = rss(("1", "A", "first"))
        there.forum, there.statuses = [forum(1, "compressor")], [status(1, "w1")]
        assert ada.get(f"{SETTINGS}/new/{kind}").status_code == 200
        answer = ada.post(f"{SETTINGS}/new/{kind}", forms(there)[kind])
        assert answer.status_code == 303, answer.text
        channel = db.session.scalars(select(Channel).where(Channel.kind == kind)).one()
        shown = ada.post(f"{SETTINGS}/{channel.id}/test")
        assert (shown.status_code, "was only read" in shown.text) == (200, True)
        assert there.methods == {"GET"}
        assert ada.post(f"{SETTINGS}/{channel.id}/pause").status_code == 303
        for path in (f"{SETTINGS}/{channel.id}", f"{SETTINGS}/{channel.id}/edit", SETTINGS):
            page = ada.get(path).text
            assert (fakes.TOKEN in page, fakes.KEY in page) == (False, False)

    def test_keeps_the_token_sealed(self, ada: Browser, there: Elsewhere):
        ada.post(f"{SETTINGS}/new/mastodon", forms(there)["mastodon"])
        channel = db.session.scalars(select(Channel).where(Channel.kind == "mastodon")).one()
        assert sealing.opened(channel)["token"] == fakes.TOKEN
        assert fakes.TOKEN not in str(channel.config)

    @pytest.mark.parametrize(
        ("kind", "field", "value", "words"),
        [
            ("feed", "address", "talk.example/feed", "Enter the whole address of the feed"),
            ("feed", "address", "javascript:alert(1)", "Enter the whole address of the feed"),
            ("feed", "every", "1", "Choose one of these"),
            ("discourse", "address", "forum", "Enter the whole address of the forum"),
            ("discourse", "username", "", "Enter whose key it is"),
            ("mastodon", "address", "#two words", "A hashtag is one word"),
            ("mastodon", "base_url", "ftp://x", "Enter the address"),
            ("bluesky", "address", "", "Words to search for is missing"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(
        self, ada: Browser, there: Elsewhere, kind: str, field: str, value: str, words: str
    ):
        answer = ada.post(f"{SETTINGS}/new/{kind}", {**forms(there)[kind], field: value})
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
        assert fakes.TOKEN not in answer.text

    def test_to_another_server_wants_the_token_again(self, ada: Browser, there: Elsewhere):
        ada.post(f"{SETTINGS}/new/mastodon", forms(there)["mastodon"])
        channel = db.session.scalars(select(Channel).where(Channel.kind == "mastodon")).one()
        ada.post(
            f"{SETTINGS}/{channel.id}", {**forms(there)["mastodon"], "token": "", "base_url": "https://evil.example"}
        )
        db.session.expire_all()
        assert "token" not in channel.secrets

    def test_a_test_that_fails_says_what_to_do(self, ada: Browser, there: Elsewhere):
        there.private = True
        ada.post(f"{SETTINGS}/new/discourse", {**forms(there)["discourse"], "token": "another"})
        channel = db.session.scalars(select(Channel).where(Channel.kind == "discourse")).one()
        shown = ada.post(f"{SETTINGS}/{channel.id}/test")
        assert (shown.status_code, "does not let us read this" in shown.text) == (422, True)

    def test_is_for_administrators(self, ben: Browser, there: Elsewhere):
        assert ben.post(f"{SETTINGS}/new/feed", forms(there)["feed"]).status_code == 404

    def test_offers_no_automatic_answer(self, ada: Browser):
        assert "acknowledges" not in ada.get(f"{SETTINGS}/new/mastodon").text


class TestThePage:
    def test_nobody_sees_before_signing_in(self, world: World, ear: Ear):
        assert Browser(world.app).get(HERE).status_code == 303

    def test_lists_posts_as_plain_words(self, ben: Browser, ear: Ear):
        shown = ben.get(HERE).text
        assert "The KX40 hums." in shown
        assert "alert(1)" not in shown
        assert "nora@127.0.0.1" in shown
        assert 'rel="noopener noreferrer nofollow"' in shown

    def test_stands_in_the_menu_with_how_many_wait(self, ben: Browser, ear: Ear):
        shown = ben.get("/inbox/next-up").text
        assert re.search(r'href="/heard".*Heard elsewhere.*count push">1<', shown)

    def test_is_in_no_menu_where_nothing_is_listened_to(self, ben: Browser):
        assert "Heard elsewhere" not in ben.get("/inbox/next-up").text
        assert "Nothing is listened to yet" in ben.get(HERE).text

    def test_finds_words_and_keeps_them_in_the_form(self, ben: Browser, ear: Ear):
        assert "KX40 hums" in ben.get(f"{HERE}?q=kx40").text
        missed = ben.get(f"{HERE}?q=freezer&show=all").text
        assert ('value="freezer"' in missed, "No post fits" in missed) == (True, True)

    @pytest.mark.parametrize("query", ["show=nothing", "source=x", "source=99999999999999999999", "tag=none", "q=%00'"])
    def test_takes_any_address(self, ben: Browser, ear: Ear, query: str):
        assert ben.get(f"{HERE}?{query}").status_code == 200

    def test_makes_a_ticket_which_says_that_it_cannot_be_answered(self, ben: Browser, ear: Ear):
        answer = ben.post(f"{HERE}/{ear.post().id}/ticket")
        number = db.session.scalar(select(Ticket.number).where(Ticket.id == ear.post().ticket_id))
        assert answer.location == f"/tickets/{number}"
        shown = ben.get(answer.location).text
        assert "an answer cannot be sent there" in shown
        assert "nothing can be said there" in shown
        assert "Ben" in shown
        assert "made this ticket of a post that was written in a forum" in shown
        assert f"Ticket #{number}" in ben.get(f"{HERE}?show=tickets").text
        refused = ben.post(f"/tickets/{number}/reply", {"body": "Hello"})
        assert refused.status_code in {404, 405, 422}

    def test_ignores_and_puts_back(self, ben: Browser, ear: Ear):
        view = {"view": "q=kx40"}
        assert ben.post(f"{HERE}/{ear.post().id}/ignore", view).location == f"{HERE}?q=kx40&said=ignored"
        assert "KX40" not in ben.get(HERE).text
        ben.post(f"{HERE}/{ear.post().id}/put-back")
        assert "KX40" in ben.get(HERE).text

    def test_saves_tags_and_says_at_the_field_what_is_wrong(self, ben: Browser, ear: Ear):
        ben.post(f"{HERE}/{ear.post().id}/tags", {"tags": "Noise, compressor"})
        assert ear.post().tags == ["compressor", "noise"]
        wrong = ben.post(f"{HERE}/{ear.post().id}/tags", {"tags": "x" * 60})
        assert (wrong.status_code, "shorter than 40 characters" in wrong.text, "x" * 60 in wrong.text) == (
            422,
            True,
            True,
        )

    def test_says_what_somebody_else_did_meanwhile(self, ben: Browser, world: World, ear: Ear):
        post = ear.post()
        ben.post(f"{HERE}/{post.id}/ticket")
        assert ben.post(f"{HERE}/{post.id}/ignore").location.endswith("said=ticket")
        ear.there.forum.append(forum(2, "another"))
        ear.look()
        second = ear.posts()[-1]
        second.gone_at = now()
        db.session.commit()
        assert ben.post(f"{HERE}/{second.id}/ticket").location.endswith("said=gone")

    def test_says_which_source_cannot_be_heard(self, ben: Browser, ear: Ear):
        channel = ear.channel
        channel.silent_since = channel.last_inbound_at
        db.session.commit()
        assert "is silent since" in ben.get(HERE).text
        ear.there.refusals = [(429, {"Retry-After": "60"})]
        ear.look()
        assert "asks us to wait" in ben.get(HERE).text

    def test_shows_in_the_accounting_where_everything_ended(self, ada: Browser, ear: Ear):
        assert "Everything is accounted for" in ada.get(f"{SETTINGS}/accounting").text
