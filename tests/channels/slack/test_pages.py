"""A page in Slack: two buttons, a press that counts once, by signed webhook and by socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty

import pytest

from channels import feeding, sealing
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.outbox import State
from helpdesk.settings import settings
from tests.channels import lines
from tests.channels.lines import BEN_IN_SLACK
from tests.fakes import slack as slacks
from tests.fakes.slack import Slack
from tests.plugins.world import World


@pytest.fixture
def slack(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    with lines.loopback(monkeypatch), Slack() as there:
        world.room = lines.workspace(there)
        yield there


@pytest.fixture
def answers(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What whoever takes answers to pages was told, in place of the promises."""
    taken: list[tuple[str, str, str]] = []

    def take(delivery, address, words, how):
        taken.append((address, words, how))
        return "You are on it: #1001."

    plugin = next(one for one in world.app.extensions["plugins"].plugins if one.name == "sla")
    monkeypatch.setitem(plugin.answered, "page", take)
    return taken


def hook(world: World, headers: dict[str, str], body: str):
    return world.app.test_client().post(
        f"/hooks/slack/{world.room.hook_key}",
        data=body,
        headers=headers,
        content_type="application/x-www-form-urlencoded",
    )


def press(world: World, slack: Slack, words: str = "On it", **more: str):
    body = slacks.form(slack.press(slack.posts[0], words, **more))
    answer = hook(world, slack.sign(body, int(now().timestamp())), body)
    world.fresh()
    return answer


class TestPage:
    def test_is_a_direct_message_with_two_buttons(self, world, slack):
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        (post,) = slack.posts
        actions = next(block for block in post["blocks"] if block["type"] == "actions")
        labels = [one["text"]["text"] for one in actions["elements"]]
        assert (delivery.state, post["channel"], labels) == (State.SENT, BEN_IN_SLACK, ["On it", "Pass on", "Open"])
        assert delivery.recipients[0].external_id == f"D1:{post['ts']}"

    def test_cannot_call_everybody_or_hide_a_link(self, world, slack):
        delivery = lines.page("slack", BEN_IN_SLACK)
        delivery.content = {**delivery.content, "subject": "<!channel> <http://x|y>", "text": "<!here>"}
        db.session.commit()
        lines.send(world, delivery)
        (post,) = slack.posts
        assert post["text"] == "&lt;!channel&gt; &lt;http://x|y&gt;"
        assert post["blocks"][0]["text"]["type"] == "plain_text"

    @pytest.mark.parametrize(
        ("refusal", "state"),
        [
            ((200, "channel_not_found"), State.FAILED),
            ((200, "is_archived"), State.FAILED),
            ((200, "msg_too_long"), State.FAILED),
            ((429, "ratelimited"), State.QUEUED),
            ((503, "service_unavailable"), State.QUEUED),
            ((200, "fatal_error"), State.QUEUED),
            ((200, "token_revoked"), State.QUEUED),
        ],
    )
    def test_that_is_refused_is_failed_or_tried_again(self, world, slack, refusal, state):
        slack.refusal = refusal
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert delivery.state == state
        assert bool(delivery.content.get("resent")) == (refusal[1] == "fatal_error")
        assert (world.room.state == "needs_sign_in") == (refusal[1] == "token_revoked")

    def test_that_was_cut_is_sent_once_more(self, world, slack):
        slack.cut = True
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert (delivery.state, delivery.content["resent"]) == (State.QUEUED, True)

    def test_to_nobody_there_is_tried_again(self, world, slack):
        world.room.config = {"base_url": "http://127.0.0.1:1/api"}
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert (delivery.state, delivery.content.get("resent")) == (State.QUEUED, None)

    def test_never_goes_to_a_private_place_nobody_allowed(self, world, slack, monkeypatch):
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "")
        settings.cache_clear()
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert (delivery.state, slack.posts) == (State.FAILED, [])


class TestPress:
    @pytest.mark.parametrize(("label", "words"), [("On it", "ack"), ("Pass on", "pass")])
    def test_goes_to_whoever_takes_answers_and_takes_the_buttons_away(self, world, slack, answers, label, words):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert press(world, slack, label).status_code == 200
        assert answers == [(BEN_IN_SLACK, words, "slack")]
        lines.send_all(world)
        (update,) = slack.updates
        assert (update["channel"], update["ts"], update["text"]) == (
            "D1",
            slack.posts[0]["ts"],
            "You are on it: #1001.",
        )
        assert [block["type"] for block in update["blocks"]] == ["section"]

    def test_counts_once_however_often_it_comes(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert {press(world, slack, at=str(one)).status_code for one in (1, 1, 2)} == {200}
        assert len(answers) == 1

    def test_of_somebody_else_changes_nothing(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert press(world, slack, user="U0MALLORY").status_code == 200
        assert answers == []

    def test_in_another_workspace_changes_nothing(self, world, slack, answers):
        delivery = lines.send(world, lines.page("slack", BEN_IN_SLACK))
        delivery.channel_id = world.support.id
        db.session.commit()
        press(world, slack)
        assert answers == []

    def test_on_a_link_is_heard_and_means_nothing(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        assert press(world, slack, "Open").status_code == 200
        assert answers == []

    def test_is_answered_well_within_three_seconds(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        begun, worked = time.monotonic(), time.thread_time()
        assert press(world, slack).status_code == 200
        assert time.monotonic() - begun < 3
        assert time.thread_time() - worked < 1
        assert (len(slack.posts), slack.updates) == (1, [])  # it asks Slack for nothing while Slack waits

    def test_that_is_forged_changes_nothing(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        body = slacks.form(slack.press(slack.posts[0], "On it"))
        assert hook(world, slack.sign(body, int(now().timestamp()), "another"), body).status_code == 401
        assert answers == []


class TestSignature:
    BODY = "payload=%7B%7D"

    @pytest.mark.parametrize(
        ("age", "secret", "body"),
        [(301, slacks.SIGNING_SECRET, BODY), (-301, slacks.SIGNING_SECRET, BODY), (0, "another", BODY),
         (0, slacks.SIGNING_SECRET, BODY + "x")],
        ids=["old", "early", "another secret", "changed"],
    )  # fmt: skip
    def test_that_does_not_fit_is_refused(self, world, slack, age, secret, body):
        with travel(to=now()):
            headers = slack.sign(self.BODY, int(now().timestamp()) - age, secret)
            assert hook(world, headers, body).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [{}, {"X-Slack-Signature": "v0=1"}, {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=1"}],
        ids=["none", "no time", "endless time"],
    )
    def test_that_is_missing_or_nonsense_is_refused(self, world, slack, headers):
        assert hook(world, headers, self.BODY).status_code == 401

    def test_that_is_right_lets_slack_verify_the_address(self, world, slack):
        body = '{"type": "url_verification", "challenge": "c"}'
        headers = slack.sign(body, int(now().timestamp()))
        answer = world.app.test_client().post(
            f"/hooks/slack/{world.room.hook_key}", data=body, headers=headers, content_type="application/json"
        )
        assert (answer.status_code, answer.json) == (200, {"challenge": "c"})


class TestSocket:
    @contextmanager
    def held(self, world, slack, app_token=slacks.APP_TOKEN) -> Iterator[None]:
        """The worker keeps the line of this workspace."""
        world.room.config = {**world.room.config, "incoming": "stream"}
        sealing.seal(world.room, {"app_token": app_token})
        db.session.commit()
        stop = threading.Event()
        loop = threading.Thread(target=feeding.feeds, args=(world.app, stop))
        loop.start()
        try:
            yield
        finally:
            stop.set()
            loop.join(20)
        world.fresh()

    def test_brings_presses_without_any_address_of_ours(self, world, slack, answers):
        lines.send(world, lines.page("slack", BEN_IN_SLACK))
        payload = slack.press(slack.posts[0], "On it")
        with self.held(world, slack):
            assert slack.opened.wait(20)
            for number in ("1", "2"):
                slack.envelopes.put({"type": "interactive", "envelope_id": f"e{number}", "payload": payload})
            heard = {self.heard(slack)["envelope_id"] for _ in range(2)}
        assert heard == {"e1", "e2"}
        assert answers == [(BEN_IN_SLACK, "ack", "slack")]
        assert (world.room.state, world.room.state_text) == ("working", "Slack tells us on a line of ours.")

    def test_that_does_not_open_is_said(self, world, slack):
        with self.held(world, slack, "xapp-wrong"):
            for _ in range(200):
                world.fresh()
                if world.room.state == "needs_sign_in":
                    break
                time.sleep(0.1)
        assert "does not know the app token" in world.room.state_text

    def heard(self, slack: Slack):
        try:
            return slack.heard.get(timeout=20)
        except Empty:
            pytest.fail("nothing came back over the socket")
