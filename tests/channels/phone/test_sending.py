"""A page by telephone: what the provider is asked, what its refusals mean, and how far it got."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from channels import dispatch
from channels.phone import progress, signature
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import State
from helpdesk.settings import settings
from tests.channels import lines
from tests.channels.lines import BEN
from tests.fakes.twilio import NUMBER, Twilio
from tests.plugins.world import World


@pytest.fixture
def twilio(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twilio]:
    with lines.loopback(monkeypatch), Twilio() as provider:
        world.number = lines.number(provider)
        yield provider


class TestText:
    def test_leaves_once_and_is_known_by_its_sid(self, world, twilio):
        delivery = lines.send(world, lines.page("sms", BEN))
        assert delivery.state == State.SENT
        (sent,) = twilio.sent
        assert (sent.what, sent.form["To"], sent.form["From"]) == ("Messages", BEN, NUMBER)
        assert sent.form["Body"] == delivery.content["text"]
        assert sent.form["StatusCallback"].startswith(settings().base_url)
        assert [one.external_id for one in delivery.recipients] == [sent.sid]
        assert delivery.channel_id == world.number.id

    def test_marks_the_number_as_working(self, world, twilio):
        world.number.state = "needs_sign_in"
        lines.send(world, lines.page("sms", BEN))
        assert world.number.state == "working"

    def test_is_cut_before_the_provider_refuses_it_for_its_length(self, world, twilio):
        delivery = lines.page("sms", BEN)
        delivery.content = {**delivery.content, "text": "x" * 5000}
        db.session.commit()
        lines.send(world, delivery)
        assert len(twilio.sent[0].form["Body"]) == 1600


class TestCall:
    def test_speaks_and_asks_for_a_digit(self, world, twilio):
        delivery = lines.page("call", BEN)
        delivery.content = {**delivery.content, "speech": "Room <2> & more \x07"}
        db.session.commit()
        lines.send(world, delivery)
        (sent,) = twilio.sent
        said = ET.fromstring(sent.form["Twiml"])
        gather = said.find("Gather")
        assert sent.what == "Calls"
        assert gather.get("numDigits") == "1"
        assert gather.get("action").endswith(f"{lines.HOOK}?delivery={delivery.id}")
        assert {one.text for one in gather.iter("Say")} == {"Room <2> & more "}


class TestRefused:
    @pytest.mark.parametrize("code", [21211, 21614, 21610])
    def test_for_its_number_it_fails_in_words_without_the_providers(self, world, twilio, code):
        twilio.refusal = (400, code)
        delivery = lines.send(world, lines.page("sms", BEN))
        assert delivery.state == State.FAILED
        assert "not a secret" not in delivery.reason
        assert [one.state for one in delivery.recipients] == ["refused"]

    def test_an_unknown_code_is_named(self, world, twilio):
        twilio.refusal = (400, 21999)
        assert "21999" in lines.send(world, lines.page("sms", BEN)).reason

    @pytest.mark.parametrize("refusal", [(429, 20429), (503, 0)])
    def test_for_now_it_is_tried_four_times_fifteen_seconds_apart(self, world, twilio, travel, refusal):
        twilio.refusal = refusal
        delivery = lines.page("sms", BEN)
        begun = now()
        for tried in range(4):
            with travel(seconds=15 * tried + 1):
                lines.send(world, delivery)
                assert delivery.attempts == tried + 1
                if tried < 3:
                    assert delivery.state == State.QUEUED
                    assert 14 < (delivery.not_before - now()).total_seconds() <= 15
        assert delivery.state == State.FAILED
        assert "4 times" in delivery.reason
        assert (now() - begun).total_seconds() < 60

    def test_a_wrong_token_marks_the_number(self, world, twilio):
        twilio.token = "another"
        delivery = lines.send(world, lines.page("sms", BEN))
        assert (delivery.state, world.number.state) == (State.QUEUED, "needs_sign_in")

    def test_nobody_there_is_tried_again(self, world, twilio):
        world.number.config = {**world.number.config, "base_url": "http://127.0.0.1:1"}
        delivery = lines.send(world, lines.page("sms", BEN))
        assert delivery.state == State.QUEUED
        assert not delivery.content.get("resent")

    def test_a_private_place_nobody_allowed_is_never_asked(self, world, twilio, monkeypatch):
        monkeypatch.setenv("HELPDESK_ALLOW_PRIVATE_HOSTS", "")
        settings.cache_clear()
        delivery = lines.send(world, lines.page("sms", BEN))
        assert (delivery.state, twilio.asked) == (State.FAILED, [])

    def test_without_a_number_it_fails_at_once_so_that_the_next_way_is_tried(self, world):
        delivery = lines.send(world, lines.page("sms", BEN))
        assert (delivery.state, delivery.reason) == (State.FAILED, "No telephone number is connected to send it.")


class TestUncertain:
    def test_a_cut_behind_the_request_is_sent_once_more(self, world, twilio, travel):
        twilio.cut = True
        delivery = lines.send(world, lines.page("sms", BEN))
        assert (delivery.state, delivery.content["resent"]) == (State.QUEUED, True)
        with travel(seconds=16):
            lines.send(world, delivery)
        assert (delivery.state, len(twilio.sent)) == (State.UNCERTAIN, 2)

    def test_news_of_it_say_that_it_went_out(self, world, twilio, travel):
        twilio.cut = True
        delivery = lines.send(world, lines.page("sms", BEN))
        (sent,) = twilio.sent
        answer = lines.tell(world, twilio, sent.form["StatusCallback"], MessageSid=sent.sid, MessageStatus="sent")
        assert answer.status_code == 200
        with travel(seconds=16):
            lines.send(world, delivery)
        assert (delivery.state, len(twilio.sent)) == (State.SENT, 1)
        assert [(one.state, one.progress) for one in delivery.recipients] == [("accepted", "sent")]

    def test_a_worker_that_died_is_noticed_within_a_minute(self, world, twilio, travel):
        delivery = lines.page("sms", BEN)
        delivery.state, delivery.attempts, delivery.claimed_at = State.SENDING, 1, now()
        db.session.commit()
        with travel(seconds=20):
            assert dispatch.reclaim() == 0
        with travel(seconds=31):
            assert dispatch.reclaim() == 1
            assert lines.send(world, delivery).state == State.SENT


class TestProgress:
    def hear(self, world, twilio, word: str, **more: str):
        sent = twilio.sent[0]
        return lines.tell(world, twilio, sent.form["StatusCallback"], MessageSid=sent.sid, MessageStatus=word, **more)

    def test_never_goes_back(self, world, twilio):
        delivery = lines.send(world, lines.page("sms", BEN))
        seen = []
        for word in ("queued", "sent", "delivered", "sent", "queued", "undelivered", "nonsense"):
            assert self.hear(world, twilio, word).status_code == 200
            seen.append(delivery.recipients[0].progress)
        assert seen == ["queued", "sent", "delivered", "delivered", "delivered", "delivered", "delivered"]

    def test_of_a_loss_says_why(self, world, twilio):
        delivery = lines.send(world, lines.page("sms", BEN))
        self.hear(world, twilio, "undelivered", ErrorCode="30003")
        (recipient,) = delivery.recipients
        assert (recipient.progress, recipient.reason) == ("undelivered", "The telephone is off or cannot be reached.")

    def test_may_overtake_the_answer_to_our_request(self, world, twilio):
        def overtake(sent) -> None:
            with world.app.app_context():
                url = sent.form["StatusCallback"]
                form = {"MessageSid": sent.sid, "MessageStatus": "delivered"}
                path = url.removeprefix(settings().base_url)
                signed = twilio.sign(url, form)
                heard.append(
                    world.app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signed}).status_code
                )

        heard: list[int] = []
        twilio.before_answer = overtake
        delivery = lines.send(world, lines.page("sms", BEN))
        assert heard == [200]
        assert delivery.state == State.SENT
        assert [(one.progress, one.external_id) for one in delivery.recipients] == [("delivered", twilio.sent[0].sid)]

    @pytest.mark.parametrize("word", ["busy", "no-answer", "failed", "completed", "canceled"])
    def test_of_a_call_is_kept_in_the_providers_word(self, world, twilio, word):
        delivery = lines.send(world, lines.page("call", BEN))
        sent = twilio.sent[0]
        lines.tell(world, twilio, sent.form["StatusCallback"], CallSid=sent.sid, CallStatus=word)
        assert delivery.recipients[0].progress == word

    def test_of_another_channels_delivery_changes_nothing(self, world, twilio):
        delivery = lines.send(world, lines.page("sms", BEN))
        delivery.channel_id = world.support.id
        db.session.commit()
        self.hear(world, twilio, "delivered")
        assert delivery.recipients[0].progress == ""

    def test_read_comes_after_delivered_alone(self):
        assert progress.further("delivered", "read") == "read"
        assert progress.further("read", "delivered") == "read"


class TestSignature:
    def test_is_the_one_of_the_documentation(self):
        """The worked example of twilio.com/docs/usage/security."""
        form = {
            "CallSid": ["CA1234567890ABCDE"], "Caller": ["+14158675309"], "Digits": ["1234"],
            "From": ["+14158675309"], "To": ["+18005551212"],
        }  # fmt: skip
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        assert signature.sign("12345", url, form) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda url, form, given: (url + "&x=1", form, given),
            lambda url, form, given: (url, {**form, "Digits": "2"}, given),
            lambda url, form, given: (url, form, given[:-4] + "AAA="),
            lambda url, form, given: (url, form, ""),
            lambda url, form, given: (url, form, "\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ],
        ids=["address", "field", "signature", "none", "not ascii"],
    )
    def test_that_does_not_fit_is_refused(self, world, twilio, spoil):
        base = settings().base_url
        url, form = f"{base}{lines.HOOK}?delivery=1", {"CallSid": "CA1", "Digits": "1"}
        url, form, given = spoil(url, form, twilio.sign(url, form))
        answer = world.app.test_client().post(
            url.removeprefix(base), data=form, headers={"X-Twilio-Signature": given.encode().decode("latin-1")}
        )
        assert answer.status_code == 401

    def test_is_over_what_came_untrimmed_and_of_empty_fields_too(self, world, twilio):
        form = {"MessageSid": "SM1", "From": "+4915112300501", "Body": "  warm \n", "FromZip": ""}
        assert lines.tell(world, twilio, lines.HOOK, **form).status_code == 200

    def test_of_a_flood_is_never_read(self, world, twilio):
        form = {"Body": "x" * 1_100_000}
        assert lines.tell(world, twilio, lines.HOOK, **form).status_code == 413

    def test_counts_with_the_port_named_or_not(self):
        form = {"a": ["1"]}
        for signed, asked in (("https://x.example:443/h", "https://x.example/h"),
                              ("https://x.example/h", "https://x.example:443/h")):  # fmt: skip
            assert signature.is_right("t", asked, form, signature.sign("t", signed, form))

    def test_of_an_unknown_number_is_refused(self, world, twilio):
        assert lines.tell(world, twilio, "/hooks/phone/another").status_code == 401
