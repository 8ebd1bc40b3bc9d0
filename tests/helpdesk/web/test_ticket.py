"""A ticket's page and the pieces that live updates ask for."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people import contacts
from helpdesk.tickets import conversing, following, lifecycle, triage
from helpdesk.tickets.inputs import Answer, File
from helpdesk.tickets.models import Attachment, Message, Ticket, TicketRead
from tests.plugins.product import queries
from tests.plugins.world import JONAS, Browser, World


class TestShow:
    def test_holds_the_conversation_the_customer_and_the_list(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        conversing.note(ticket, Answer(body="Gate code 4411."), by=world.mei)
        world.reply(ticket, "On our way.", by=world.ada)
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        for words in (
            "It shows 9 degrees.",
            "Gate code 4411.",
            "On our way.",
            "Team only",
            "Orchard Dairy",
            "Ada Berg",
        ):
            assert words in page
        assert f'id="row-{ticket.number}"' in page

    def test_marks_it_read_and_changes_nothing_else(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        before = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns}
        ben_at_work.get(f"/tickets/{ticket.number}")
        read = db.session.scalars(select(TicketRead).where(TicketRead.ticket_id == ticket.id)).one()
        assert read.agent_id == world.ben.id
        assert {column.name: getattr(ticket, column.name) for column in Ticket.__table__.columns} == before

    @pytest.mark.parametrize("path", ["/tickets/999999", "/tickets/0", "/tickets/99999999999999999999", "/tickets/-1"])
    def test_of_no_ticket_is_not_there(self, ben_at_work: Browser, path: str):
        assert ben_at_work.get(path).status_code == 404

    def test_shows_a_warning_and_who_asks_to_follow(self, world: World, ben_at_work: Browser):
        ticket = world.ticket(warning="Somebody new to this ticket.")
        following.ask(ticket, contacts.find_or_create(JONAS))
        db.session.commit()
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert "Somebody new to this ticket." in page
        assert "Asks to follow" in page

    def test_names_the_ticket_it_follows_and_the_one_its_subject_names(self, world: World, ben_at_work: Browser):
        old = world.ticket("Old")
        ticket = world.ticket("New")
        ticket.follows_id, ticket.suggested_number = old.id, 1001
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert f"Continues #{old.number}" in page
        assert "#1001" in page

    def test_one_ticket_that_is_both_is_shown_once(self, world: World, ben_at_work: Browser):
        old = world.ticket("Old")
        ticket = world.ticket("New")
        ticket.follows_id, ticket.suggested_number = old.id, old.number
        assert ben_at_work.get(f"/tickets/{ticket.number}").status_code == 200

    @pytest.mark.parametrize("vector", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
    def test_words_of_a_customer_are_words(self, world: World, ben_at_work: Browser, vector: str):
        ticket = world.ticket(vector, text=vector, author_name=vector, warning=vector, author_address=vector)
        world.olive.name = vector
        conversing.note(ticket, Answer(body=vector), by=world.ben)
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page

    @pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed", "uncertain", "cancelled"])
    def test_shows_how_each_sending_goes(self, world: World, ben_at_work: Browser, state: str):
        ticket = world.ticket()
        delivery = world.delivery(world.reply(ticket))
        delivery.state, delivery.reason, delivery.attempts = state, "The server said no.", 1
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert ("Send again" in page) is (state in {"failed", "uncertain"})

    def test_shows_every_kind_of_happening(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        posts = [
            ("assignment", {"agent": "me"}),
            ("priority", {"priority": "urgent"}),
            ("waiting", {"for": "part"}),
            ("snooze", {"until": "r"}),
            ("waking", {}),
            ("resolution", {"stay": "yes"}),
            ("reopening", {}),
            ("spam", {}),
            ("spam", {"spam": "no"}),
        ]
        for path, form in posts:
            assert ben_at_work.post(f"/tickets/{ticket.number}/{path}", form).status_code == 303, path
        page = ben_at_work.get(f"/tickets/{ticket.number}?view=done").text
        for words in ("took this ticket", "priority to urgent", "waits for a part", "until they reply", "woke up",
                      "was done", "opened it again", "as spam", "out of spam"):  # fmt: skip
            assert words in page, words


class TestTheHead:
    def chips(self, browser: Browser, ticket: Ticket, how: str = "/sides") -> list[str]:
        page = browser.get(f"/tickets/{ticket.number}{how}").text.partition("</header>")[0]
        found = re.findall(r'<span class="tag.*?</span>', page, re.DOTALL)
        return [re.sub(r"<[^>]+>", "", one).strip() for one in found]

    def test_says_by_which_channel_the_customer_wrote(self, world: World, ben_at_work: Browser):
        assert self.chips(ben_at_work, world.ticket()) == ["By email"]

    def test_says_who_opened_it_where_that_is_somebody_else(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ticket.contact_id = world.nora.id
        db.session.commit()
        assert self.chips(ben_at_work, ticket) == ["Opened by Olive Tran", "By email"]

    def test_says_where_it_went_on(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ticket.channel_kind = "chat"
        db.session.commit()
        assert self.chips(ben_at_work, ticket) == ["Now on chat"]

    def test_says_so_too_after_a_form_with_script(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        ticket.contact_id = world.nora.id
        db.session.commit()
        answer = ben_at_work.post(f"/tickets/{ticket.number}/assignment", {"agent": "me"}, HX_Request="true")
        assert "Opened by Olive Tran" in answer.text


class TestPieces:
    @pytest.mark.parametrize("piece", ["sides", "messages", "messages?after=1", "messages?before=999999", "row"])
    def test_come_without_the_shell(self, world: World, ben_at_work: Browser, piece: str):
        ticket = world.ticket()
        answer = ben_at_work.get(f"/tickets/{ticket.number}/{piece}", HX_Request="true")
        assert answer.status_code == 200
        assert "<html" not in answer.text

    def test_the_sides_are_those_of_the_page(self, world: World, ben_at_work: Browser):
        """A form's customer: their address is marked as unconfirmed, which the page reads with its messages."""
        ticket = world.ticket()
        said = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).one()
        said.channel_kind = "form"
        db.session.commit()
        page = ben_at_work.get(f"/tickets/{ticket.number}").text
        sides = ben_at_work.get(f"/tickets/{ticket.number}/sides").text
        assert ">Unconfirmed<" in sides
        for begins, ends in (
            ('<header class="ticket__head">', "</header>"),
            ('<div class="ticket__pledge">', "</div>"),
            ('<section class="context"', "</div>\n</section>"),
        ):
            assert begins in sides
            assert page.partition(begins)[2].partition(ends)[0] == sides.partition(begins)[2].partition(ends)[0]

    def test_messages_after_one_are_only_those(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        first = db.session.scalars(select(Message.id).where(Message.ticket_id == ticket.id)).one()
        world.reply(ticket, "On our way.")
        found = ben_at_work.get(f"/tickets/{ticket.number}/messages?after={first}").text
        assert "On our way." in found
        assert "9 degrees" not in found

    def test_a_message_comes_alone(self, world: World, ben_at_work: Browser):
        message = world.reply(world.ticket(), "On our way.")
        assert "On our way." in ben_at_work.get(f"/messages/{message.id}").text

    def test_a_page_of_messages_before_another_tickets_message_shows_nothing_of_it(
        self, world: World, ben_at_work: Browser
    ):
        ticket, other = world.ticket("Mine"), world.ticket("Other", text="Other words")
        newest = db.session.scalars(select(Message.id).where(Message.ticket_id == other.id)).one()
        found = ben_at_work.get(f"/tickets/{ticket.number}/messages?before={newest}").text
        assert "Other words" not in found


class TestCost:
    def fill(self, world: World, ticket: Ticket, count: int) -> None:
        for n in range(count):
            message = conversing.receive(ticket, world.olive, world.words(text=f"Line {n}"))
            db.session.add(
                Attachment(key=f"k{message.id}", message_id=message.id, sha256="0" * 64, filename="a.txt",
                           content_type="text/plain", size=1)
            )  # fmt: skip
            if n % 5 == 0:
                world.reply(ticket, f"Answer {n}")
                lifecycle.resolve(ticket, by=world.ben)
        db.session.commit()

    def test_of_a_page_does_not_grow_with_its_messages(self, world: World, ben_at_work: Browser):
        costs = []
        ben_at_work.get("/inbox/next-up")
        for count in (5, 50):
            ticket = world.ticket(f"{count}")
            self.fill(world, ticket, count)
            ben_at_work.get(f"/tickets/{ticket.number}")
            with queries() as sent:
                page = ben_at_work.get(f"/tickets/{ticket.number}").text
            assert len(re.findall(r'data-message="', page)) >= 5
            costs.append(len(sent))
        assert costs[0] == costs[1] <= 17

    def test_asks_for_nobody_twice(self, world: World, ben_at_work: Browser):
        ticket = world.ticket()
        triage.assign(ticket, to=world.mei, by=world.ben)
        db.session.commit()
        ben_at_work.get(f"/tickets/{ticket.number}")
        with queries() as sent:
            page = ben_at_work.get(f"/tickets/{ticket.number}").text
        assert "gave this ticket to Mei" in re.sub(r"<[^>]+>", "", page)
        assert [each for each in sent if "FROM agent" in each and "is_team" not in each] == []

    def test_a_file_is_never_loaded_to_be_listed(self, world: World, ben_at_work: Browser):
        ticket = world.ticket(files=(File("f" * 64, "gone.pdf", "application/pdf", 9),))
        assert "gone.pdf" in ben_at_work.get(f"/tickets/{ticket.number}").text
