"""A customer writes text messages: the story, pictures, how far answers got, STOP and START, and what pages keep."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from channels import acknowledging
from channels.models import Conversation
from helpdesk.db import db
from helpdesk.errors import Invalid
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import conversing
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Attachment
from sla.commitments.models import Commitment
from tests.channels import lines
from tests.channels.phone.house import OLIVE, House
from tests.fakes.twilio import NUMBER, Twilio
from tests.sla import promising
from tests.sla.rotas import minutes


def reply(house: House, body: str = "We are on our way.") -> Delivery:
    delivery = house.world.delivery(house.world.reply(house.ticket(), body))
    return lines.send(house.world, delivery)


def news(house: House, delivery: Delivery, word: str, **more: str) -> Delivery:
    sent = house.twilio.sent[-1]
    house.hear(f"?delivery={delivery.id}", MessageSid=sent.sid, MessageStatus=word, To=OLIVE, From=NUMBER, **more)
    house.file()
    return delivery


class TestTheStory:
    def test_of_a_message_its_promise_its_answer_and_what_comes_back(self, house: House):
        promising.policy("Gold", promising.clause("first_response", minutes(60), "A person answers within the hour."))
        db.session.commit()
        house.text("The cold room is warm.")
        ticket = house.ticket()
        promised = select(Commitment.outcome).where(Commitment.ticket_id == ticket.id)
        assert list(db.session.scalars(promised)) == ["running"]
        delivery = reply(house)
        sent = house.twilio.sent[-1].form
        assert (sent["To"], sent["From"], sent["Body"]) == (OLIVE, NUMBER, "We are on our way.")
        assert sent["StatusCallback"].endswith(f"{lines.HOOK}?delivery={delivery.id}")
        news(house, delivery, "delivered")
        assert (delivery.state, delivery.progress) == (State.SENT, "delivered")
        assert list(db.session.scalars(promised)) == ["kept"]
        house.text("Thank you.", sid="SM2")
        assert (house.ticket().id, len(house.messages())) == (ticket.id, 3)

    def test_page_says_where_it_goes_and_what_it_costs(self, house: House):
        house.text("The cold room is warm.")
        shown = house.world.browser(house.world.ben).get(f"/tickets/{house.ticket().number}").text
        assert f"Goes to telephone number {NUMBER}. A text is paid by the part" in shown
        assert 'data-most="1600"' in shown

    def test_of_a_text_that_is_too_long_ends_before_it_is_sent(self, house: House):
        house.text("The cold room is warm.")
        with pytest.raises(Invalid, match="1 characters too long"):
            conversing.reply(house.ticket(), Answer(body="a" * 1601), by=house.world.ben)


class TestPictures:
    def arrive(self, house: House) -> None:
        where = {"NumMedia": "1", "MediaUrl0": f"{house.twilio.url}/Media/ME1", "MediaContentType0": "image/jpeg"}
        house.text("", **where)
        house.fetch()

    def test_are_fetched_with_our_sign_in_and_from_another_place_without_it(self, house: House):
        with Twilio() as store:
            store.files["/store/abc"] = b"a picture"
            house.twilio.moved["/Media/ME1"] = f"{store.url}/store/abc"
            self.arrive(house)
        assert house.files() == [b"a picture"]
        (file,) = db.session.scalars(select(Attachment))
        assert (file.filename, file.content_type) == ("file-1.jpg", "image/jpeg")
        assert house.ticket().subject == "A file: file-1.jpg"

    def test_in_a_private_place_are_not_fetched(self, house: House):
        house.twilio.moved["/Media/ME1"] = "http://10.0.0.1/secret"
        self.arrive(house)
        assert house.messages()[0].missing_files == ["file-1.jpg is not here: Its address is not one we go to."]

    def test_led_in_circles_end(self, house: House):
        house.twilio.moved["/Media/ME1"] = "/Media/ME1"
        self.arrive(house)
        assert "from one place to the next" in house.messages()[0].missing_files[0]


class TestHowFarAnAnswerGot:
    @pytest.mark.parametrize(
        ("words", "progress", "state"),
        [
            (("queued", "sent", "delivered"), "delivered", State.SENT),
            (("delivered", "sent", "queued"), "delivered", State.SENT),
            (("delivered", "undelivered"), "delivered", State.SENT),
            (("undelivered", "delivered"), "delivered", State.SENT),
            (("sent", "undelivered", "sent"), "", State.FAILED),
            (("read", "delivered"), "read", State.SENT),
        ],
    )
    def test_moves_forward_only(self, house: House, words, progress, state):
        house.text("The cold room is warm.")
        delivery = reply(house)
        for word in words:
            news(house, delivery, word)
        assert (delivery.progress, delivery.state) == (progress, state)

    def test_says_why_it_did_not_arrive(self, house: House):
        house.text("The cold room is warm.")
        delivery = news(house, reply(house), "undelivered", ErrorCode="30003")
        assert delivery.reason == "The telephone is off or cannot be reached."
        shown = house.world.browser(house.world.ben).get(f"/tickets/{house.ticket().number}").text
        assert "The telephone is off or cannot be reached." in shown

    @pytest.mark.parametrize("word", ["sent", "delivered"])
    def test_settles_what_was_uncertain(self, house: House, word: str):
        house.text("The cold room is warm.")
        house.twilio.cut = True
        delivery = reply(house)
        assert delivery.state == State.UNCERTAIN
        assert news(house, delivery, word).state == State.SENT
        assert len(house.twilio.sent) == 1

    def test_may_be_told_before_the_provider_answered_us(self, house: House):
        house.text("The cold room is warm.")

        def overtake(sent) -> None:
            with house.world.app.app_context():
                url = sent.form["StatusCallback"]
                form = {"MessageSid": sent.sid, "MessageStatus": "delivered"}
                headers = {"X-Twilio-Signature": house.twilio.sign(url, form)}
                path = url.removeprefix(lines.settings().base_url.rstrip("/"))
                answers.append(house.world.app.test_client().post(path, data=form, headers=headers).status_code)

        answers: list[int] = []
        house.twilio.before_answer = overtake
        delivery = reply(house)
        house.file()
        assert answers == [200]
        assert (delivery.state, delivery.progress) == (State.SENT, "delivered")

    @pytest.mark.parametrize(
        ("refusal", "words"),
        [
            ((400, 21610, 0), "asked for no more messages, by answering STOP"),
            ((400, 21211, 0), "not a telephone number"),
            ((400, 30999, 0), "Its code is 30999"),
        ],
    )
    def test_says_in_words_why_the_provider_refused_it(self, house: House, refusal, words: str):
        house.text("The cold room is warm.")
        house.twilio.refusals.append(refusal)
        delivery = reply(house)
        assert (delivery.state, words in delivery.reason) == (State.FAILED, True)


class TestStop:
    def closed(self, house: House) -> bool:
        shown = house.world.browser(house.world.ben).get(f"/tickets/{house.ticket().number}").text
        return "They answered STOP" in shown

    def test_is_honoured_shown_and_taken_back_by_start(self, house: House):
        house.text("The cold room is warm.")
        assert not self.closed(house)
        house.text("STOP", sid="SM2")
        assert self.closed(house)
        with pytest.raises(Invalid, match="STOP"):
            conversing.reply(house.ticket(), Answer(body="But."), by=house.world.ben)
        db.session.rollback()
        house.text("start", sid="SM3")
        assert not self.closed(house)
        assert reply(house).state == State.SENT

    def test_keeps_an_answer_that_was_on_its_way(self, house: House):
        house.text("The cold room is warm.")
        delivery = house.world.delivery(house.world.reply(house.ticket()))
        house.text("STOP", sid="SM2")
        lines.send(house.world, delivery)
        assert (delivery.state, house.twilio.sent) == (State.FAILED, [])

    def test_neither_opens_what_is_done_nor_is_answered_automatically(self, house: House):
        house.channel.acknowledges = True
        db.session.commit()
        house.text("STOP")
        assert list(db.session.scalars(select(Delivery))) == []
        assert house.messages()[0].from_machine

    def test_is_honoured_by_automatic_words_too(self, house: House):
        house.text("The cold room is warm.")
        house.text("STOP", sid="SM2")
        talk = db.session.scalars(select(Conversation)).one()
        ticket, message = house.ticket(), house.messages()[0]
        house.channel.acknowledges = True
        acknowledging.acknowledge(ticket, message, house.channel, by=house.channel, conversation=talk.key)
        db.session.commit()
        lines.send_all(house.world)
        assert (talk.facts["stopped"], house.twilio.sent) == ("yes", [])


class TestAPage:
    def test_answered_by_a_word_is_no_ticket(self, house: House):
        lines.send(house.world, lines.page("sms", OLIVE))
        house.text("what?")
        assert house.messages() == []
        assert house.ends_of() == ["ignored"]

    def test_told_of_is_no_ticket(self, house: House):
        delivery = lines.send(house.world, lines.page("call", OLIVE))
        sid = house.twilio.sent[-1].sid
        house.hear(f"?delivery={delivery.id}", CallSid=sid, CallStatus="completed", Direction="outbound-api", To=OLIVE)
        house.file()
        assert (delivery.recipients[0].progress, house.ends_of(), house.calls()) == ("completed", ["ignored"], [])
