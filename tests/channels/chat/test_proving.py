"""A visitor of a chat shows that a mail address is theirs: the link by mail, the code in the chat, and nothing else told."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from channels import dispatch
from channels.models import Proof, Visit
from helpdesk.db import db
from helpdesk.outbox import Delivery
from helpdesk.people import contacts
from helpdesk.settings import settings
from helpdesk.tickets.models import ContactJoin, Ticket
from tests.channels.chat.conftest import Page, Story
from tests.plugins.world import OLIVE, Browser


def link() -> str:
    newest = max((settings().var / "outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return "/" + re.findall(r"(proof/\S+)", newest.read_text().replace("=\n", "").replace("=3D", "="))[0]


def code(page: Page) -> str:
    said = [one["text"] for one in page.shown() if one["automatic"]]
    return re.findall(r"\b\d{6}\b", said[-1])[0]


@pytest.fixture
def asked(story: Story) -> Story:
    """Zoe wrote in the chat, says she is Olive, and asks for the mail."""
    story.world.ticket("By mail, and nobody else's business")
    story.page.say("The door does not close.", name="Olive")
    story.page.tell("details", email=OLIVE)
    assert story.page.tell("proof").status_code == 202
    for delivery_id in list(db.session.scalars(select(Delivery.id).where(Delivery.purpose == "proof"))):
        dispatch.deliver(delivery_id)
    story.world.fresh()
    return story


class TestProof:
    def test_by_link_and_code_makes_one_person(self, asked: Story):
        ticket = asked.ticket()
        answer = Browser(asked.world.app).post(link(), {"code": code(asked.page)}, on="/sign-in")
        assert answer.status_code == 200
        assert (asked.ticket().contact_id, asked.ticket().id) == (asked.world.olive.id, ticket.id)
        assert asked.page.call("GET", "messages").get_json()["proven"] is True

    def test_shows_the_visitor_no_ticket_of_the_other(self, asked: Story):
        Browser(asked.world.app).post(link(), {"code": code(asked.page)}, on="/sign-in")
        said = str(asked.page.call("GET", "messages").get_json())
        assert "nobody else's business" not in said
        assert "9 degrees" not in said

    def test_is_no_proof_by_the_link_alone_or_by_the_code_alone(self, asked: Story):
        Browser(asked.world.app).get(link())
        assert Browser(asked.world.app).post(link(), {"code": ""}, on="/sign-in").status_code == 422
        assert Browser(asked.world.app).post("/proof/x", {"code": code(asked.page)}, on="/sign-in").status_code == 404
        assert asked.ticket().contact_id != asked.world.olive.id
        assert db.session.scalars(select(Visit)).one().proven_at is None

    def test_taken_back_leaves_the_visitor_unknown_as_before(self, asked: Story):
        ticket = asked.ticket()
        own = ticket.contact_id
        Browser(asked.world.app).post(link(), {"code": code(asked.page)}, on="/sign-in")
        (join,) = db.session.scalars(select(ContactJoin))
        ben = asked.world.browser(asked.world.ben)
        assert ben.post(f"/tickets/{ticket.number}/person/joins/{join.id}").status_code == 303
        assert db.session.get_one(Ticket, ticket.id).contact_id == own
        assert asked.page.call("GET", "messages").get_json()["proven"] is False
        assert join.asked_by_id is None

    @pytest.mark.parametrize(
        "address", [OLIVE, "nobody@elsewhere.example", "ben@meridian.example", "support@meridian.example"]
    )
    def test_answers_the_same_whoever_has_the_address(self, story: Story, address: str):
        story.page.say("Hello.")
        story.page.tell("details", email=address)
        answers = [story.page.tell("proof") for _ in range(4)]
        assert {(one.status_code, one.text) for one in answers} == {(202, "{}")}
        assert db.session.scalar(select(func.count()).select_from(Proof)) == (0 if "meridian" in address else 3)

    def test_asked_without_end_is_slowed_down(self, story: Story):
        story.page.say("Hello.")
        story.page.tell("details", email="nobody@elsewhere.example")
        assert [story.page.tell("proof").status_code for _ in range(6)][-1] == 429

    def test_before_any_words_or_address_asks_nobody(self, story: Story):
        assert story.page.tell("proof").status_code == 404
        story.page.say("Hello.")
        assert story.page.tell("proof").status_code == 202
        assert contacts.find("") is None
        assert db.session.scalar(select(func.count()).select_from(Proof)) == 0
