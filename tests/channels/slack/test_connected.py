"""Settings, Channels: from the form to a workspace that works, its secrets, its permissions and its way in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from channels import sealing
from channels.models import Channel
from channels.slack.connecting import SCOPES
from helpdesk.db import db
from helpdesk.settings import settings
from tests.fakes import slack as fakes
from tests.fakes.slack import Slack
from tests.plugins.world import Browser

HERE = "/settings/channels"


def form(slack: Slack, **more: str) -> dict[str, str]:
    return {
        "name": "Meridian Cooling",
        "address": "Meridian.slack.com",
        "bot_token": fakes.BOT_TOKEN,
        "incoming": "stream",
        "app_token": fakes.APP_TOKEN,
        "signing_secret": "",
        "takes": "direct",
        "channels": "",
        "members": "customers",
        "base_url": slack.url,
        **more,
    }


def connected(ada: Browser, slack: Slack, **more: str) -> Channel:
    answer = ada.post(f"{HERE}/new/slack", form(slack, **more))
    assert answer.status_code == 303, answer.text
    return db.session.scalars(select(Channel).where(Channel.kind == "slack")).one()


class TestConnect:
    def test_keeps_the_tokens_sealed_and_shows_them_to_nobody(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack, incoming="webhook", signing_secret=fakes.SIGNING_SECRET)
        opened = sealing.opened(channel)
        assert {opened[one] for one in ("bot_token", "app_token", "signing_secret")} == {
            fakes.BOT_TOKEN,
            fakes.APP_TOKEN,
            fakes.SIGNING_SECRET,
        }
        for path in (HERE, f"{HERE}/{channel.id}", f"{HERE}/{channel.id}/edit"):
            shown = ada.get(path).text
            assert not any(secret in shown for secret in opened.values())
        assert f"{settings().base_url}/hooks/slack/{channel.hook_key}" in ada.get(f"{HERE}/{channel.id}").text

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("address", "meridian.example", "Enter the workspace"),
            ("bot_token", "xapp-wrong", "It begins with xoxb-"),
            ("bot_token", "", "Bot token is missing"),
            ("app_token", "xoxb-wrong", "It begins with xapp-"),
            ("app_token", "", "App token is missing"),
            ("incoming", "webhook", "Signing secret is missing"),
            ("takes", "everything", "Choose one of these"),
            ("channels", "#cooling", "Enter IDs such as"),
            ("base_url", "ftp://x", "Enter the address alone"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, ada: Browser, slack: Slack, field: str, value: str, words: str):
        answer = ada.post(f"{HERE}/new/slack", form(slack, **{field: value}))
        assert answer.status_code == 422
        assert words in answer.text
        assert fakes.BOT_TOKEN not in answer.text
        assert 'value="Meridian Cooling"' in answer.text

    def test_takes_govslack_and_grids_and_channels(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack, address="acme.enterprise.slack.com", channels="C024BE91L, c0cooling")
        assert (channel.address, channel.config["channels"]) == ("acme.enterprise.slack.com", "C024BE91L, c0cooling")


class TestChange:
    def test_to_calls_wants_what_proves_them_and_keeps_the_rest(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack)
        kept = {"bot_token": "", "app_token": "", "incoming": "webhook"}
        answer = ada.post(f"{HERE}/{channel.id}", form(slack, **kept))
        assert (answer.status_code, "Signing secret is missing" in answer.text) == (422, True)
        answer = ada.post(f"{HERE}/{channel.id}", form(slack, **kept, signing_secret="s" * 32))
        assert answer.status_code == 303
        assert sealing.opened(channel)["bot_token"] == fakes.BOT_TOKEN

    def test_to_another_place_wants_the_tokens_again(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack)
        answer = ada.post(f"{HERE}/{channel.id}", form(slack, bot_token="", base_url="https://evil.example/api"))
        assert (answer.status_code, "Type it again" in answer.text) == (422, True)


class TestTest:
    def test_says_each_step_and_writes_to_nobody(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack)
        shown = ada.post(f"{HERE}/{channel.id}/test")
        assert shown.status_code == 200
        for words in ("knows the token", "belongs to meridian.slack.com", "all that is needed", "gives us a line"):
            assert words in shown.text
        assert (slack.posts, slack.shown) == ([], [])

    def test_of_calls_says_where_our_address_goes(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack, incoming="webhook", signing_secret=fakes.SIGNING_SECRET)
        assert "Event Subscriptions" in ada.post(f"{HERE}/{channel.id}/test").text

    def test_says_what_is_wrong_and_what_to_do(self, ada: Browser, slack: Slack):
        channel = connected(ada, slack)
        slack.app_token = "xapp-another"
        assert "Slack does not know the app token" in ada.post(f"{HERE}/{channel.id}/test").text
        slack.scopes = fakes.SCOPES.replace("users:read", "").replace("files:read,", "")
        assert "The app lacks files:read, users:read." in ada.post(f"{HERE}/{channel.id}/test").text
        slack.domain = "another"
        answer = ada.post(f"{HERE}/{channel.id}/test")
        assert (answer.status_code, "another.slack.com, not to meridian.slack.com" in answer.text) == (422, True)
        slack.bot_token = "xoxb-another"
        assert "refused the sign-in" in ada.post(f"{HERE}/{channel.id}/test").text


def test_the_manifest_of_the_guide_asks_for_what_the_test_looks_for():
    guide = (Path(__file__).parents[3] / "docs/guides/administrators.md").read_text(encoding="utf-8")
    assert all(f"- {scope}\n" in guide for scope in SCOPES)
