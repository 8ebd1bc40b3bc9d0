"""The automatic "we have it": to people, once a day, in our own words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from sqlalchemy import func, select

from channels import acknowledging
from channels.models import AutomaticMail
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.outbox import Delivery
from tests.plugins.world import JONAS, OLIVE, World, mail

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "languages.toml").read_text(encoding="utf-8"))


def letters() -> list[Delivery]:
    return list(db.session.scalars(select(Delivery).where(Delivery.purpose == "acknowledgement")))


def declaring(language: str, text: str, **more: str) -> bytes:
    return f"Content-Language: {language}\r\n".encode() + mail(text, **more)


@pytest.fixture
def willing(world: World) -> World:
    world.support.acknowledges = True
    db.session.commit()
    return world


class TestAcknowledge:
    def test_answers_a_first_message(self, willing: World):
        willing.arrive(mail(message_id="<first@x.example>"))
        (letter,) = letters()
        assert [one.address for one in letter.recipients] == [OLIVE]
        assert letter.content["in_reply_to"] == "<first@x.example>"

    def test_says_nothing_of_what_was_written(self, willing: World):
        secret = "Zanzibar-4711"
        willing.arrive(mail(f"Buy {secret} now.", sender=f"{secret} <{OLIVE}>", subject=f"About {secret}"))
        (letter,) = letters()
        assert secret not in str(letter.content)
        assert letter.recipients[0].name == ""

    @pytest.mark.parametrize(
        "raw",
        [
            mail("I am away.", **{"Auto-Submitted": "auto-replied"}),
            mail("News!", **{"List-Id": "<news.x.example>", "Precedence": "bulk"}),
            mail("Bulk.", Precedence="bulk"),
            mail("Bounced.", sender="mailer-daemon@x.example", **{"Return-Path": "<>"}),
            mail("Ticket closed.", sender="No-Reply@x.example"),
            mail("Receipt.", sender="do_not_reply@x.example"),
            mail("Shipped.", sender="orders-noreply@x.example"),
            mail("Digest.", sender="talk-bounces+olive=x.example@lists.example"),
            mail("Welcome to the list.", sender="owner-talk@lists.example"),
            mail("Confirm.", sender="talk-request@lists.example"),
            mail("Alarm.", **{"Auto-Submitted": "auto-generated"}),
            mail("Invited.", **{"X-Auto-Response-Suppress": "OOF, AutoReply"}),
            mail("Two of us.", sender=f"Olive <{OLIVE}>, Mallory <mallory@elsewhere.example>"),
            mail("Forged.", **{"Authentication-Results": "meridian.example; dmarc=fail"}),
            mail("Forged.", **{"Authentication-Results": "meridian.example; spf=fail; dkim=none"}),
            mail("Ours.", sender="support@meridian.example"),
        ],
        ids=[
            "vacation",
            "list",
            "bulk",
            "null return path",
            "no-reply",
            "do-not-reply",
            "suffixed no-reply",
            "list bounces",
            "list owner",
            "list request",
            "machine",
            "suppressed",
            "several authors",
            "dmarc fail",
            "spf fail",
            "own address",
        ],
    )
    def test_never_answers(self, willing: World, raw: bytes):
        willing.arrive(raw)
        assert letters() == []

    def test_never_answers_where_nobody_asked_for_it(self, world: World):
        world.arrive(mail())
        assert letters() == []

    def test_never_answers_from_a_paused_mailbox(self, willing: World):
        willing.support.paused_at = now()
        db.session.commit()
        willing.arrive(mail())
        assert letters() == []

    def test_answers_only_the_first_of_a_ticket(self, willing: World, travel):
        willing.arrive(mail(message_id="<first@x.example>"))
        with travel(days=2):
            willing.arrive(mail("Again.", **{"In-Reply-To": "<first@x.example>"}))
        assert len(letters()) == 1

    def test_says_nothing_to_the_next_message_of_a_conversation_that_day(self, willing: World, travel):
        willing.arrive(mail(message_id="<first@x.example>"))
        with travel(hours=3):
            willing.arrive(mail("Anybody?", sender=f"Jonas <{JONAS}>", **{"In-Reply-To": "<first@x.example>"}))
            willing.arrive(mail("Hello?", **{"In-Reply-To": "<first@x.example>"}))
        assert len(letters()) == 1

    @pytest.mark.parametrize(
        "sender", ["noreen.plyler@x.example", "bouncer@x.example", "request@x.example", "owner@x.example"]
    )
    def test_people_with_such_names_hear_from_us(self, willing: World, sender: str):
        willing.arrive(mail(sender=sender))
        assert len(letters()) == 1


class TestLanguage:
    @pytest.mark.parametrize(
        ("raw", "subject"),
        [
            (mail("Der Drucker geht nicht."), "Ihre Nachricht ist angekommen"),
            (mail("L’imprimante est en panne."), "Nous avons bien reçu votre message"),
            (mail("ok"), "We have your message"),
            (declaring("de-AT", "ok"), "Ihre Nachricht ist angekommen"),
            (declaring("ja", "ok"), "We have your message"),
            (declaring("en-US", "Der Drucker geht nicht."), "Ihre Nachricht ist angekommen"),
            (mail("E41", subject="Drukarka na drugim piętrze nie działa"), "Otrzymaliśmy Państwa wiadomość"),
            (
                declaring("nl", "E41", subject="Fwd: Der Drucker geht nicht"),
                "Wij hebben uw bericht ontvangen",
            ),
        ],
        ids=["words", "accents", "none", "declared", "not ours", "words first", "subject", "declared before subject"],
    )
    def test_is_theirs(self, willing: World, raw: bytes, subject: str):
        willing.arrive(raw)
        (letter,) = letters()
        assert letter.content["subject"].startswith(f"{subject} [#")

    def test_is_not_that_of_the_quote(self, willing: World):
        (case, *_) = (one for one in CASES["mixed"] if one["language"] == "fr")
        willing.arrive(mail(case["text"]))
        assert letters()[0].content["language"] == "fr"


class TestMayWrite:
    def test_once_a_day_to_an_address_however_it_is_written(self, willing: World, travel):
        senders = [OLIVE, OLIVE.upper(), OLIVE.replace("@", "+two@"), OLIVE.replace("@", "+three@")]
        willing.arrive(*[mail(f"Ticket {n}", sender=sender) for n, sender in enumerate(senders * 2)])
        assert len(letters()) == 1
        with travel(days=1):
            willing.arrive(mail("The next day."))
        assert len(letters()) == 2

    def test_a_storm_ends_at_the_cap_for_all(self, world: World, travel):
        day = now().date().isoformat()
        db.session.add(AutomaticMail(address="others@x.example", day=day, count=acknowledging.PER_DAY_FOR_ALL - 1))
        db.session.flush()
        assert acknowledging.may_write("one@x.example")
        assert not acknowledging.may_write("two@x.example")
        with travel(days=1):
            assert acknowledging.may_write("two@x.example")
        assert db.session.scalar(select(func.count()).select_from(AutomaticMail)) == 3
