"""The quarantine: what stands in it, and what an agent may do with each mail."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from channels import quarantining, undecided
from channels.intake import Arrival, accept
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets.models import Ticket
from tests.channels.web.conftest import Clerk

HERE = "/settings/quarantine"
MAIL = (
    b"From: =?utf-8?q?J=C3=B8rn?= <jorn@customer.example>\r\nTo: parts@halden.example\r\n"
    b"Message-ID: <1@customer.example>\r\nSubject: =?utf-8?q?K=C3=BChlung?=\r\n <b>now</b>\r\n\r\nIt is warm.\r\n"
)


@pytest.fixture
def held(product, listening):
    """Puts mails into quarantine; their numbers."""

    def hold(*raws: bytes) -> list[int]:
        with product.app_context():
            before = db.session.query(Inbound).count()
            channel = db.session.get_one(Channel, listening)
            arrivals = [Arrival(f"k{before + n}", raw, refusal="Why it waits.") for n, raw in enumerate(raws)]
            accept(channel, arrivals)
            return list(db.session.scalars(select(Inbound.id).order_by(Inbound.id)))[before:]

    return hold


def state_of(product, number: int) -> str:
    with product.app_context():
        return str(db.session.scalar(select(Inbound.state).where(Inbound.id == number)))


class TestTheList:
    def test_is_empty_in_words(self, agent):
        assert "Nothing in quarantine" in agent.get(HERE).text

    def test_nobody_sees_it_before_signing_in(self, product):
        answer = Clerk(product).get(HERE)
        assert answer.status_code == 303
        assert answer.location.startswith("/sign-in")

    def test_guesses_who_wrote_about_what_as_plain_text(self, agent, held):
        held(MAIL)
        page = agent.get(HERE).text
        assert "jorn@customer.example" in page
        assert "Kühlung &lt;b&gt;now&lt;/b&gt;" in page
        assert "Why it waits." in page

    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"\x00" * 5000, b"Subject: " + b"=?utf-8?b?" * 60_000, b"From: " + b"((((" * 40_000,
            b"From:\r\n" + b" <" * 9000,
            b"Subject: =?utf-8?q?=ff=fe=00?=\r\nFrom: \xff\xfe <a@b>\r\n\r\n", b"Subject:\xe2\x80\xaeexe",
        ],
    )  # fmt: skip
    def test_shows_whatever_arrived(self, agent, held, raw):
        held(raw)
        answer = agent.get(HERE)
        assert answer.status_code == 200
        assert len(answer.data) < 40_000
        assert "\u202e" not in answer.text

    def test_is_read_page_by_page_newest_first(self, product, held):
        numbers = held(*(b"Subject: %d\r\n\r\n" % n for n in range(120)))
        with product.app_context():
            seen, after = [], ""
            while after is not None:
                found = quarantining.listed("quarantined", after)
                seen += [mail.id for mail in found.rows]
                assert len(found.rows) <= quarantining.PAGE
                after = found.after
            assert seen == numbers[::-1]
            assert undecided.counts().mails == 120

    def test_a_made_up_page_is_refused(self, agent):
        assert agent.get(f"{HERE}?after=nonsense").status_code == 422


class TestDownloading:
    def test_gives_the_bytes_as_they_came_and_lets_nothing_run(self, agent, held):
        (number,) = held(b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>")
        answer = agent.get(f"{HERE}/{number}.eml")
        assert answer.data == b"Content-Type: text/html\r\n\r\n<script>alert(1)</script>"
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="mail-{number}.eml"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")

    def test_only_of_mails_that_stand_there(self, product, agent, held):
        (number,) = held(MAIL)
        agent.send(f"{HERE}/{number}/retry")
        assert agent.get(f"{HERE}/{number}.eml").status_code == 404


class TestReleasing:
    def test_makes_a_ticket_of_it(self, product, agent, held):
        (number,) = held(MAIL)
        answer = agent.send(f"{HERE}/{number}/release")
        with product.app_context():
            ticket = db.session.scalars(select(Ticket)).one()
            assert answer.location == f"/tickets/{ticket.number}"
            assert ticket.subject.startswith("Kühlung")
        assert state_of(product, number) == "done"
        assert agent.send(f"{HERE}/{number}/release").location.endswith("said=gone")

    def test_keeps_what_cannot_be_read_and_says_so(self, product, agent, held):
        deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(300))
        (number,) = held(b"From: a@customer.example\r\n" + deep)
        answer = agent.send(f"{HERE}/{number}/release")
        assert answer.location.endswith("said=unreadable")
        assert state_of(product, number) == "quarantined"
        assert "It still cannot be read" in agent.get(answer.location).text


class TestDeciding:
    def test_discarding_can_be_taken_back(self, product, agent, held):
        (number,) = held(MAIL)
        agent.send(f"{HERE}/{number}/discard")
        assert state_of(product, number) == "discarded"
        assert "Kühlung" not in agent.get(HERE).text
        assert "Kühlung" in agent.get(f"{HERE}?show=discarded").text
        agent.send(f"{HERE}/{number}/restore")
        assert state_of(product, number) == "quarantined"

    def test_trying_again_lets_it_wait_for_the_worker(self, product, agent, held):
        (number,) = held(MAIL)
        agent.send(f"{HERE}/{number}/retry")
        assert state_of(product, number) == "waiting"
        assert agent.send(f"{HERE}/{number}/discard").location.endswith("said=gone")
        assert state_of(product, number) == "waiting"

    @pytest.mark.parametrize("verb", ["release", "retry", "discard", "restore"])
    def test_looking_is_not_deciding(self, product, agent, held, verb):
        (number,) = held(MAIL)
        assert agent.get(f"{HERE}/{number}/{verb}").status_code in {404, 405}
        assert agent.bare_post(f"{HERE}/{number}/{verb}").status_code == 400
        assert state_of(product, number) == "quarantined"


class TestForgetting:
    def test_deletes_what_was_discarded_two_weeks_after_it_came(self, product, agent, held):
        discarded, kept = held(MAIL, MAIL + b"again")
        agent.send(f"{HERE}/{discarded}/discard")
        with product.app_context():
            with travel(days=13):
                assert quarantining.forget_discarded() == 0
            with travel(days=15):
                assert quarantining.forget_discarded() == 1
                assert quarantining.forget_discarded() == 0
        assert state_of(product, kept) == "quarantined"
