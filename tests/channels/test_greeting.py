"""The first words to a customer name what is promised, in their zone; and when we are behind they hear it once."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pytest
from sqlalchemy import select, update

from channels.letters import LETTERS
from helpdesk import events
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.text import languages
from helpdesk.tickets import triage
from helpdesk.tickets.models import Message, Ticket
from sla.commitments import greeting
from sla.commitments.sayings import SAYINGS
from tests.channels import lines
from tests.fakes.smtp_sink import SmtpSink
from tests.plugins.world import World, mail
from tests.sla import promising, rotas

NIGHT = rotas.at("2026-11-21T07:14:00+00:00")
"""Saturday 02:14 in New York, 08:14 in Berlin."""
MONDAY_NOON = rotas.at("2026-11-23T17:00:00+00:00")
CALL = "+495115550142"
FIRST = {
    "en": "The cold room is warm.",
    "de": "Der Kühlraum ist warm.",
    "fr": "La chambre froide est en panne.",
    "es": "La cámara fría no enfría y el equipo está parado.",
    "it": "La cella frigorifera non funziona più.",
    "nl": "De koelcel doet het niet.",
    "pt": "A câmara fria não funciona.",
    "pl": "Chłodnia nie działa.",
    "sv": "Kylrummet fungerar inte.",
}
MONDAY_17 = {
    "en": "by Monday 23 November, 17:00",
    "de": "spätestens am Montag, 23. November, um 17:00 Uhr",
    "fr": "au plus tard le lundi 23 novembre à 17 h 00",
    "es": "a más tardar el lunes 23 de noviembre a las 17:00",
    "it": "entro lunedì 23 novembre, ore 17:00",
    "nl": "uiterlijk maandag 23 november om 17.00 uur",
    "pt": "até segunda-feira, 23 de novembro, às 17:00",
    "pl": "najpóźniej w poniedziałek 23 listopada o godz. 17:00",
    "sv": "senast måndag 23 november kl. 17.00",
}


@pytest.fixture
def willing(world: World, smtp_sink: SmtpSink) -> World:
    """Two office hours for an answer, from Monday 09:00 in New York; the mailbox says "we have it"."""
    world.support.acknowledges = True
    world.support.config = {
        "incoming": "listener",
        "outgoing": "smtp",
        "smtp": {"host": smtp_sink.host, "port": smtp_sink.port, "security": "none", "auth": "none", "timeout": 5},
    }
    office = promising.calendar()
    promising.policy("All", promising.clause("first_response", 2 * 3600, calendar_id=office.id))
    db.session.commit()
    return world


def arrive(world: World, at=NIGHT, **more) -> Ticket:
    with travel(to=at):
        world.arrive(mail(**more))
        lines.send_all(world)
        return db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


def words() -> list[str]:
    letters = select(Delivery).where(Delivery.purpose == "acknowledgement").order_by(Delivery.id)
    return [one.content["text"] for one in db.session.scalars(letters)]


class TestGreeting:
    def test_is_on_the_customers_wall(self, willing, smtp_sink):
        willing.olive.zone = "Europe/Berlin"
        db.session.commit()
        arrive(willing)
        assert "A person answers by Monday 23 November, 17:00 your time." in words()[0]
        assert b"17:00 your time" in smtp_sink.mails[0].raw

    def test_names_our_zone_where_theirs_is_not_known(self, willing):
        arrive(willing)
        assert "by Monday 23 November, 11:00 (America/New_York)." in words()[0]

    def test_names_whose_ticket_it_is(self, willing):
        ticket = arrive(willing)
        triage.assign(ticket, to=willing.ben, by=willing.ben)
        with travel(to=NIGHT):
            assert greeting.sentence(ticket).startswith("Ben answers by ")

    def test_says_nothing_once_it_is_late(self, willing):
        ticket = arrive(willing)
        with travel(to=NIGHT + timedelta(days=5)):
            assert greeting.sentence(ticket) == ""

    def test_without_a_promise_leaves_no_hole(self, world, smtp_sink):
        world.support.acknowledges = True
        db.session.commit()
        arrive(world)
        (text,) = words()
        assert text.isascii()
        assert "\n\n\n" not in text

    def test_stays_the_same_when_it_is_sent_again(self, willing, smtp_sink):
        smtp_sink.fail_once("MAIL", "451 Later")
        arrive(willing)
        first = words()
        with travel(to=NIGHT + timedelta(minutes=5)):
            lines.send_all(willing)
        assert words() == first
        assert len(smtp_sink.mails) == 1


class TestLaterWords:
    """In a conversation that goes on: the office policy promises the next answer too."""

    @pytest.fixture
    def talking(self, willing):
        """Olive wrote on Saturday night, in an old conversation; she was answered on Monday."""
        office = promising.calendar("Desk")
        promising.policy("Next", promising.clause("next_response", 2 * 3600, calendar_id=office.id), rank=1)
        db.session.commit()
        ticket = arrive(willing, message_id="<first@orchard-dairy.example>")
        with travel(to=MONDAY_NOON):
            willing.reply(ticket)
        return willing

    def again(self, world, at, message_id, **more):
        ticket = arrive(world, at=at, message_id=message_id, in_reply_to="<first@orchard-dairy.example>", **more)
        assert ticket.message_count > 2

    def test_at_night_hear_by_when_they_are_answered(self, talking):
        self.again(talking, MONDAY_NOON + timedelta(hours=10), "<2@orchard-dairy.example>")
        assert len(words()) == 2
        assert "by Tuesday 24 November, 11:00 (America/New_York)." in words()[1]

    def test_within_hours_hear_a_person(self, talking):
        self.again(talking, MONDAY_NOON + timedelta(minutes=5), "<2@orchard-dairy.example>")
        assert len(words()) == 1

    def test_are_answered_once_a_day(self, talking):
        for minute in (0, 1, 2):
            later = MONDAY_NOON + timedelta(hours=10, minutes=minute)
            self.again(talking, later, f"<2{minute}@orchard-dairy.example>")
        assert len(words()) == 2

    def test_of_a_machine_are_not_answered(self, talking):
        at = MONDAY_NOON + timedelta(hours=10)
        self.again(talking, at, "<2@orchard-dairy.example>", auto_submitted="auto-replied")
        assert len(words()) == 1


class TestLanguage:
    @pytest.mark.parametrize("language", languages.LANGUAGES)
    def test_each_says_the_whole_in_its_own_words(self, willing, smtp_sink, language):
        willing.olive.zone = "Europe/Berlin"
        willing.support.config = {**willing.support.config, "urgent_telephone": CALL}
        db.session.commit()
        ticket = arrive(willing, text=FIRST[language])
        (letter,) = db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement"))
        letters, says = LETTERS[language], SAYINGS[language]
        assert letter.content["subject"] == letters.arrived_subject.format(number=ticket.number)
        assert letter.content["text"] == "\n\n".join([
            letters.hello,
            letters.arrived.format(number=ticket.number),
            says.answer.format(who=says.someone, until=MONDAY_17[language] + says.your_time)
            + " " + says.call.format(number=CALL),
            "Meridian Cooling\n",
        ])  # fmt: skip
        sent = BytesParser(policy=policy.default).parsebytes(smtp_sink.mails[0].raw)
        assert sent["Subject"] == letter.content["subject"]
        assert sent.get_body().get_content().split() == letter.content["text"].split()

    @pytest.mark.parametrize("language", languages.LANGUAGES)
    def test_each_sentence_is_whole(self, language):
        letters, says = asdict(LETTERS[language]), asdict(SAYINGS[language])
        for name, words in says.items():
            found = set(re.findall(r"\{(\w+)\}", words))
            assert found == {"call": {"number"}, "someone": set(), "your_time": set()}.get(name, found | {"until"})
            assert found <= {"who", "until", "number"}
        assert all("{number}" in words for name, words in letters.items() if name != "hello")

    @pytest.mark.parametrize("language", [one for one in languages.LANGUAGES if one != "en"])
    def test_is_known_again_by_what_we_write_in_it(self, language):
        assert languages.of(LETTERS[language].arrived) == language
        assert languages.of(LETTERS[language].delayed) == language

    def test_the_delay_is_told_in_the_language_of_the_conversation(self, willing):
        ticket = arrive(willing, text=FIRST["it"], message_id="<first@x.example>")
        arrive(willing, NIGHT + timedelta(minutes=9), text="ok", **{"In-Reply-To": "<first@x.example>"})
        with travel(to=NIGHT + timedelta(hours=1)):
            events.record(ticket, "ticket.delayed", escalation=1)
            db.session.commit()
        assert words()[1] == "\n\n".join([
            LETTERS["it"].hello, LETTERS["it"].delayed.format(number=ticket.number), "Meridian Cooling\n",
        ])  # fmt: skip


class TestTelephone:
    """For a fault that cannot wait until we open."""

    @pytest.fixture(autouse=True)
    def reachable(self, willing):
        willing.support.config = {**willing.support.config, "urgent_telephone": CALL}
        db.session.commit()

    def test_is_said_while_the_clock_is_asleep(self, willing):
        arrive(willing)
        assert f"(America/New_York). For a running fault call {CALL}.\n" in words()[0]

    def test_is_not_said_in_office_hours(self, willing):
        arrive(willing, MONDAY_NOON)
        assert "A person answers by " in words()[0]
        assert CALL not in words()[0]

    def test_is_said_on_a_holiday(self, willing):
        arrive(willing, rotas.at("2026-11-26T17:00:00+00:00"))
        assert CALL in words()[0]

    def test_is_said_where_the_promise_never_sleeps(self, willing):
        promising.policy("Always", promising.clause("first_response", 3600), rank=1)
        db.session.commit()
        arrive(willing, MONDAY_NOON)
        assert f"(UTC). For a running fault call {CALL}." in words()[0]

    def test_is_said_where_every_hour_of_the_week_is_one_of_ours(self, willing):
        week = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        always = promising.calendar("Always", {"zone": "America/New_York", "hours": week})
        promising.policy("Always", promising.clause("first_response", 3600, calendar_id=always.id), rank=1)
        db.session.commit()
        arrive(willing, MONDAY_NOON)
        assert CALL in words()[0]

    @pytest.mark.parametrize(("zone", "said"), [("Asia/Tokyo", True), ("America/Chicago", False)])
    def test_heeds_hours_that_are_read_on_the_customers_wall(self, willing, zone, said):
        theirs = promising.calendar("Theirs")
        clause = promising.clause("first_response", 3600, calendar_id=theirs.id, zone_source="contact")
        promising.policy("Theirs", clause, rank=1)
        willing.olive.zone = zone
        db.session.commit()
        arrive(willing, MONDAY_NOON)
        assert (CALL in words()[0]) is said

    def test_is_not_said_where_nothing_is_promised(self, willing):
        with travel(to=NIGHT):
            ticket = arrive(willing)
        with travel(to=NIGHT + timedelta(days=5)):
            assert greeting.sentence(ticket, "en", CALL) == ""


class TestDelayed:
    def delay(self, ticket: Ticket, at=NIGHT + timedelta(hours=1)) -> str:
        """Why they were not told."""
        with travel(to=at):
            told = events.record(ticket, "ticket.delayed", escalation=1)
            db.session.commit()
        return told.data.get("untold", "")

    def test_is_said_once_a_day_beside_the_first_words(self, willing):
        ticket = arrive(willing)
        assert [self.delay(ticket) for _ in range(2)] == ["", "They heard it today already."]
        assert len(words()) == 2
        assert f"#{ticket.number}" in words()[1]
        assert "behind" in words()[1]

    def test_is_an_automatic_mail_in_the_conversation(self, willing, smtp_sink):
        ticket = arrive(willing, message_id="<first@x.example>")
        self.delay(ticket)
        with travel(to=NIGHT + timedelta(hours=2)):
            lines.send_all(willing)
        raw = smtp_sink.mails[-1].raw
        assert b"Auto-Submitted: auto-replied" in raw
        assert b"In-Reply-To: <first@x.example>" in raw

    def test_never_goes_to_a_machine(self, willing):
        ticket = arrive(willing, **{"Auto-Submitted": "auto-generated"})
        assert self.delay(ticket) == "Nobody reads what comes there."
        assert words() == []

    def test_is_off_where_the_mailbox_says_nothing_by_itself(self, willing):
        willing.support.acknowledges = False
        db.session.commit()
        ticket = arrive(willing)
        assert self.delay(ticket) == "Automatic answers are off for Meridian Cooling."
        assert words() == []
        shown = willing.browser(willing.ben).get(f"/tickets/{ticket.number}").text
        assert "the customer is not told. Automatic answers are off" in shown

    def test_is_not_said_while_the_mailbox_is_paused_or_to_an_address_that_is_nobodys(self, willing):
        ticket = arrive(willing)
        willing.support.paused_at = NIGHT
        db.session.commit()
        assert self.delay(ticket) == "Meridian Cooling is paused."
        willing.support.paused_at = None
        db.session.execute(update(Message).values(warning="forged"))
        db.session.commit()
        assert "known to be theirs" in self.delay(ticket)
        assert len(words()) == 1
