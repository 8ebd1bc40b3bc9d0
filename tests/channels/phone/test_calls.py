"""A customer calls: what they hear, what the ticket says, what they leave, and that they are called back."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import select

from channels import calling
from channels.adapter import Retryable
from channels.models import Fetch
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import Delivery
from helpdesk.people import contacts
from helpdesk.people.models import Address
from helpdesk.tickets.models import Status
from sla.escalations.models import ContactMethod
from tests.channels import lines
from tests.channels.phone.house import CALL, OLIVE, House
from tests.sla import rotas

DUTY = "+4915112345678"


def heard(said) -> str:
    return said.findtext("Say") or ""


class TestAVoicemail:
    def test_is_a_ticket_with_what_was_said_and_waits_for_a_call_back(self, house: House):
        said = house.ring()
        assert "This is On call" in heard(said)
        record = said.find("Record")
        assert record.get("action").endswith(lines.HOOK)
        assert record.get("transcribe") is None
        ticket = house.ticket()
        assert ticket.subject == f"Call from {OLIVE}"
        assert house.messages()[0].body_text == f"Call from {OLIVE}. Nobody has answered it yet."
        recording = house.records()
        thanks = house.hear(**CALL, CallStatus="in-progress", Digits="hangup", **recording)
        assert "will call you back" in heard(thanks)
        house.ends()
        (message,) = house.messages()
        assert message.body_text == f"Call from {OLIVE}. Missed. They left a voicemail of 20 s."
        assert message.missing_files == ["voicemail.mp3 is on its way here."]
        house.fetch()
        assert (message.missing_files, house.files()) == ([], [b"a voice"])
        assert [one.number for one in calling.due_on(house.ticket())] == [OLIVE]
        assert (ticket.status, ticket.waiting_since is not None) == (Status.OPEN, True)
        assert house.ends_of() == ["done", "done", "done"]

    def test_told_of_twice_is_here_once(self, house: House):
        house.ring()
        recording = house.records()
        house.hear(**CALL, CallStatus="in-progress", Digits="#", **recording)
        house.hear(CallSid="CA1", RecordingSid="RE1", RecordingStatus="completed", **recording)
        house.file()
        house.fetch()
        assert house.files() == [b"a voice"]
        assert house.ends_of() == ["done", "done", "duplicate"]

    def test_that_cannot_be_had_yet_is_tried_again(self, house: House):
        house.ring()
        recording = house.records()
        content, house.twilio.files = house.twilio.files, {}
        house.hear(**CALL, CallStatus="in-progress", **recording)
        house.file()
        house.fetch()
        (wanted,) = db.session.scalars(select(Fetch))
        assert (wanted.state, wanted.reason) == ("waiting", Retryable("The provider did not give it yet.").reason)
        house.twilio.files = content
        with travel(minutes=2):
            house.fetch()
        assert house.files() == [b"a voice"]

    def test_as_text_stands_under_it(self, house: House):
        house.channel.config = {**house.channel.config, "transcribe": "yes"}
        db.session.commit()
        assert house.ring().find("Record").get("transcribe") == "true"
        house.hear(
            CallSid="CA1", TranscriptionSid="TR1", TranscriptionStatus="completed", TranscriptionText="It is warm."
        )
        house.file()
        assert house.messages()[0].body_text.endswith("“It is warm.”")


class TestNewsOfACall:
    def all_of_it(self, house: House) -> list[dict[str, str]]:
        recording = house.records()
        return [
            {**CALL, "CallStatus": "ringing"},
            {**CALL, "CallStatus": "in-progress", "DialCallStatus": "no-answer", "DialCallSid": "CA9"},
            {**CALL, "CallStatus": "in-progress", "Digits": "hangup", **recording},
            {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed", **recording},
            {**CALL, "CallStatus": "completed", "CallDuration": "41"},
        ]

    @pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::17], ids=str)
    def test_in_any_order_and_twice_come_to_the_same(self, house: House, order):
        told = self.all_of_it(house)
        for place in (*order, *order):
            house.hear(**told[place])
        house.file()
        house.file()
        house.fetch()
        (message,) = house.messages()
        assert message.body_text == f"Call from {OLIVE}. Missed. They left a voicemail of 20 s."
        assert house.files() == [b"a voice"]
        assert set(house.ends_of()) <= {"done", "duplicate"}
        (call,) = house.calls()
        assert (call.seconds, call.recorded, call.answered, call.is_due) == (41, 20, False, True)

    def test_that_is_forged_changes_nothing(self, house: House):
        house.ring()
        form = {**CALL, "CallStatus": "in-progress", "DialCallStatus": "completed"}
        signature = house.twilio.sign("https://elsewhere.example" + lines.HOOK, form)
        answer = house.world.app.test_client().post(lines.HOOK, data=form, headers={"X-Twilio-Signature": signature})
        house.file()
        assert (answer.status_code, house.calls()[0].answered) == (401, False)
        assert OLIVE not in answer.text

    def test_as_json_is_signed_by_the_digest_of_its_body(self, house: House):
        body = b'{"CallSid": "CA1", "From": "+4915112300501", "CallStatus": "ringing", "Direction": "inbound"}'
        url, signature = house.twilio.sign_json(f"{lines.settings().base_url.rstrip('/')}{lines.HOOK}", body)
        path = url[url.index(lines.HOOK) :]

        def post(raw: bytes) -> int:
            headers = {"X-Twilio-Signature": signature}
            client = house.world.app.test_client()
            return client.post(path, data=raw, headers=headers, content_type="application/json").status_code

        assert (post(body.replace(b"ringing", b"failed ")), post(body)) == (401, 200)
        house.file()
        assert len(house.calls()) == 1

    def test_of_one_that_never_came_ends_as_ignored(self, house: House):
        house.hear(CallSid="CA7", RecordingSid="RE7", RecordingStatus="completed", **house.records())
        house.file()
        assert house.ends_of() == ["early"]
        with travel(minutes=11):
            house.file()
            calling.heeding.give_up_waiting()
            house.file()
        assert (house.ends_of(), house.messages()) == (["ignored"], [])


class TestACaller:
    def test_who_is_known_is_who_calls(self, house: House):
        house.text("Hello?")
        ticket = house.ticket()
        house.ring()
        assert (house.ticket().id, len(house.messages())) == (ticket.id, 2)

    def test_who_withholds_their_number_gets_a_ticket_that_cannot_be_answered(self, house: House):
        for name in ("CA1", "CA2"):
            house.hear(CallSid=name, From="+266696687", To="+13125550100", Direction="inbound", CallStatus="ringing")
        house.file()
        assert len({one.ticket_id for one in house.messages()}) == 2
        assert house.calls()[0].is_due is False
        shown = house.world.browser(house.world.ben).get(f"/tickets/{house.ticket().number}").text
        assert "They withheld their number" in shown
        assert "tel:" not in shown
        assert "call:CA" not in shown

    def test_hears_their_own_language_where_it_is_known(self, house: House):
        house.text("Guten Tag, unser Kühlraum ist zu warm und wir brauchen heute noch jemanden.")
        say = house.ring().find("Say")
        assert (say.get("language"), "Sprechen Sie bitte" in say.text) == ("de-DE", True)

    def test_hears_what_the_house_wants_to_say(self, house: House):
        house.channel.config = {**house.channel.config, "greeting": "Orchard & Sons."}
        db.session.commit()
        assert heard(house.ring()) == "Orchard & Sons."

    def test_is_not_written_to_for_having_called(self, house: House):
        house.channel.acknowledges = True
        db.session.commit()
        house.ring()
        assert list(db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement"))) == []

    def test_is_a_contact_by_their_number(self, house: House):
        known = contacts.find_or_create(OLIVE, name="Olive Tran", kind="phone")
        db.session.commit()
        house.ring()
        assert house.ticket().contact_id == known.contact_id
        assert len(list(db.session.scalars(select(Address).where(Address.kind == "phone")))) == 1


class TestForwarding:
    @pytest.fixture
    def forwarded(self, house: House) -> House:
        house.channel.config = {**house.channel.config, "forward": DUTY}
        db.session.commit()
        return house

    def test_rings_us_first_and_asks_for_a_key(self, forwarded: House):
        dial = forwarded.ring().find("Dial")
        number = dial.find("Number")
        assert (number.text, dial.get("action").endswith(lines.HOOK)) == (DUTY, True)
        assert number.get("url", "").endswith(f"{lines.HOOK}?step=screen")
        child = {"CallSid": "CA9", "ParentCallSid": "CA1", "From": OLIVE, "To": DUTY, "Direction": "outbound-dial"}
        asked = forwarded.hear("?step=screen", **child, CallStatus="in-progress")
        assert (asked.find("Gather").get("action").endswith("?step=taken"), asked[-1].tag) == (True, "Hangup")
        assert len(forwarded.hear("?step=taken", **child, CallStatus="in-progress", Digits="5")) == 0
        forwarded.file()
        assert len(forwarded.calls()) == 1

    def test_that_is_answered_keeps_the_promise_and_nobody_need_call_back(self, forwarded: House):
        forwarded.ring()
        over = forwarded.hear(**CALL, CallStatus="in-progress", DialCallStatus="completed", DialCallDuration="200")
        assert len(over) == 0
        forwarded.ends(seconds=212)
        (message,) = forwarded.messages()
        assert message.body_text == f"Call from {OLIVE}. Answered, 3 min 20 s."
        assert (calling.due_on(forwarded.ticket()), forwarded.ticket().waiting_since) == ([], None)
        kinds = list(db.session.scalars(select(Event.kind).where(Event.message_id == message.id)))
        assert kinds.count("message.overheard") == 1

    def test_that_nobody_takes_goes_to_voicemail(self, forwarded: House):
        forwarded.ring()
        said = forwarded.hear(**CALL, CallStatus="in-progress", DialCallStatus="no-answer", DialCallSid="CA9")
        assert said.find("Record") is not None

    def test_of_our_own_call_to_itself_goes_to_voicemail(self, forwarded: House):
        assert forwarded.ring(From=DUTY).find("Record") is not None

    def test_to_a_rota_rings_whoever_is_first_now(self, house: House):
        house.channel.config = {**house.channel.config, "forward": "Night"}
        rotas.schedule([house.world.ben], name="night")
        db.session.commit()
        assert house.ring().find("Record") is not None  # Ben has proven no number
        rotas.method(house.world.ben, "call", DUTY)
        db.session.commit()
        assert house.ring(CallSid="CA2").findtext("Dial/Number") == DUTY
        method = db.session.scalars(select(ContactMethod).where(ContactMethod.address == DUTY)).one()
        method.removed_at = now()
        db.session.commit()
        assert house.ring(CallSid="CA3").find("Dial") is None


class TestCallingBack:
    def form(self, **more: str) -> dict[str, str]:
        return {"number": OLIVE, "outcome": "reached", "minutes": "4", "note": "The fan was stuck.", **more}

    def test_is_offered_where_somebody_waits_for_it(self, house: House):
        house.ring()
        shown = house.world.browser(house.world.ben).get(f"/tickets/{house.ticket().number}").text
        assert f'href="tel:{OLIVE}"' in shown
        assert "Call back" in shown

    def test_that_reached_them_answers_them(self, house: House):
        house.ring()
        number = house.ticket().number
        ben = house.world.browser(house.world.ben)
        assert "Log a call" in ben.get(f"/tickets/{number}/call").text
        for _ in range(2):
            sent = ben.post(f"/tickets/{number}/call", self.form(client_id="a" * 32))
            assert sent.status_code == 303
        house.world.fresh()
        logged = house.messages()[1:]
        assert [one.body_text for one in logged] == [f"Called {OLIVE}: we spoke for 4 min.\n\nThe fan was stuck."]
        assert (logged[0].direction, logged[0].agent_id) == ("out", house.world.ben.id)
        ticket = house.ticket()
        assert (calling.due_on(ticket), ticket.waiting_since, ticket.assignee_id) == ([], None, house.world.ben.id)
        assert "Call back" not in ben.get(f"/tickets/{number}").text

    @pytest.mark.parametrize(("outcome", "due"), [("no answer", 1), ("voicemail", 1), ("not needed", 0)])
    def test_that_did_not_is_a_note_and_they_wait_unless_it_is_not_needed(self, house: House, outcome: str, due: int):
        house.ring()
        ticket = house.ticket()
        sent = house.world.browser(house.world.ben).post(f"/tickets/{ticket.number}/call", self.form(outcome=outcome))
        house.world.fresh()
        assert (sent.status_code, house.messages()[-1].direction) == (303, "note")
        assert len(calling.due_on(house.ticket())) == due
        assert house.ticket().waiting_since is not None

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [("outcome", "", "Choose how it went"), ("minutes", "4.5", "whole minutes"), ("minutes", "9999", "a day at most"),
         ("number", "555", "country"), ("note", "x" * 10_001, "longer than")],
    )  # fmt: skip
    def test_says_at_the_field_what_is_wrong_and_keeps_the_rest(self, house: House, field, value, words):
        house.ring()
        path = f"/tickets/{house.ticket().number}/call"
        answer = house.world.browser(house.world.ben).post(path, self.form(**{field: value}))
        assert (answer.status_code, words in answer.text) == (422, True)
        assert "The fan was stuck." in answer.text or field == "note"
        assert len(house.messages()) == 1

    def test_is_over_when_they_call_again_and_reach_us(self, house: House):
        house.ring()
        house.ring(CallSid="CA2")
        house.hear(**{**CALL, "CallSid": "CA2"}, CallStatus="in-progress", DialCallStatus="completed")
        house.file()
        assert calling.due_on(house.ticket()) == []

    def test_is_not_for_strangers(self, house: House):
        house.ring()
        number = house.ticket().number
        client = house.world.app.test_client()
        assert client.post(f"/tickets/{number}/call", data=self.form()).status_code in {400, 401, 403}
        assert len(house.messages()) == 1
