"""Answers to a page by mail, text message and call: to whoever takes them, once, and never as a ticket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import func, select

from channels.models import Inbound
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.tickets.models import Ticket
from sla.commitments import sweep
from sla.escalations import answering, paging, running
from sla.escalations.models import Escalation, Page, PageAttempt
from tests.channels import lines
from tests.channels.lines import BEN
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.twilio import NUMBER, Twilio
from tests.plugins.world import World, mail
from tests.sla import promising, rotas
from tests.sla.rotas import minutes, step

NIGHT = rotas.at("2026-11-21T07:14:00+00:00")
"""Saturday 02:14 in New York, where the house is."""
WARNED = NIGHT + timedelta(minutes=45, seconds=1)


@pytest.fixture
def twilio(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twilio]:
    with lines.loopback(monkeypatch), Twilio() as provider:
        world.number = lines.number(provider)
        yield provider


@pytest.fixture
def night(world: World, smtp_sink: SmtpSink) -> World:
    """An hour for a first answer, around the clock; Ben is first, Ada comes ten minutes later."""
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": smtp_sink.host, "port": smtp_sink.port, "security": "none", "auth": "none", "timeout": 5},
    }
    promising.policy("Gold", promising.clause("first_response", minutes(60), "A person answers within the hour."))
    rotas.policy(step(0, rotas.person(world.ben)), step(minutes(10), rotas.person(world.ada)))
    db.session.commit()
    return world


def tick(world: World, at) -> None:
    """What scheduler and worker do at one second."""
    with travel(to=at):
        sweep.tick()
        running.tick()
        paging.tick()
        db.session.rollback()
        lines.send_all(world)
        paging.tick()
        world.fresh()


def rung(world: World) -> Ticket:
    """A ticket of the night for which Ben has been rung."""
    with travel(to=NIGHT):
        world.arrive(mail())
        ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    tick(world, WARNED)
    return ticket


def run_of(ticket: Ticket) -> Escalation:
    found = select(Escalation).where(Escalation.ticket_id == ticket.id)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def paged() -> Delivery:
    return db.session.scalars(select(Delivery).where(Delivery.purpose == "page").order_by(Delivery.id)).first()


def attempts() -> list[PageAttempt]:
    rows = select(PageAttempt).order_by(PageAttempt.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def letters() -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).where(Delivery.purpose == "letter").order_by(Delivery.id)))


def tickets() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket))


def bounce(message_id: str, recipient: str) -> bytes:
    """A delivery report (RFC 3464) on one of our mails."""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: support@meridian.example\nSubject: Undelivered\n"
        "Message-ID: <report@mx.example>\nReturn-Path: <>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nNobody there.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: failed\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message_id}\n\n--b--\n"
    ).encode()


class TestWords:
    @pytest.mark.parametrize(
        "words", ["ack", "ACK", " Ack! ", "on it", "On it, thanks", "ok", "yes.", "1", "\n\nAck\n> 2", "“ok”", "Okay"]
    )
    def test_that_mean_on_it(self, words):
        assert answering.meaning(words) == "on it"

    @pytest.mark.parametrize("words", ["pass", "Pass on", "no", "No, I am ill", "2", "PASS"])
    def test_that_mean_pass_on(self, words):
        assert answering.meaning(words) == "pass on"

    @pytest.mark.parametrize("words", ["", "  ", "?!", "what is this", "acknowledgement", "onit", "on holiday", "12"])
    def test_that_mean_nothing(self, words):
        assert answering.meaning(words) == ""


class TestText:
    def text(self, world, twilio, words="ack", sid="SM1", sender=BEN):
        with travel(to=WARNED + timedelta(minutes=1)):
            answer = lines.tell(world, twilio, lines.HOOK, MessageSid=sid, From=sender, To=NUMBER, Body=words)
        assert answer.status_code == 200
        return ET.fromstring(answer.text).findtext("Message") or ""

    def test_page_leaves_by_the_provider_and_ack_stops_it(self, night, twilio):
        """The whole way: a mail at night, a text message, its answer, and nobody else is rung."""
        rotas.method(night.ben, "sms", BEN)
        rotas.method(night.ada)
        ticket = rung(night)
        (sent,) = twilio.sent
        assert (sent.form["To"], f"#{ticket.number}" in sent.form["Body"]) == (BEN, True)
        assert self.text(night, twilio) == f"You are on it: #{ticket.number}."
        run = run_of(ticket)
        assert (run.state, run.acknowledged_by_id, run.acknowledged_how) == ("acknowledged", night.ben.id, "sms")
        tick(night, WARNED + timedelta(minutes=11))
        assert [page.name for page in db.session.scalars(select(Page))] == [night.ben.name]

    def test_pass_rings_the_next_at_once(self, night, twilio):
        rotas.method(night.ben, "sms", BEN)
        rotas.method(night.ada)
        ticket = rung(night)
        assert self.text(night, twilio, "pass").startswith("Passed on")
        tick(night, WARNED + timedelta(minutes=1, seconds=1))
        names = [page.name for page in db.session.scalars(select(Page).order_by(Page.id))]
        assert (names, run_of(ticket).state) == ([night.ben.name, night.ada.name], "running")

    def test_twice_is_once(self, night, twilio):
        rotas.method(night.ben, "sms", BEN)
        rung(night)
        assert self.text(night, twilio, "pass")
        assert self.text(night, twilio, "pass") == ""

    def test_that_is_not_understood_says_what_is(self, night, twilio):
        rotas.method(night.ben, "sms", BEN)
        ticket = rung(night)
        assert "ACK" in self.text(night, twilio, "what?")
        assert run_of(ticket).state == "running"

    def test_of_a_number_we_did_not_page_is_answered_with_nothing(self, night, twilio):
        rotas.method(night.ben, "sms", BEN)
        ticket = rung(night)
        assert self.text(night, twilio, sender="+4915100000000") == ""
        assert run_of(ticket).state == "running"

    def test_a_method_that_did_not_reach_them_makes_the_next_one_due(self, night, twilio):
        rotas.method(night.ben, "sms", BEN)
        rotas.method(night.ben, "call", BEN, after=300)
        rung(night)
        sent = twilio.sent[0]
        with travel(to=WARNED + timedelta(seconds=20)):
            url = sent.form["StatusCallback"]
            lines.tell(night, twilio, url, MessageSid=sent.sid, MessageStatus="undelivered", ErrorCode="30003")
        for later in (21, 22):
            tick(night, WARNED + timedelta(seconds=later))
        states = dict(db.session.execute(select(PageAttempt.kind, PageAttempt.state)).all())
        assert states["sms"] == "failed"
        assert [one.what for one in twilio.sent] == ["Messages", "Calls"]


class TestCall:
    def press(self, world, twilio, digit, **more):
        delivery = paged()
        url = f"{lines.HOOK}?delivery={delivery.id}"
        form = {"CallSid": "CA1", "To": BEN, "From": NUMBER, "Digits": digit, **more}
        with travel(to=WARNED + timedelta(minutes=1)):
            answer = lines.tell(world, twilio, url, **form)
        return ET.fromstring(answer.text)

    @pytest.mark.parametrize(("digit", "state"), [("1", "acknowledged"), ("2", "running")])
    def test_a_digit_is_an_answer(self, night, twilio, digit, state):
        rotas.method(night.ben, "call", BEN)
        ticket = rung(night)
        said = self.press(night, twilio, digit).findtext("Say")
        assert f"#{ticket.number}" in said
        assert run_of(ticket).state == state

    def test_another_digit_is_asked_for_again(self, night, twilio):
        rotas.method(night.ben, "call", BEN)
        ticket = rung(night)
        assert self.press(night, twilio, "7").find("Gather") is not None
        assert run_of(ticket).state == "running"

    def test_on_a_duty_phone_whose_number_was_typed_with_spaces_is_one(self, night, twilio):
        nobody = rotas.schedule([], name="Nobody", fallback="+49 151 1234-5678")
        rotas.policy(step(0, rotas.rota(nobody)), name="First", rank=0)
        db.session.commit()
        ticket = rung(night)
        assert [one.form["To"] for one in twilio.sent] == [BEN]
        self.press(night, twilio, "1")
        assert (run_of(ticket).state, run_of(ticket).acknowledged_how) == ("acknowledged", "call")

    def test_of_somebody_else_changes_nothing(self, night, twilio):
        rotas.method(night.ben, "call", BEN)
        ticket = rung(night)
        assert self.press(night, twilio, "1", To="+4915100000000").findtext("Say") == "Good-bye."
        assert run_of(ticket).state == "running"


class TestMail:
    @pytest.fixture
    def ticket(self, night, smtp_sink) -> Ticket:
        rotas.method(night.ben)
        rotas.method(night.ada)
        return rung(night)

    def answer(self, world, words, *, sender="", at=None, **headers):
        named = {"In-Reply-To": paged().external_id, **headers}
        with travel(to=at or WARNED + timedelta(minutes=1)):
            (inbound,) = world.arrive(mail(words, sender=sender or world.ben.email, subject="Re: page", **named))
        world.fresh()
        return db.session.get_one(Inbound, inbound.id)

    def test_ack_says_on_it_and_is_no_ticket(self, night, ticket):
        before = tickets()
        inbound = self.answer(night, "ACK\n\n> On it? Press the button")
        run = run_of(ticket)
        assert (run.state, run.acknowledged_by_id, run.acknowledged_how) == ("acknowledged", night.ben.id, "mail")
        assert (inbound.state, inbound.ticket_id, tickets()) == ("done", None, before)
        (letter,) = letters()
        assert letter.content["text"].startswith("You are on it")
        assert letter.content["in_reply_to"]

    def test_pass_passes_on(self, night, ticket):
        self.answer(night, "no")
        tick(night, WARNED + timedelta(minutes=1, seconds=1))
        names = [page.name for page in db.session.scalars(select(Page).order_by(Page.id))]
        assert names == [night.ben.name, night.ada.name]

    def test_anything_else_is_answered_with_what_is_understood(self, night, ticket):
        self.answer(night, "What is this about?")
        assert run_of(ticket).state == "running"
        assert "ACK" in letters()[0].content["text"]

    def test_of_somebody_else_waits_in_quarantine(self, night, ticket):
        before = tickets()
        inbound = self.answer(night, "ack", sender="mallory@elsewhere.example")
        assert (inbound.state, run_of(ticket).state, tickets()) == ("quarantined", "running", before)

    def test_that_may_be_forged_waits_in_quarantine(self, night, ticket):
        inbound = self.answer(night, "ack", **{"Authentication-Results": "meridian.example; dmarc=fail"})
        assert (inbound.state, run_of(ticket).state) == ("quarantined", "running")

    def test_of_a_machine_says_nothing(self, night, ticket):
        inbound = self.answer(night, "ok, I am away.", **{"Auto-Submitted": "auto-replied"})
        assert (inbound.state, run_of(ticket).state, letters()) == ("done", "running", [])

    def test_a_page_that_bounced_is_noted_where_it_was_sent(self, night, ticket):
        before = tickets()
        report = bounce(paged().external_id, night.ben.email)
        with travel(to=WARNED + timedelta(minutes=1)):
            (inbound,) = night.arrive(report)
        (recipient,) = paged().recipients
        assert (inbound.state, tickets()) == ("done", before)
        assert (recipient.state, recipient.progress) == ("bounced", "undelivered")

    def test_a_page_that_bounced_makes_the_next_method_due_at_once(self, night, ticket):
        page = db.session.scalars(select(Page)).one()
        later = WARNED + timedelta(minutes=9)
        second = PageAttempt(page_id=page.id, kind="email", address="ben@home.example", delay_seconds=540, due_at=later)
        db.session.add(second)
        db.session.commit()
        self.come_back(night)
        assert (attempts()[0].state, attempts()[0].reason) == (
            "failed",
            f"{night.ben.email} did not accept this message (5.1.1).",
        )
        assert attempts()[1].state == "leaving"
        tick(night, WARNED + timedelta(minutes=2))
        assert [each.state for each in attempts()] == ["failed", "sent"]
        assert run_of(ticket).step == 1

    def test_a_page_whose_last_method_bounced_makes_the_next_step_due_at_once(self, night, ticket):
        self.come_back(night)
        tick(night, WARNED + timedelta(minutes=1, seconds=10))
        names = [page.name for page in db.session.scalars(select(Page).order_by(Page.id))]
        assert names == [night.ben.name, night.ada.name]

    def test_a_bounce_after_on_it_rings_nobody(self, night, ticket):
        self.answer(night, "ack")
        self.come_back(night, WARNED + timedelta(minutes=2))
        tick(night, WARNED + timedelta(minutes=3))
        assert run_of(ticket).state == "acknowledged"
        assert len(db.session.scalars(select(Page)).all()) == 1

    def come_back(self, night, at=WARNED + timedelta(minutes=1)):
        with travel(to=at):
            night.arrive(bounce(paged().external_id, night.ben.email))
        tick(night, at + timedelta(seconds=2))

    def test_that_comes_again_counts_once(self, night, ticket):
        for _ in range(2):
            self.answer(night, "pass", message_id="<same@x.example>")
        assert len(letters()) == 1

    def test_is_answered_by_mail_a_few_times_only(self, night, ticket):
        for _ in range(8):
            self.answer(night, "What?")
        assert len(letters()) == 5

    def test_when_all_is_over_says_so(self, night, ticket):
        self.answer(night, "ack")
        with travel(to=WARNED + timedelta(minutes=2)):
            night.reply(ticket, by=night.ben)
        tick(night, WARNED + timedelta(minutes=3))
        self.answer(night, "ack", at=WARNED + timedelta(minutes=4))
        assert "over already" in letters()[-1].content["text"]

    def test_to_a_test_changes_nothing(self, night, ticket):
        page = db.session.scalars(select(Page)).one()
        page.is_test = True
        db.session.commit()
        self.answer(night, "ack")
        assert run_of(ticket).state == "running"
        assert "test" in letters()[0].content["text"]
