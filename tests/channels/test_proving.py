"""Two contacts become one by proof: a link to the mail address and a code to where they write; both, or nothing."""

from __future__ import annotations

import contextvars
import email
import email.policy
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from channels import dispatch, intake, proving
from channels.models import Proof
from channels.proofwords import WORDS
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.people import contacts
from helpdesk.people.models import Address, Contact
from helpdesk.text.languages import LANGUAGES
from helpdesk.tickets.models import ContactJoin, Ticket
from tests.channels.contract import telegrams
from tests.channels.contract.bench import Said
from tests.channels.contract.scene import Scene
from tests.channels.lines import loopback
from tests.fakes.smtp_sink import SmtpSink
from tests.fakes.telegram import Telegram
from tests.plugins.world import JONAS, NORA, OLIVE, SERVICE, STRANGER, Browser, World, mail

MALLORY = Said(author="Mallory Crane", chat=666, text="I am Olive, believe me.")


@dataclass
class Story:
    """Olive writes by Telegram too; Ben answers both. Mails leave by a real server."""

    world: World
    scene: Scene
    telegram: Telegram
    sink: SmtpSink
    ben: Browser
    codes: list[str] = field(default_factory=list)

    def ask(self, ticket: Ticket, address: str = OLIVE) -> TestResponse:
        answer = self.ben.post(f"/tickets/{ticket.number}/person", {"email": address})
        self.send()
        return answer

    def send(self) -> None:
        waiting = select(Delivery.id).where(Delivery.purpose == "proof", Delivery.state == "queued")
        for delivery_id in list(db.session.scalars(waiting.order_by(Delivery.id))):
            dispatch.deliver(delivery_id)
        self.world.fresh()

    def mails(self) -> list[email.message.EmailMessage]:
        return [email.message_from_bytes(one.raw, policy=email.policy.default) for one in self.sink.mails]

    def link(self, number: int = -1) -> str:
        words = self.mails()[number].get_body(("plain",)).get_content()
        return "/" + re.findall(r"https?://[^/\s]+/(proof/\S+)", words)[0]

    def code(self, number: int = -1) -> str:
        told = [one["text"] for one in self.telegram.sent if re.search(r"\b\d{6}\b", one.get("text", ""))]
        return re.findall(r"\b\d{6}\b", told[number])[0]

    def reader(self, address: str = "198.51.100.7") -> Browser:
        """Whoever reads the mail, signed in nowhere."""
        return Browser(self.world.app, address=address)

    def confirm(self, link: str, code: str, reader: Browser | None = None) -> TestResponse:
        at = reader or self.reader()
        return at.post(link, {"code": code}, on="/sign-in")

    def joined(self, said: Said | None = None) -> Ticket:
        """Olive has shown that the one who writes by Telegram is her."""
        ticket = self.scene.say(said or Said(author="O."))
        assert self.ask(ticket).status_code == 303
        assert self.confirm(self.link(), self.code()).status_code == 200
        self.world.fresh()
        return ticket


@pytest.fixture
def story(world: World, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": smtp_sink.host, "port": smtp_sink.port, "security": "none", "auth": "none", "timeout": 5},
    }
    world.ben.undo_seconds = 0
    db.session.commit()
    with loopback(monkeypatch), Telegram() as telegram:
        scene = Scene(world, telegrams.BENCH, telegrams._Peer(telegram), telegrams.connected(telegram))
        yield Story(world, scene, telegram, smtp_sink, world.browser(world.ben))


def state() -> list[tuple[object, ...]]:
    """Everything that says whose something is, and what is promised."""
    db.session.expire_all()
    asked = (
        "SELECT 'address', id, contact_id, kind, value, verified_at FROM address",
        "SELECT 'ticket', id, contact_id, organization_id, status, channel_kind FROM ticket",
        "SELECT 'message', id, contact_id, ticket_id, direction, body_text FROM message",
        "SELECT 'contact', id, organization_id, name, kind, zone FROM contact",
        "SELECT 'cover', ticket_id, source, clause_ids::text, reason, billable FROM entitlement WHERE replaced_at IS NULL",
        "SELECT 'promise', ticket_id, clause_id, due_at, outcome, ended_at FROM commitment WHERE outcome <> 'void'",
    )
    rows = [tuple(row) for one in asked for row in db.session.execute(text(one))]
    return sorted(rows, key=repr)


def holder(kind: str, value: str) -> int:
    found = contacts.find(value, kind=kind)
    assert found is not None
    return found.contact_id


def kinds_on(ticket: Ticket) -> list[str]:
    rows = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind.startswith("contact."))
    return list(db.session.scalars(rows.order_by(Event.id)))


class TestAsking:
    def test_sends_the_link_to_the_mail_address_and_the_code_to_where_they_write(self, story: Story):
        ticket = story.scene.say(Said(author="O."))
        assert story.ask(ticket).status_code == 303
        (sent,) = story.mails()
        assert (sent["To"], sent["Auto-Submitted"].startswith("auto-")) == (OLIVE, True)
        assert sent["Reply-To"] is None
        assert story.code() not in sent.get_content()
        assert "/proof/" not in story.telegram.sent[-1]["text"]
        assert kinds_on(ticket) == ["contact.asked"]

    def test_says_nothing_of_the_customer_in_the_mail(self, story: Story):
        ticket = story.scene.say(replace(MALLORY, text="Visit evil.example", author="evil.example Prize"))
        story.ask(ticket)
        raw = story.sink.mails[-1].raw.decode()
        assert "evil" not in raw
        assert str(ticket.number) not in story.mails()[-1].get_content()

    def test_keeps_neither_link_nor_code(self, story: Story):
        story.ask(story.scene.say())
        token, code = story.link().removeprefix("/proof/"), story.code()
        stored = [str(tuple(row)) for table in ("contact_proof", "delivery", "event", "procrastinate_jobs")
                  for row in db.session.execute(text(f"SELECT * FROM {table}"))]  # fmt: skip
        assert not [row for row in stored if token in row or token.rpartition(".")[2] in row or code in row]

    def test_shows_the_agent_that_it_waits_but_never_the_code(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        shown = story.ben.get(f"/tickets/{ticket.number}").text
        assert f"Asked {OLIVE}" in shown
        assert story.code() not in shown

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("olive", "Add a whole address"),
            ("", "Add a whole address"),
            ("a@b.example, c@d.example", "Add a whole address"),
            (SERVICE, "one of our own addresses"),
            ("ben@meridian.example", "colleague"),
            ("no-reply@orchard-dairy.example", "Nobody reads"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, story: Story, address: str, words: str):
        answer = story.ask(story.scene.say(), address)
        assert answer.status_code == 422
        assert words in answer.text
        assert (story.mails(), db.session.scalar(select(func.count()).select_from(Proof))) == ([], 0)

    def test_joins_nobody_who_belongs_to_another_customer(self, story: Story):
        ticket = story.world.ticket(by=story.world.nora, author_address=NORA, author_name="Nora Quinn")
        answer = story.ask(ticket, JONAS)
        assert (answer.status_code, "two customers" in answer.text) == (422, True)

    def test_of_somebody_in_a_group_is_refused_for_others_would_read_the_code(self, story: Story):
        said = Said(text="@meridian_service_bot it is warm")
        written = telegrams.written(said, chat={"id": -77, "title": "Dairy", "type": "group"},
                                    entities=[{"type": "mention", "offset": 0, "length": 21}])  # fmt: skip
        story.scene.hear(telegrams.update(1, message=written))
        ticket = db.session.scalars(select(Ticket).where(Ticket.channel_kind == "telegram")).one()
        answer = story.ask(ticket)
        assert (answer.status_code, "Others read what is said there" in answer.text) == (422, True)

    def test_too_often_is_refused_for_a_contact_and_for_a_mailbox(self, story: Story):
        ticket = story.scene.say()
        assert [story.ask(ticket).status_code for _ in range(4)] == [303, 303, 303, 429]
        assert [story.ask(ticket, f"x{n}@elsewhere.example").status_code for n in range(3)] == [303, 303, 429]

    def test_again_spends_the_link_before(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        link, code = story.link(), story.code()
        story.ask(ticket)
        assert story.confirm(link, code).status_code == 410
        assert story.confirm(story.link(), story.code()).status_code == 200

    def test_is_withdrawn_by_an_agent(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        assert story.ben.post(f"/tickets/{ticket.number}/person/withdrawal").status_code == 303
        assert story.confirm(story.link(), story.code()).status_code == 410


class TestTheLink:
    def test_opened_by_a_scanner_joins_nobody(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        before, link = state(), story.link()
        for _ in range(3):
            assert story.reader().get(link).status_code == 200
            assert story.reader().client.head(link).status_code == 200
        assert story.confirm(link, "").status_code == 422
        assert state() == before

    def test_shows_nothing_of_either(self, story: Story):
        ticket = story.scene.say(MALLORY)
        story.ask(ticket)
        shown = story.reader().get(story.link()).text
        for words in ("Mallory", "Olive", "olive", str(ticket.number), "Orchard", story.code()):
            assert words not in shown
        assert "Telegram" in shown

    def test_works_once(self, story: Story):
        story.joined()
        again = story.confirm(story.link(), story.code())
        assert again.status_code == 410
        assert db.session.scalar(select(func.count()).select_from(ContactJoin)) == 1

    def test_is_too_old_after_a_day(self, story: Story):
        story.ask(story.scene.say())
        with travel(hours=23):
            assert story.reader().get(story.link()).status_code == 200
        with travel(hours=25):
            assert story.reader().get(story.link()).status_code == 410
            assert story.confirm(story.link(), story.code()).status_code == 410

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_that_is_too_old_says_so_in_their_language(self, story: Story, language: str):
        ticket = story.scene.say()
        story.ask(ticket)
        db.session.execute(text("UPDATE contact_proof SET language = :one"), {"one": language})
        db.session.commit()
        with travel(hours=25):
            told = story.reader().get(story.link()).text
        assert WORDS[language].gone_title in told.replace("&#39;", "'")
        assert f'<html lang="{language}"' in told

    def test_is_written_in_the_language_they_write(self, story: Story):
        story.ask(
            story.scene.say(Said(text="Guten Tag, die Kühlung ist zu warm und wir wissen nicht, was wir tun sollen."))
        )
        assert story.mails()[-1]["Subject"] == WORDS["de"].subject
        assert story.telegram.sent[-1]["text"].startswith("Ihr Code ist")

    @pytest.mark.parametrize(
        "change", [lambda t: t[:-1], lambda t: "1" + t, lambda _: "x", lambda t: t.swapcase(), lambda t: t + "é"]
    )
    def test_that_was_changed_is_unknown_and_says_nothing(self, story: Story, change):
        story.ask(story.scene.say())
        token = story.link().removeprefix("/proof/")
        got = story.reader().get(f"/proof/{change(token)}", **{"Accept-Language": "de-DE,de;q=0.9"})
        assert got.status_code == 404
        assert WORDS["de"].gone_title in got.text


class TestTheCode:
    def test_wrong_five_times_spends_the_link(self, story: Story):
        story.ask(story.scene.say())
        code = story.code()
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        assert [story.confirm(story.link(), wrong).status_code for _ in range(5)] == [422, 422, 422, 422, 410]
        assert story.confirm(story.link(), code).status_code == 410

    def test_may_be_written_with_spaces(self, story: Story):
        story.ask(story.scene.say())
        assert story.confirm(story.link(), f" {story.code()[:3]} {story.code()[3:]} ").status_code == 200

    def test_of_another_proof_is_wrong(self, story: Story):
        story.ask(story.scene.say(MALLORY), STRANGER)
        story.ask(story.scene.say(Said(chat=502, number=9)), OLIVE)
        assert story.confirm(story.link(), story.code(0)).status_code == 422

    def test_is_not_guessed_from_many_places_either(self, story: Story):
        """The tries are the link's, whoever makes them."""
        story.ask(story.scene.say())
        code = story.code()
        for place in range(5):
            story.confirm(story.link(), f"{(int(code) + 1 + place) % 10**6:06d}", story.reader(f"203.0.113.{place}"))
        assert story.confirm(story.link(), code).status_code == 410


class TestSomebodyHostile:
    def test_who_claims_anothers_address_is_not_joined_when_its_owner_opens_the_link(self, story: Story):
        """Olive gets the mail and even presses the button; the code is where Mallory writes."""
        ticket = story.scene.say(MALLORY)
        story.ask(ticket, OLIVE)
        before = state()
        assert story.confirm(story.link(), "000000" if story.code() != "000000" else "000001").status_code == 422
        assert state() == before

    def test_who_has_the_mail_is_not_joined_to_somebody_whose_code_they_do_not_have(self, story: Story):
        """Mallory talks Ben into asking her own address on Olive's ticket; the code goes to Olive."""
        olive = story.scene.say(Said(author="O."))
        story.ask(olive, STRANGER)
        before = state()
        for guess in range(9):
            story.confirm(story.link(), f"{guess:06d}")
        assert state() == before

    def test_with_the_same_name_is_nobody_else(self, story: Story):
        ticket = story.scene.say(replace(MALLORY, author="Olive Tran"))
        assert holder("telegram", "666") != holder("email", OLIVE)
        shown = story.ben.get(f"/tickets/{ticket.number}").text + story.ben.get(f"/tickets/{ticket.number}/person").text
        assert OLIVE not in shown

    def test_cannot_ask_or_part_without_being_an_agent(self, story: Story):
        ticket = story.joined()
        (join,) = db.session.scalars(select(ContactJoin))
        for path in ("person", "person/withdrawal", f"person/joins/{join.id}"):
            answer = story.reader().post(f"/tickets/{ticket.number}/{path}", {"email": OLIVE}, on="/sign-in")
            assert answer.status_code == 401
        assert db.session.get_one(ContactJoin, join.id).parted_at is None

    def test_whose_ticket_is_another_parts_nobody(self, story: Story):
        story.joined()
        (join,) = db.session.scalars(select(ContactJoin))
        other = story.world.ticket(by=story.world.nora, author_address=NORA)
        assert story.ben.get(f"/tickets/{other.number}/person/joins/{join.id}").status_code == 404
        assert story.ben.post(f"/tickets/{other.number}/person/joins/{join.id}").status_code == 404


class TestConfirming:
    def test_makes_one_person_with_the_addresses_and_tickets_of_both(self, story: Story):
        by_mail = story.world.ticket("Cold room 2 is warm")
        ticket = story.joined()
        olive = story.world.olive
        assert holder("telegram", "501") == holder("email", OLIVE) == olive.id
        assert (ticket.contact_id, ticket.organization_id) == (olive.id, olive.organization_id)
        assert kinds_on(ticket) == ["contact.asked", "contact.joined"]
        assert kinds_on(by_mail) == ["contact.joined"]
        shown = story.ben.get(f"/tickets/{ticket.number}").text
        for words in (f"/tickets/{by_mail.number}", OLIVE, "Joined with O.", "Take apart again", "is them too"):
            assert words in shown
        assert str(ticket.number) in story.ben.get(f"/tickets/{by_mail.number}").text

    def test_says_that_the_address_is_theirs_for_sure(self, story: Story):
        story.joined()
        assert contacts.find(OLIVE).verified_at is not None

    def test_of_an_address_nobody_wrote_from_makes_its_contact(self, story: Story):
        ticket = story.scene.say(Said(author="Ida Lund"))
        story.ask(ticket, "ida@newcomer.example")
        assert story.confirm(story.link(), story.code()).status_code == 200
        assert holder("email", "ida@newcomer.example") == holder("telegram", "501")
        assert db.session.get_one(Contact, holder("email", "ida@newcomer.example")).name == "Ida Lund"

    def test_goes_on_by_telegram_as_the_same_person(self, story: Story):
        ticket = story.joined()
        assert story.scene.say(Said(number=2, text="Still warm.", author="O.")).id == ticket.id
        assert story.scene.answer(ticket).recipients[0].address == "501"

    def test_lets_their_mail_into_their_ticket_without_an_agent(self, story: Story):
        ticket = story.joined()
        assert ticket.contact_id == holder("email", OLIVE)
        (raw,) = story.world.arrive(mail("And by mail."))
        assert db.session.get_one(Ticket, raw.ticket_id).contact_id == ticket.contact_id

    def test_leaves_done_tickets_without_a_customer(self, story: Story):
        old = story.scene.say(Said(author="O."))
        story.ben.post(f"/tickets/{old.number}/resolution")
        db.session.execute(text("UPDATE ticket SET status = 5 WHERE id = :id"), {"id": old.id})
        db.session.commit()
        story.ask(old)
        assert story.confirm(story.link(), story.code()).status_code == 200
        db.session.expire_all()
        assert (old.contact_id, old.organization_id) == (story.world.olive.id, None)

    def test_is_refused_where_the_address_became_somebody_elses(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        contacts.hand_over(story.world.jonas, OLIVE, kind="email")
        db.session.commit()
        before = state()
        assert story.confirm(story.link(), story.code()).status_code == 410
        assert state() == before

    def test_is_refused_where_they_became_two_customers_meanwhile(self, story: Story):
        ticket = story.scene.say()
        story.ask(ticket)
        db.session.get_one(Contact, ticket.contact_id).organization_id = story.world.nora.organization_id
        db.session.commit()
        before = state()
        assert story.confirm(story.link(), story.code()).status_code == 410
        assert state() == before

    def test_is_refused_where_the_address_became_a_colleagues(self, story: Story):
        story.ask(story.scene.say(), "kim@newcomer.example")
        db.session.execute(text("UPDATE agent SET email = 'Kim@newcomer.example' WHERE email LIKE 'mei%'"))
        db.session.commit()
        assert story.confirm(story.link(), story.code()).status_code == 410

    def test_twice_at_once_joins_once(self, story: Story):
        story.ask(story.scene.say())
        link, code = story.link(), story.code()
        statuses = together(story, [(link, code)] * 4)
        assert sorted(statuses) == [200, 410, 410, 410]
        assert db.session.scalar(select(func.count()).select_from(ContactJoin)) == 1

    def test_waits_while_something_is_filed_so_that_nothing_lands_with_who_has_gone(self, story: Story):
        story.ask(story.scene.say())
        link, code = story.link(), story.code()
        reader, statuses = story.reader(), []
        reader._token("/sign-in")
        intake.one_at_a_time()

        def press() -> None:
            answer = reader.client.post(link, data={"csrf_token": reader._form_token, "code": code})
            statuses.append(answer.status_code)

        thread = threading.Thread(target=contextvars.Context().run, args=(press,))
        thread.start()
        thread.join(1)
        assert statuses == []
        assert holder("telegram", "501") != story.world.olive.id
        db.session.rollback()
        thread.join(20)
        assert statuses == [200]

    def test_of_two_addresses_at_once_ends_as_one_person_or_says_no(self, story: Story):
        """Olive's Telegram with her mail, and her mail with Jonas's at the same time: whichever is first, nothing is torn."""
        first = story.scene.say(Said(author="O."))
        story.ask(first, OLIVE)
        one = story.link(), story.code()
        other = story.scene.say(Said(author="J.", chat=502, number=5))
        story.ask(other, OLIVE)
        two = story.link(), story.code()
        assert together(story, [one, two]) == [200, 200]
        assert {holder("telegram", "501"), holder("telegram", "502")} == {holder("email", OLIVE)}


class TestTakingApart:
    def part(self, story: Story, ticket: Ticket) -> TestResponse:
        (join,) = db.session.scalars(select(ContactJoin).where(ContactJoin.parted_at.is_(None)))
        path = f"/tickets/{ticket.number}/person/joins/{join.id}"
        assert "goes back" in story.ben.get(path).text
        return story.ben.post(path)

    def test_gives_everything_back_as_it_was(self, story: Story):
        story.world.ticket("Cold room 2 is warm")
        ticket = story.scene.say(Said(author="O."))
        before = state()
        assert story.ask(ticket).status_code == 303
        assert story.confirm(story.link(), story.code()).status_code == 200
        assert state() != before
        assert self.part(story, ticket).status_code == 303
        assert state() == before
        assert kinds_on(ticket) == ["contact.asked", "contact.joined", "contact.parted"]
        assert "apart again" in story.ben.get(f"/tickets/{ticket.number}").text

    def test_twice_is_said(self, story: Story):
        ticket = story.joined()
        (join,) = db.session.scalars(select(ContactJoin))
        path = f"/tickets/{ticket.number}/person/joins/{join.id}"
        assert [story.ben.post(path).status_code for _ in range(2)] == [303, 404]

    def test_gives_back_what_was_written_since_as_well(self, story: Story):
        ticket = story.joined()
        story.scene.say(Said(number=2, text="Still warm.", author="O."))
        story.ben.post(f"/tickets/{ticket.number}/resolution")
        db.session.execute(
            text("UPDATE ticket SET resolved_at = now() - interval '9 days', status = 4 WHERE id = :id"),
            {"id": ticket.id},
        )
        db.session.commit()
        later = story.scene.say(Said(number=3, text="Another thing.", author="O."))
        assert (later.id != ticket.id, later.contact_id) == (True, story.world.olive.id)
        (mailed,) = story.world.arrive(mail("By mail, later.", subject="New"))
        self.part(story, ticket)
        back = holder("telegram", "501")
        assert back != story.world.olive.id
        assert {ticket.contact_id, later.contact_id} == {back}
        assert later.organization_id is None
        assert db.session.get_one(Ticket, mailed.ticket_id).contact_id == story.world.olive.id
        assert {one.contact_id for one in story.scene.messages()} == {back}

    def test_lets_them_be_joined_again(self, story: Story):
        ticket = story.joined()
        self.part(story, ticket)
        story.ask(ticket)
        assert story.confirm(story.link(), story.code()).status_code == 200
        assert holder("telegram", "501") == story.world.olive.id

    def test_is_not_undone_by_the_link_that_joined_them(self, story: Story):
        ticket = story.joined()
        self.part(story, ticket)
        assert story.confirm(story.link(), story.code()).status_code == 410
        assert holder("telegram", "501") != story.world.olive.id

    def test_leaves_a_number_with_whom_it_was_given_to_since(self, story: Story):
        ticket = story.joined()
        contacts.hand_over(story.world.nora, "501", kind="telegram")
        db.session.commit()
        self.part(story, ticket)
        assert holder("telegram", "501") == story.world.nora.id


def together(story: Story, asked: list[tuple[str, str]]) -> list[int]:
    """Confirm at the same time, each from a place of its own."""
    readers = [story.reader(f"203.0.113.{place}") for place, _ in enumerate(asked)]
    for reader in readers:
        reader._token("/sign-in")
    statuses: list[int] = []
    start = threading.Barrier(len(asked))

    def press(reader: Browser, link: str, code: str) -> None:
        start.wait()
        answer = reader.client.post(link, data={"csrf_token": reader._form_token, "code": code},
                                    environ_overrides={"REMOTE_ADDR": reader.address})  # fmt: skip
        statuses.append(answer.status_code)

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(press, reader, *one))
        for reader, one in zip(readers, asked, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    story.world.fresh()
    return statuses


def test_the_words_hold_what_is_put_into_them():
    assert set(WORDS) == set(LANGUAGES)
    for words in WORDS.values():
        assert (words.code.count("{code}"), words.intro.count("{place}")) == (1, 1)
        assert "{" not in words.mail + words.mail_after + words.gone
        assert len(words.subject) < 60


def test_nobody_is_asked_by_a_ticket_without_words(world: World):
    ticket = world.ticket()
    db.session.execute(text("DELETE FROM message"))
    with pytest.raises(proving.Invalid):
        proving.ask(ticket, STRANGER, by=world.ben)
    assert db.session.scalar(select(func.count()).select_from(Address).where(Address.value == STRANGER)) == 0
