"""A visitor of a chat is known by both halves at one page: joined as everybody is, written down, taken apart again."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from channels import continuing, dispatch, visiting
from channels.models import Visit
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.people import contacts
from helpdesk.people.models import Address, Contact
from helpdesk.tickets import joining
from helpdesk.tickets.models import ContactJoin, Ticket
from tests.channels.chat.conftest import Page, Story, jwt, person
from tests.plugins.world import NORA, OLIVE


def state() -> list[tuple[object, ...]]:
    """Whose everything is, and whom a visitor is known as."""
    db.session.expire_all()
    asked = (
        "SELECT 'address', id, contact_id, kind, value, verified_at FROM address",
        "SELECT 'ticket', id, contact_id, organization_id FROM ticket",
        "SELECT 'message', id, contact_id, ticket_id FROM message",
        "SELECT 'contact', id, organization_id, name FROM contact",
        "SELECT 'visit', id, email, verified_at, proven_at FROM visit",
    )
    return sorted((tuple(row) for one in asked for row in db.session.execute(text(one))), key=repr)


def joins() -> list[ContactJoin]:
    return list(db.session.scalars(select(ContactJoin).order_by(ContactJoin.id)))


def part(story: Story, join: ContactJoin, ticket: Ticket) -> None:
    """As Ben does it on the person's panel."""
    ben = story.world.browser(story.world.ben)
    assert "Take apart again" in ben.get(f"/tickets/{ticket.number}").text
    path = f"/tickets/{ticket.number}/person/joins/{join.id}"
    assert "goes back" in ben.get(path).text
    assert ben.post(path).status_code == 303
    story.world.fresh()


def told_on(ticket: Ticket) -> list[str]:
    kinds = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind.startswith("contact."))
    return list(db.session.scalars(kinds.order_by(Event.id)))


def is_proven(page: Page) -> bool:
    return bool(page.call("GET", "messages").get_json()["proven"])


def mailed_link(story: Story, page: Page, address: str) -> str:
    """They typed an address and left, and the answer they have not read went there."""
    assert page.tell("details", email=address).status_code == 200
    story.answer(story.ticket())
    key = page.token.partition(".")[0]
    visiting.note_presence(set(), {visiting.topic(story.channel.id, key)})
    db.session.commit()
    with travel(minutes=11):
        assert continuing.look() == 1
    (mail,) = db.session.scalars(select(Delivery).where(Delivery.purpose == "continuation"))
    assert mail.recipients[0].address == address
    return str(mail.content["text"]).partition("#resume=")[2].split()[0]


def follow(page: Page, link: str) -> None:
    """As the page does it, which remembers what it is given."""
    answer = page.tell("resumption", link=link, visit="")
    assert answer.status_code == 200
    page.token = answer.get_json()["token"]


class TestWhatTheSiteSigned:
    def test_joins_what_was_anonymous_and_is_taken_apart_again(self, story: Story):
        story.page.say("The tank is warm.")
        ticket, before = story.ticket(), state()
        story.page.tell("hello", identity=jwt(person()))
        (join,) = joins()
        assert (join.into_id, join.asked_by_id, join.parted_at) == (story.world.olive.id, None, None)
        assert (ticket.contact_id, ticket.organization_id) == (story.world.olive.id, story.world.olive.organization_id)
        assert is_proven(story.page)
        assert told_on(ticket) == ["contact.joined"]
        part(story, join, ticket)
        assert not is_proven(story.page)
        assert state() == before
        assert told_on(ticket) == ["contact.joined", "contact.parted"]

    def test_joins_from_the_first_words_on_and_they_go_back_as_well(self, story: Story):
        by_mail = story.world.ticket("By mail")
        story.page.say("The tank is warm.", identity=jwt(person()))
        ticket, (join,) = story.ticket(), joins()
        assert (ticket.contact_id, ticket.id != by_mail.id) == (story.world.olive.id, True)
        part(story, join, ticket)
        assert (ticket.contact_id, ticket.organization_id) == (join.contact_id, None)
        assert by_mail.contact_id == story.world.olive.id
        assert not is_proven(story.page)

    def test_joins_once_however_often_it_is_said(self, story: Story):
        story.page.say("The tank is warm.", identity=jwt(person()))
        before = state()
        for _ in range(3):
            story.page.tell("hello", identity=jwt(person()))
        assert (len(joins()), state()) == (1, before)

    def test_does_not_undo_what_an_agent_took_apart(self, story: Story):
        story.page.say("The tank is warm.", identity=jwt(person()))
        (join,) = joins()
        part(story, join, story.ticket())
        story.page.tell("hello", identity=jwt(person()))
        story.page.say("It still is.", identity=jwt(person()))
        assert len(joins()) == 1
        assert story.ticket().contact_id == join.contact_id
        assert db.session.scalars(select(Visit.email)).one() == ""

    def test_of_two_browsers_is_taken_apart_one_by_one(self, story: Story):
        other = Page(story.world)
        story.page.say("The tank is warm.", identity=jwt(person()))
        first = story.ticket()
        other.say("The door is open.", identity=jwt(person()))
        second = story.ticket()
        part(story, joins()[0], first)
        assert (first.contact_id, second.contact_id) == (joins()[0].contact_id, story.world.olive.id)
        assert [one.contact_id for one in map(own, (story.page, other))] == [first.contact_id, second.contact_id]
        assert (is_proven(story.page), is_proven(other)) == (False, True)

    def test_at_the_browser_of_another_begins_anew_and_joins_the_two_never(self, story: Story):
        story.page.say("The tank is warm.", identity=jwt(person()))
        olive = story.ticket()
        story.page.say("I am Nora.", identity=jwt(person(NORA, "Nora Quinn")))
        assert (story.ticket().contact_id, olive.contact_id) == (story.world.nora.id, story.world.olive.id)
        assert [one["text"] for one in story.page.shown()] == ["I am Nora."]
        assert contacts.find(OLIVE).contact_id != contacts.find(NORA).contact_id

    def test_for_a_visitor_of_another_customer_joins_nobody_and_their_words_are_taken(self, story: Story):
        story.page.say("The tank is warm.")
        db.session.get_one(Contact, story.ticket().contact_id).organization_id = story.world.nora.organization_id
        db.session.commit()
        assert story.page.say("It still is.", identity=jwt(person())).status_code == 202
        assert (joins(), is_proven(story.page)) == ([], False)
        assert len(story.page.shown()) == 2

    def test_of_a_colleague_joins_nobody(self, story: Story):
        story.page.say("A try.", identity=jwt(person(story.world.ben.email, "Ben Osei")))
        assert (joins(), contacts.find(story.world.ben.email)) == ([], None)


class TestTheLink:
    def test_opened_where_the_conversation_began_joins_and_is_taken_apart_again(self, story: Story):
        story.page.say("The tank is warm.")
        link = mailed_link(story, story.page, OLIVE)
        ticket, before = story.ticket(), state()
        follow(story.page, link)
        (join,) = joins()
        assert (ticket.contact_id, join.into_id) == (story.world.olive.id, story.world.olive.id)
        assert is_proven(story.page)
        part(story, join, ticket)
        assert state() == before
        follow(story.page, link)
        assert (len(joins()), is_proven(story.page)) == (1, False)

    def test_opened_there_twice_joins_once(self, story: Story):
        story.page.say("The tank is warm.")
        link = mailed_link(story, story.page, OLIVE)
        follow(story.page, link)
        before = state()
        follow(story.page, link)
        assert (len(joins()), state()) == (1, before)

    @pytest.mark.parametrize("times", [1, 3])
    def test_opened_by_somebody_else_goes_on_with_the_conversation_and_joins_nobody(self, story: Story, times: int):
        """Mallory typed Olive's address: Olive opens the link, even again at the same browser."""
        story.page.say("I am Olive, believe me.")
        link = mailed_link(story, story.page, OLIVE)
        before, olive = state(), Page(story.world)
        for _ in range(times):
            follow(olive, link)
            olive.tell("hello")
        assert [one["text"] for one in olive.shown()] == ["I am Olive, believe me.", "We are on our way."]
        assert (joins(), state()) == ([], before)
        assert olive.say("That was not me.").status_code == 202
        follow(olive, link)
        assert (joins(), is_proven(story.page)) == ([], False)

    def test_opened_by_somebody_the_site_has_signed_in_joins_nobody(self, story: Story):
        story.page.say("I am Olive, believe me.")
        link, olive = mailed_link(story, story.page, OLIVE), Page(story.world)
        follow(olive, link)
        olive.tell("hello", identity=jwt(person()))
        olive.say("That was not me.", identity=jwt(person()))
        assert (joins(), is_proven(story.page)) == ([], False)

    def test_gives_no_codes_to_who_opens_it_elsewhere_and_lets_them_ask_for_none(self, story: Story):
        """Zoe mistyped; who has that mailbox has the link of a proof, and must not have its code."""
        story.page.say("The tank is warm.")
        elsewhere = Page(story.world)
        follow(elsewhere, mailed_link(story, story.page, "zoo@quill.example"))
        assert elsewhere.tell("proof").status_code == 409
        assert story.page.tell("proof").status_code == 202
        for delivery_id in list(db.session.scalars(select(Delivery.id).where(Delivery.purpose == "proof"))):
            dispatch.deliver(delivery_id)
        story.world.fresh()
        assert [one["automatic"] for one in story.page.shown()].count(True) == 1
        assert not any(one["automatic"] for one in elsewhere.shown())

    def test_leaves_what_a_code_has_shown_to_be_a_person_alone(self, story: Story):
        """Somebody types another address at a browser whose conversation is Olive's already."""
        story.page.say("The tank is warm.")
        link = mailed_link(story, story.page, "ida@newcomer.example")
        joining.join(own(story.page).contact, story.world.olive, proven=contacts.find(OLIVE))
        db.session.commit()
        follow(story.page, link)
        assert (len(joins()), is_proven(story.page)) == (1, False)
        assert contacts.find("ida@newcomer.example") is None


def own(page: Page) -> Address:
    found = contacts.find(page.token.partition(".")[0], kind="chat")
    assert found is not None
    return found
