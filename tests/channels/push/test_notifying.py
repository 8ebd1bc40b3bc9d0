"""A page in a browser: signed, encrypted, short, and settled by what its push service says."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import func, select

from channels.models import Channel
from channels.push import connection, notification, vapid
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import State
from helpdesk.people import subscriptions
from helpdesk.settings import settings
from tests.channels import lines
from tests.fakes.push import PushService
from tests.plugins.world import Browser, World

BROWSER = "Chrome on Linux, 3f9a12"


@pytest.fixture
def service(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with lines.loopback(monkeypatch), PushService() as there:
        there.browser = there.subscribe(key())
        yield there


def key() -> str:
    channel = connection.of_the_house()
    db.session.commit()
    return vapid.public(connection.read(channel).key)


def page(service: PushService, **content: str):
    delivery = lines.page("push", BROWSER)
    sealed = subscriptions.seal(subscriptions.read(service.browser.told()), BROWSER)
    delivery.content = {**delivery.content, "subscription": sealed, **content}
    db.session.commit()
    return delivery


class TestNotification:
    def test_says_what_it_is_about_and_asks(self, world, service):
        delivery = lines.send(world, page(service))
        [pushed] = service.taken
        assert (delivery.state, delivery.recipients[0].state) == (State.SENT, "accepted")
        assert pushed.said == {
            "title": "#1001 Cold room 2 is warm: a promise is near its end",
            "body": "#1001 Cold room 2 is warm. On it? http://127.0.0.1/on-it/x or answer ACK.",
            "link": "http://127.0.0.1/on-it/x",
            "tag": pushed.headers["Topic"],
            "asks": True,
        }
        wanted = {"TTL": "600", "Urgency": "high", "Content-Encoding": "aes128gcm"}
        assert {name: pushed.headers[name] for name in wanted} == wanted

    def test_is_short_whatever_is_in_it(self, world, service):
        lines.send(world, page(service, text="\N{SNOWFLAKE}\x01" * 3000, subject="\N{BEETLE}" * 500))
        [pushed] = service.taken
        assert pushed.said["body"].startswith("\N{SNOWFLAKE}\x01")
        assert pushed.said["body"].endswith("…")
        assert len(json.dumps(pushed.said, ensure_ascii=False).encode()) <= notification.LONGEST + 100
        assert pushed.size <= 3200

    def test_of_the_same_page_takes_the_place_of_the_one_before_and_of_another_does_not(self, world, service):
        for link in ("/on-it/1", "/on-it/1", "/on-it/2"):
            lines.send(world, page(service, link=link))
        assert (len(service.taken), len(service.waiting)) == (3, 2)
        assert all(len(topic) == 32 for topic in service.waiting)

    def test_leaves_no_address_and_no_key_in_the_logs_or_rows(self, world, service, caplog):
        caplog.set_level(logging.DEBUG)
        service.refusal = (410, {})
        delivery = lines.send(world, page(service))
        kept = json.dumps(delivery.content) + delivery.reason + delivery.recipients[0].reason + caplog.text
        told = json.loads(service.browser.told())
        for secret in (told["endpoint"], told["keys"]["auth"], told["keys"]["p256dh"]):
            assert secret not in kept


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "state", "progress", "words"),
        [
            (400, State.FAILED, "", "did not understand"),
            (401, State.FAILED, "", "add it again from that browser"),
            (403, State.FAILED, "", "add it again from that browser"),
            (404, State.FAILED, "gone", "takes no notifications from us any more"),
            (410, State.FAILED, "gone", "takes no notifications from us any more"),
            (413, State.FAILED, "", "too long"),
            (302, State.FAILED, "", "refused it with 302"),
            (429, State.QUEUED, "", "asks us to wait"),
            (500, State.QUEUED, "", "out of order"),
            (503, State.QUEUED, "", "out of order"),
        ],
    )
    def test_are_failed_or_tried_again(self, world, service, status, state, progress, words):
        service.refusal = (status, {"Location": "http://127.0.0.1:1/"})
        delivery = lines.send(world, page(service))
        assert (delivery.state, delivery.recipients[0].progress) == (state, progress)
        assert words in delivery.reason
        assert service.asked == 1

    @pytest.mark.parametrize("as_date", [False, True])
    def test_name_the_time_of_the_next_try(self, world, service, as_date):
        at = now().replace(microsecond=0)
        with travel(to=at):
            later = format_datetime(at + timedelta(seconds=40), usegmt=True)
            service.refusal = (429, {"Retry-After": later if as_date else "40"})
            delivery = lines.send(world, page(service))
        assert delivery.state == State.QUEUED
        assert 37 <= (delivery.not_before - at).total_seconds() <= 43

    def test_that_ask_for_longer_than_a_page_can_wait_leave_it_to_the_next_way(self, world, service):
        service.refusal = (503, {"Retry-After": "3600"})
        delivery = lines.send(world, page(service))
        assert (delivery.state, delivery.attempts) == (State.FAILED, 1)

    def test_end_after_four_tries(self, world, service):
        service.refusal = (503, {"Retry-After": "nonsense"})
        delivery, at = page(service), now()
        for place in range(6):
            with travel(to=at + timedelta(seconds=20 * place)):
                lines.send_all(world)
        assert (delivery.state, service.asked) == (State.FAILED, 4)

    def test_of_a_key_that_is_not_ours_is_said(self, world, service):
        service.application_key = "B" * 87
        assert "add it again" in lines.send(world, page(service)).reason


class TestLine:
    def test_that_breaks_is_tried_again_and_shows_one_notification(self, world, service):
        service.cut = True
        delivery = lines.send(world, page(service))
        assert (delivery.state, delivery.content.get("resent")) == (State.QUEUED, None)
        service.cut = False
        with travel(seconds=20):
            lines.send_all(world)
        assert (delivery.state, len(service.taken), len(service.waiting)) == (State.SENT, 2, 1)

    def test_never_leads_to_a_private_place_nobody_allowed(self, world, service, monkeypatch):
        delivery = page(service)
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "")
        settings.cache_clear()
        lines.send(world, delivery)
        assert (delivery.state, service.asked) == (State.FAILED, 0)
        assert "127.0.0.1" not in delivery.reason

    def test_to_somebody_elses_browser_is_not_opened(self, world, service):
        delivery = page(service)
        delivery.recipients[0].address = "Firefox on Linux, 000000"
        db.session.commit()
        assert lines.send(world, delivery).state == State.FAILED
        assert service.asked == 0


class TestKey:
    def test_is_made_once_and_sealed(self, world):
        first, again = key(), key()
        assert first == again
        channels = select(func.count(Channel.id)).where(Channel.kind == "push")
        assert db.session.scalar(channels) == 1
        [channel] = db.session.scalars(select(Channel).where(Channel.kind == "push"))
        assert channel.secrets["vapid"].startswith("v1.")

    def test_is_one_however_many_ask_first(self, world):
        mine = vapid.public(connection.read(connection.of_the_house()).key)
        others: list[str] = []

        def ask() -> None:
            with world.app.app_context():
                others.append(key())

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for one in asking:
            one.start()
        time.sleep(0.2)
        assert others == []  # they wait for the row that is not committed yet
        db.session.commit()
        for one in asking:
            one.join(20)
        assert others == [mine] * 3

    def test_is_told_to_who_is_signed_in_alone(self, world, ben_at_work):
        assert ben_at_work.json("POST", "/push/key").json == {"key": key()}

    def test_that_cannot_be_opened_is_said_and_no_other_is_made(self, world, service):
        delivery = page(service)
        channel = connection.of_the_house()
        channel.secrets = {"vapid": "v1.000000000000.AAAA"}
        db.session.commit()
        lines.send(world, delivery)
        assert "old secret key" in delivery.reason
        assert channel.secrets == {"vapid": "v1.000000000000.AAAA"}


class TestWorker:
    def test_is_served_at_one_address_and_looked_at_again(self, world):
        answer = Browser(world.app).get("/push/worker.js")
        assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


class TestSubscription:
    @pytest.mark.parametrize(
        "said",
        ["", "null", "[]", "{}", "{", '{"endpoint": "https://x.example", "keys": {}}',
         '{"endpoint": 7, "keys": {"p256dh": "%KEY", "auth": "%AUTH"}}',
         '{"endpoint": "file:///etc/passwd", "keys": {"p256dh": "%KEY", "auth": "%AUTH"}}',
         '{"endpoint": "https://x.example/%LONG", "keys": {"p256dh": "%KEY", "auth": "%AUTH"}}',
         '{"endpoint": "https://x.example", "keys": {"p256dh": "%KEY", "auth": "AAAA"}}',
         '{"endpoint": "https://x.example", "keys": {"p256dh": "BAAA", "auth": "%AUTH"}}',
         '{"endpoint": "https://x.example", "keys": {"p256dh": "*", "auth": "%AUTH"}}'],
    )  # fmt: skip
    def test_that_is_none_is_refused_in_words(self, service, said):
        keys = json.loads(service.browser.told())["keys"]
        said = said.replace("%KEY", keys["p256dh"]).replace("%AUTH", keys["auth"]).replace("%LONG", "x" * 2000)
        with pytest.raises(Exception, match="Nothing was saved") as raised:
            subscriptions.read(said)
        assert "subscription" in raised.value.fields
