"""Connecting a number by its form: what is kept, what is refused, what a test says, and that the provider is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from channels import registry, sealing
from channels.adapter import AuthExpired, Permanent, SendError
from channels.models import Channel
from channels.phone import connecting
from helpdesk.db import db
from tests.channels import lines
from tests.fakes import twilio as twilios
from tests.fakes.twilio import NUMBER, Twilio
from tests.plugins.world import Browser, World

HERE = "/settings/channels"


@pytest.fixture
def twilio(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twilio]:
    with lines.loopback(monkeypatch), Twilio() as provider:
        yield provider


def form(twilio: Twilio, **more: str) -> dict[str, str]:
    return {
        "name": "Meridian Cooling", "address": NUMBER, "account": twilios.ACCOUNT, "token": twilios.TOKEN,
        "incoming": "manual", "forward": "", "greeting": "", "transcribe": "no", "base_url": twilio.url, **more,
    }  # fmt: skip


def connected(ada: Browser, twilio: Twilio, **more: str) -> Channel:
    assert ada.post(f"{HERE}/new/phone", form(twilio, **more)).status_code == 303
    return db.session.scalars(select(Channel).where(Channel.kind == "phone")).one()


class TestConnect:
    def test_keeps_the_token_sealed_and_shows_where_calls_and_messages_go(self, ada: Browser, twilio: Twilio):
        channel = connected(ada, twilio)
        assert sealing.opened(channel)["token"] == twilios.TOKEN
        assert twilios.TOKEN not in str(channel.secrets) + str(channel.config)
        for path in ("", f"/{channel.id}", f"/{channel.id}/edit"):
            shown = ada.get(HERE + path)
            assert (shown.status_code, twilios.TOKEN in shown.text) == (200, False)
        assert f"/hooks/phone/{channel.hook_key}" in ada.get(f"{HERE}/{channel.id}").text

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("address", "555 0100", "country"), ("address", "+1 312 555 0100", "without spaces"),
            ("address", "+0123", "country"), ("account", "AC/../x", "not the id"), ("base_url", "ftp://x", "address alone"),
            ("base_url", "http://[", "address alone"), ("token", "", "missing"), ("name", "", "Enter the name"),
            ("incoming", "pigeon", "Choose one"), ("forward", "+12", "country"), ("forward", NUMBER, "the number itself"),
        ],
    )  # fmt: skip
    def test_says_at_the_field_what_is_wrong(self, ada: Browser, twilio: Twilio, field: str, value: str, words: str):
        answer = ada.post(f"{HERE}/new/phone", form(twilio, **{field: value}))
        assert (answer.status_code, words in answer.text, twilios.TOKEN in answer.text) == (422, True, False)
        assert list(db.session.scalars(select(Channel).where(Channel.kind == "phone"))) == []

    def test_takes_one_number_once(self, ada: Browser, twilio: Twilio):
        connected(ada, twilio)
        assert "connected already" in ada.post(f"{HERE}/new/phone", form(twilio)).text

    @pytest.mark.parametrize(("field", "value"), [("base_url", "https://elsewhere.example"), ("account", "AC2")])
    def test_a_token_never_goes_to_a_place_it_was_not_typed_for(self, ada: Browser, twilio: Twilio, field, value):
        channel = connected(ada, twilio)
        answer = ada.post(f"{HERE}/{channel.id}", form(twilio, token="", **{field: value}))
        assert (answer.status_code, "Type it again" in answer.text) == (422, True)

    def test_is_for_administrators(self, world: World, twilio: Twilio):
        assert world.browser(world.ben).get(f"{HERE}/new/phone").status_code == 404


class TestTest:
    def test_says_each_step_and_rings_nobody(self, ada: Browser, twilio: Twilio):
        channel = connected(ada, twilio)
        shown = ada.post(f"{HERE}/{channel.id}/test")
        assert shown.status_code == 200
        for words in ("took the sign-in", "belongs to the account", "enter our address at the provider"):
            assert words in shown.text
        assert twilio.sent == []

    @pytest.mark.parametrize(
        ("spoil", "words"),
        [
            (lambda twilio: setattr(twilio, "token", "x"), "refused the sign-in"),
            (lambda twilio: setattr(twilio, "numbers", ()), "does not belong"),
            (lambda twilio: setattr(twilio, "refusal", (503, 0)), "out of order"),
        ],
    )
    def test_says_what_is_wrong(self, ada: Browser, twilio: Twilio, spoil, words: str):
        channel = connected(ada, twilio)
        spoil(twilio)
        answer = ada.post(f"{HERE}/{channel.id}/test")
        assert (answer.status_code, words in answer.text) == (422, True)


class TestArrange:
    def arrange(self, channel: Channel) -> str:
        return connecting.arrange(registry.adapter("phone").connect(channel))

    def test_tells_the_provider_once_where_to_bring_things(self, ada: Browser, twilio: Twilio, monkeypatch):
        channel = connected(ada, twilio, incoming="arranged")
        with pytest.raises(Permanent, match="https"):
            self.arrange(channel)
        monkeypatch.setenv("HELPDESK_BASE_URL", "https://help.example")
        lines.settings.cache_clear()
        for _ in range(2):
            assert "brings calls and messages here" in self.arrange(channel)
        there = f"https://help.example/hooks/phone/{channel.hook_key}"
        assert twilio.hooks == dict.fromkeys(("sms_url", "voice_url", "status_callback"), there)
        assert [one for one in twilio.asked if one.startswith("POST")] == ["POST PN1"]

    def test_by_hand_looks_whether_the_sign_in_is_right_and_changes_nothing(self, ada: Browser, twilio: Twilio):
        channel = connected(ada, twilio)
        assert "by hand" in self.arrange(channel)
        assert twilio.asked == [f"GET /2010-04-01/Accounts/{twilios.ACCOUNT}.json"]
        assert twilio.hooks == {}
        twilio.token = "x"
        with pytest.raises(AuthExpired, match="sign-in"):
            self.arrange(channel)

    def test_refused_for_its_number_asks_somebody_to_look(self, ada: Browser, twilio: Twilio):
        channel = connected(ada, twilio)
        twilio.refusal = (400, 21211)
        with pytest.raises(Permanent, match="not a telephone number"):
            self.arrange(channel)

    def test_of_a_number_that_is_not_ours_says_so(self, ada: Browser, twilio: Twilio, monkeypatch):
        channel = connected(ada, twilio, incoming="arranged")
        monkeypatch.setenv("HELPDESK_BASE_URL", "https://help.example")
        lines.settings.cache_clear()
        twilio.numbers = ()
        with pytest.raises(AuthExpired, match="does not belong"):
            self.arrange(channel)
        twilio.token = "x"
        with pytest.raises(SendError, match="sign-in"):
            self.arrange(channel)
