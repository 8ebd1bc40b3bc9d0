"""Settings, Channels: from the form to a bot that works, its health, its secrets, and where everything ended."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels import joining, overview, sealing, silence
from channels.adapter import AuthExpired
from channels.models import Channel, ChannelLog, Inbound
from channels.telegram import connecting
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import State
from helpdesk.settings import settings
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import staged
from tests.fakes import telegram as fakes
from tests.fakes.telegram import Telegram
from tests.plugins.world import Browser, World

HERE = "/settings/channels"


def form(telegram: Telegram, **more: str) -> dict[str, str]:
    return {
        "name": "Meridian Cooling",
        "address": f"@{fakes.USERNAME}",
        "token": fakes.TOKEN,
        "incoming": "poll",
        "base_url": telegram.url,
        **more,
    }


def connected(ada: Browser, telegram: Telegram, **more: str) -> Channel:
    answer = ada.post(f"{HERE}/new/telegram", form(telegram, **more))
    assert answer.status_code == 303, answer.text
    return db.session.scalars(select(Channel).where(Channel.kind == "telegram")).one()


class TestConnect:
    def test_keeps_the_token_sealed_and_shows_it_to_nobody(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        assert sealing.opened(channel)["token"] == fakes.TOKEN
        assert len(sealing.opened(channel)["hook_secret"]) > 30
        for path in (HERE, f"{HERE}/{channel.id}", f"{HERE}/{channel.id}/edit"):
            shown = ada.get(path).text
            assert fakes.TOKEN not in shown
            assert sealing.opened(channel)["hook_secret"] not in shown

    def test_keeps_secrets_that_open_nowhere_else(self, world: World, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        sealed = channel.secrets["token"]
        for other, name in ((world.support, "token"), (channel, "hook_secret")):
            other.secrets = {name: sealed}
            with pytest.raises(AuthExpired, match="Enter it again"):
                sealing.opened(other)

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("address", "not a bot!", "Enter the name of the bot"),
            ("token", "12:short", "This is not a token"),
            ("token", "", "Token is missing"),
            ("incoming", "webhook", "only calls https addresses"),
            ("incoming", "pigeon", "Choose one of these"),
            ("base_url", "ftp://x", "Enter the address alone"),
            ("name", "", "Enter the name"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(
        self, ada: Browser, telegram: Telegram, field: str, value: str, words: str
    ):
        answer = ada.post(f"{HERE}/new/telegram", form(telegram, **{field: value}))
        assert answer.status_code == 422
        assert words in answer.text
        assert fakes.TOKEN not in answer.text
        assert 'value="Meridian Cooling"' in answer.text or field == "name"

    def test_takes_one_bot_once(self, ada: Browser, telegram: Telegram):
        connected(ada, telegram)
        assert "connected already" in ada.post(f"{HERE}/new/telegram", form(telegram)).text

    def test_of_a_kind_there_is_not_is_no_page(self, ada: Browser):
        assert ada.get(f"{HERE}/new/pigeon").status_code == 404
        assert ada.get(f"{HERE}/new/push").status_code == 404


class TestChange:
    def test_without_the_token_keeps_it(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        before = sealing.opened(channel)
        assert ada.post(f"{HERE}/{channel.id}", form(telegram, token="", name="Service")).status_code == 303
        assert (sealing.opened(channel), channel.name) == (before, "Service")

    def test_with_another_token_rotates_what_calls_carry_too(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        before = sealing.opened(channel)
        other = "123456789:AAAnotherTokenOfTheBot000000000000000"
        ada.post(f"{HERE}/{channel.id}", form(telegram, token=other))
        after = sealing.opened(channel)
        assert after["token"] == other
        assert after["hook_secret"] != before["hook_secret"]

    def test_to_another_bot_is_refused_so_that_conversations_stay_apart(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        answer = ada.post(f"{HERE}/{channel.id}", form(telegram, address="@other_bot"))
        assert (answer.status_code, "channel of its own" in answer.text) == (422, True)

    def test_to_another_place_wants_the_token_again(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        answer = ada.post(f"{HERE}/{channel.id}", form(telegram, token="", base_url="https://evil.example"))
        assert answer.status_code == 422
        assert "Type it again" in answer.text
        db.session.expire_all()
        assert channel.config["base_url"] == telegram.url

    def test_sends_at_once_what_had_to_wait(self, world: World, ada: Browser, telegram: Telegram):
        scene = staged(world, telegrams.BENCH, telegrams._Peer(telegram))
        ticket = scene.say()
        telegram.token = other = "123456789:AAAnotherTokenOfTheBot000000000000000"
        delivery = scene.answer(ticket)
        assert scene.seconds_to_wait(delivery) > 60
        ada.post(f"{HERE}/{scene.channel.id}", form(telegram, token=other))
        assert scene.seconds_to_wait(delivery) <= 0
        assert scene.deliver(delivery).state == State.SENT


class TestTest:
    def test_says_each_step(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        shown = ada.post(f"{HERE}/{channel.id}/test")
        assert shown.status_code == 200
        for words in ("Telegram answered", "belongs to @meridian_service_bot", "We ask Telegram", "Everything works"):
            assert words in shown.text
        assert telegram.sent == []

    def test_says_that_somebody_else_is_called_so_far(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        telegram.webhook = {"url": "https://elsewhere.example/hook"}
        assert "Telegram calls somebody else now" in ada.post(f"{HERE}/{channel.id}/test").text

    def test_says_which_step_failed_and_what_to_do(self, ada: Browser, telegram: Telegram):
        channel = connected(ada, telegram)
        telegram.username = "another_bot"
        shown = ada.post(f"{HERE}/{channel.id}/test")
        assert (shown.status_code, "not to @meridian_service_bot" in shown.text) == (422, True)
        telegram.token = "another"
        assert "@BotFather" in ada.post(f"{HERE}/{channel.id}/test").text

    def test_says_so_when_the_answer_is_none_of_telegrams(
        self, ada: Browser, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
    ):
        channel = connected(ada, telegram)
        monkeypatch.setattr(telegram, "method", lambda _name: lambda _asked: {"username": 7})
        answer = ada.post(f"{HERE}/{channel.id}/test")
        assert (answer.status_code, "answer could not be read" in answer.text) == (422, True)


class TestPause:
    def test_takes_in_and_sends_nothing_until_it_is_resumed(self, world: World, ada: Browser, telegram: Telegram):
        scene = staged(world, telegrams.BENCH, telegrams._Peer(telegram))
        ticket = scene.say()
        message = world.reply(ticket)
        ada.post(f"{HERE}/{scene.channel.id}/pause")
        delivery = scene.deliver(world.delivery(message))
        assert (delivery.state, telegram.sent) == (State.QUEUED, [])
        assert scene.call(telegrams.message(Said(2))).status_code == 401
        assert "is paused" in world.browser(world.ben).get(f"/tickets/{ticket.number}").text
        ada.post(f"{HERE}/{scene.channel.id}/resume")
        with travel(minutes=6):
            assert scene.deliver(delivery).state == State.SENT


class TestHealth:
    def test_lists_every_channel_of_every_kind(self, ada: Browser, telegram: Telegram):
        connected(ada, telegram)
        shown = ada.get(HERE).text
        for words in ("support@meridian.example", "service@meridian.example", "@meridian_service_bot"):
            assert words in shown

    def test_says_how_far_filing_lags_behind(self, world: World, telegram: Telegram):
        scene = staged(world, telegrams.BENCH, telegrams._Peer(telegram))
        scene.call(telegrams.message(Said()))
        with travel(minutes=5):
            assert (overview.glance(scene.channel).lag or timedelta()) > timedelta(minutes=4)
            world.file()
            assert overview.glance(scene.channel).lag is None

    def busy(self, channel: Channel, hours: int) -> None:
        """One arrival every `hours` in the last days, the newest `hours` ago."""
        row = {"channel_id": channel.id, "size": 1, "sha256": "", "state": "ignored", "raw": b"x", "attempts": 0}
        rows = [
            {**row, "external_id": f"{number}", "received_at": now() - timedelta(hours=hours * number)}
            for number in range(1, 41)
        ]
        db.session.execute(Inbound.__table__.insert(), rows)
        db.session.commit()

    def test_says_that_a_channel_fell_silent_for_longer_than_usual(self, world: World, ada: Browser):
        channel = world.support
        self.busy(channel, 2)
        assert silence.watch() == 0
        with travel(hours=0.5):
            assert silence.watch() == 0
        with travel(hours=1.5):
            assert silence.watch() == 1
            assert silence.watch() == 0
            assert channel.silent_since is not None
            assert "longer than usual" in ada.get(HERE).text
            assert "Nothing has come in" in db.session.scalars(select(ChannelLog.sentence)).one()
            world.arrive(b"From: olive@orchard-dairy.example\nSubject: x\n\nx")
            assert silence.watch() == 1
            assert channel.silent_since is None

    def test_knows_nothing_of_usual_where_little_came(self, world: World):
        world.arrive(b"From: olive@orchard-dairy.example\nSubject: x\n\nx")
        with travel(days=5):
            assert silence.watch() == 0


class TestAccounting:
    def reconcile(self, world: World, *arguments: str) -> tuple[int, dict]:
        ran = world.app.test_cli_runner().invoke(args=["channels", "reconcile", *arguments])
        return ran.exit_code, json.loads(ran.output)

    def test_counts_everything_by_where_it_ended(self, world: World, ada: Browser, telegram: Telegram):
        scene = staged(world, telegrams.BENCH, telegrams._Peer(telegram))
        scene.hear(telegrams.message(Said()), telegrams.message(Said(2, "/start")), b"{")
        scene.hear(telegrams.update(1, message=telegrams.written(Said())))
        code, said = self.reconcile(world)
        (one,) = said["channels"]
        ends = {"done": 1, "duplicate": 1, "ignored": 1, "quarantined": 1, "discarded": 0}
        assert (code, one["arrived"], one["ends"], said["unaccounted"]) == (0, 4, ends, [])
        assert "Everything is accounted for" in ada.get(f"{HERE}/accounting").text

    def test_names_what_has_no_end_and_fails(self, world: World, ada: Browser, telegram: Telegram):
        scene = staged(world, telegrams.BENCH, telegrams._Peer(telegram))
        scene.call(telegrams.message(Said()))
        scene.hear(telegrams.message(Said(2)))
        lost = scene.arrived()[1]
        db.session.execute(update(Inbound).where(Inbound.id == lost.id).values(message_id=10**9))
        db.session.execute(update(Inbound).where(Inbound.id != lost.id).values(state="waiting", message_id=None))
        db.session.commit()
        day = now().date().isoformat()
        with travel(hours=2):
            code, said = self.reconcile(world, "--day", day)
            assert code == 1
            assert {one["external_id"] for one in said["unaccounted"]} == {"update:10001", "update:10002"}
            assert "no end" in ada.get(f"{HERE}/accounting?day={day}").text

    def test_of_a_day_that_is_none_is_of_today(self, ada: Browser):
        assert ada.get(f"{HERE}/accounting?day=x").status_code == 200


@pytest.mark.parametrize(("port", "is_called"), [("", True), (":443", True), (":8443", True), (":8444", False)])
def test_telegram_calls_four_ports_alone(monkeypatch: pytest.MonkeyPatch, port: str, is_called: bool):
    monkeypatch.setenv("HELPDESK_BASE_URL", f"https://desk.example{port}")
    settings.cache_clear()
    typed = {"address": f"@{fakes.USERNAME}", "incoming": "webhook"}
    wrong = connecting.check_form(typed, {})
    monkeypatch.undo()
    settings.cache_clear()
    assert ("incoming" not in wrong) == is_called
    assert is_called or "8443 alone" in wrong["incoming"]


def test_every_kind_that_is_connected_here_has_a_form():
    connected = {"phone", "slack", "telegram", "messenger", "instagram", "whatsapp", "x"}
    assert connected <= {kind for kind, _ in joining.kinds()}
    assert {one.form.called for _, one in joining.kinds()} >= {"a Telegram bot", "an X account"}
    for _, one in joining.kinds():
        assert one.form.title
        assert len({field.name for field in one.form.fields}) == len(one.form.fields)
