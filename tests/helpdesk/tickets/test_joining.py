"""Joining contacts and taking them apart: whatever the order, nothing is lost and everything goes back."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.now import travel
from helpdesk.people import contacts
from helpdesk.people.models import Address, Contact
from helpdesk.tickets import conversing, joining, lifecycle, merging, splitting
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import ContactJoin, JoinedTicket, Message, Ticket
from sla.commitments.verifying import Verified, verify
from tests.plugins.world import OLIVE, World
from tests.sla import promising

KINDS = ("telegram", "x", "slack", "phone", "email")


def said(kind: str, value: str, words: str = "It is warm.") -> Incoming:
    return Incoming(
        subject=words, text=words, reply_text=words, channel_kind=kind, author_address=value, author_name="Same Name"
    )


def write(kind: str, value: str, words: str = "It is warm.", ticket: Ticket | None = None) -> Ticket:
    """As intake files it: by whoever has the address now."""
    address = contacts.find_or_create(value, kind=kind, name="Same Name")
    opened = ticket or conversing.open_ticket(address.contact, said(kind, value, words))
    conversing.receive(opened, address.contact, said(kind, value, words))
    db.session.commit()
    return opened


def the(kind: str, value: str) -> Address:
    found = contacts.find(value, kind=kind)
    assert found is not None
    return found


def person(kind: str, value: str) -> Contact:
    return db.session.get_one(Contact, the(kind, value).contact_id, populate_existing=True)


def join(one: tuple[str, str], other: tuple[str, str]) -> ContactJoin:
    made = joining.join(person(*one), person(*other), proven=the(*other))
    db.session.commit()
    return made


def part(world: World, made: ContactJoin) -> None:
    joining.part(made, by=world.ben)
    db.session.commit()


def whose() -> dict[tuple[str, int], tuple[object, ...]]:
    """Whose everything is."""
    db.session.expire_all()
    asked = (
        "SELECT 'address', id, contact_id, verified_at FROM address",
        "SELECT 'ticket', id, contact_id, organization_id, status FROM ticket",
        "SELECT 'message', id, contact_id, ticket_id FROM message",
        "SELECT 'contact', id, organization_id, name FROM contact",
    )
    return {(row[0], row[1]): tuple(row[2:]) for one in asked for row in db.session.execute(text(one))}


@dataclass
class Town:
    """People with an address or two each, and tickets of theirs."""

    world: World
    dice: random.Random
    addresses: list[tuple[str, str]] = field(default_factory=list)

    def settle(self) -> None:
        for number in range(5):
            kind = self.dice.choice(KINDS)
            value = f"p{number}@orchard-dairy.example" if kind == "email" else str(7000 + number)
            self.addresses.append((kind, value))
            for _ in range(self.dice.randint(1, 3)):
                ticket = write(kind, value)
                if self.dice.random() < 0.3:
                    lifecycle.resolve(ticket, by=self.world.ben)
        db.session.commit()

    def join(self) -> ContactJoin | None:
        one, other = self.dice.sample(self.addresses, 2)
        try:
            return join(one, other)
        except Conflict:
            db.session.rollback()
            return None

    def write(self) -> tuple[str, str]:
        one = self.dice.choice(self.addresses)
        write(*one, words="Later.")
        return one


class TestJoinAndPart:
    @pytest.mark.parametrize("seed", range(12))
    def test_in_any_order_ends_where_it_began(self, world: World, seed: int):
        town = Town(world, random.Random(seed))
        town.settle()
        before = whose()
        joins = [made for _ in range(6) if (made := town.join()) is not None]
        assert joins
        town.dice.shuffle(joins)
        for made in joins:
            part(world, made)
        assert whose() == before

    @pytest.mark.parametrize("seed", range(12))
    def test_with_words_in_between_each_word_ends_with_whoever_has_its_address(self, world: World, seed: int):
        town = Town(world, random.Random(100 + seed))
        town.settle()
        before, own = whose(), {one: person(*one).id for one in town.addresses}
        joins: list[ContactJoin] = []
        for step in range(12):
            with travel(minutes=step + 1):
                made = town.join() if town.dice.random() < 0.5 else None
                joins += [made] if made is not None else []
                town.write()
                if joins and town.dice.random() < 0.3:
                    part(world, joins.pop(town.dice.randrange(len(joins))))
        with travel(hours=1):
            for made in town.dice.sample(joins, len(joins)):
                part(world, made)
        after = whose()
        assert {key: after[key] for key in before} == before
        for message in db.session.scalars(select(Message).where(Message.reply_text == "Later.")):
            address = next(one for one in town.addresses if one[1] == message.author_address)
            assert message.contact_id == own[address]
            assert db.session.get_one(Ticket, message.ticket_id).contact_id == own[address]

    def test_a_chain_is_taken_apart_in_its_middle(self, world: World):
        a, b, c = ("telegram", "1"), ("x", "2"), ("email", OLIVE)
        tickets = [write(*one) for one in (a, b, c)]
        own = [ticket.contact_id for ticket in tickets]
        first, second = join(a, b), join(b, c)
        assert {one.contact_id for one in tickets} == {own[2]}
        assert [one.id for one in joining.standing(own[2])] == [second.id, first.id]
        part(world, first)
        assert [one.contact_id for one in tickets] == [own[0], own[2], own[2]]
        part(world, second)
        assert [one.contact_id for one in tickets] == own

    def test_what_an_earlier_join_took_back_is_no_longer_a_later_ones_to_give(self, world: World):
        a, b, c = ("telegram", "1"), ("x", "2"), ("email", OLIVE)
        ticket, *_ = [write(*one) for one in (a, b, c)]
        own = ticket.contact_id
        first, second = join(a, b), join(b, c)
        part(world, first)
        third = join(a, c)
        part(world, second)
        assert (person(*a).id, ticket.contact_id) == (world.olive.id, world.olive.id)
        assert ticket.organization_id == world.olive.organization_id
        part(world, third)
        assert (person(*a).id, ticket.contact_id, ticket.organization_id) == (own, own, None)

    def test_a_message_made_its_own_ticket_since_goes_back_too(self, world: World):
        ticket = write("telegram", "1")
        own = ticket.contact_id
        write("telegram", "1", "And a second thing.", ticket)
        made = join(("telegram", "1"), ("email", OLIVE))
        second = db.session.scalars(select(Message).where(Message.body_text == "And a second thing.")).one()
        child = splitting.split(ticket, [second], subject="Second", by=world.ben)
        db.session.commit()
        part(world, made)
        assert ticket.contact_id == child.contact_id == own

    def test_a_merge_is_taken_back_after_a_join(self, world: World):
        double, first = write("telegram", "1"), write("telegram", "1", "The same.")
        merging.merge(double, into=first, by=world.ben)
        db.session.commit()
        made = join(("telegram", "1"), ("email", OLIVE))
        assert merging.obstacle(double) == ""
        merging.part(double, target=first, by=world.ben)
        db.session.commit()
        part(world, made)
        assert double.contact_id == first.contact_id == person("telegram", "1").id


class TestJoin:
    def test_goes_to_whoever_has_a_customer(self, world: World):
        contacts.find_or_create("olive.private@elsewhere.example", name="O.")
        ticket = write("email", "olive.private@elsewhere.example")
        made = joining.join(world.olive, person("email", "olive.private@elsewhere.example"), proven=the("email", OLIVE))
        db.session.commit()
        assert (made.into_id, ticket.contact_id, ticket.organization_id) == (
            world.olive.id, world.olive.id, world.olive.organization_id,
        )  # fmt: skip

    def test_of_two_customers_is_refused(self, world: World):
        with pytest.raises(Conflict, match="two customers"):
            joining.join(world.olive, world.nora, proven=the("email", OLIVE))

    def test_of_a_machine_is_refused(self, world: World):
        machine = contacts.find_or_create_machines({"cold-room-2": "Cold room 2"})["cold-room-2"].contact
        with pytest.raises(Conflict, match="machine"):
            joining.join(machine, world.olive, proven=the("email", OLIVE))

    def test_of_somebody_who_went_is_refused(self, world: World):
        write("telegram", "1")
        gone = person("telegram", "1")
        join(("telegram", "1"), ("email", OLIVE))
        write("x", "2")
        with pytest.raises(Conflict, match="somebody else"):
            joining.join(gone, person("x", "2"), proven=the("x", "2"))

    def test_of_one_with_themself_is_refused(self, world: World):
        with pytest.raises(Conflict, match="already"):
            joining.join(world.olive, world.olive, proven=the("email", OLIVE))

    def test_takes_no_ticket_of_a_third(self, world: World):
        other = world.ticket(by=world.nora)
        write("telegram", "1")
        join(("telegram", "1"), ("email", OLIVE))
        db.session.refresh(other)
        assert (other.contact_id, other.organization_id) == (world.nora.id, world.nora.organization_id)


class TestPart:
    def test_twice_is_refused(self, world: World):
        write("telegram", "1")
        made = join(("telegram", "1"), ("email", OLIVE))
        part(world, made)
        with pytest.raises(Conflict):
            joining.part(made, by=world.ben)

    def test_gives_another_number_that_came_since_to_whom_it_belongs(self, world: World):
        write("phone", "+1312")
        own = person("phone", "+1312").id
        made = join(("phone", "+1312"), ("email", OLIVE))
        with travel(minutes=1):
            contacts.add_address(world.olive, "+1313", kind="phone")
            contacts.add_address(world.olive, "olive2@orchard-dairy.example", kind="email")
            db.session.commit()
        with travel(minutes=2):
            part(world, made)
        assert person("phone", "+1313").id == own
        assert person("email", "olive2@orchard-dairy.example").id == world.olive.id

    def test_leaves_another_number_that_was_proven_by_itself_until_that_is_taken_apart(self, world: World):
        first = write("phone", "+1312")
        one = join(("phone", "+1312"), ("email", OLIVE))
        with travel(minutes=1):
            second = write("phone", "+1313")
            own, other = first.contact_id, second.contact_id
            two = join(("phone", "+1313"), ("email", OLIVE))
        with travel(minutes=2):
            part(world, one)
            assert (person("phone", "+1313").id, second.contact_id) == (own, own) == (world.olive.id, world.olive.id)
            part(world, two)
        assert (person("phone", "+1313").id, second.contact_id) == (other, other)

    def test_leaves_what_it_took_over_on_record(self, world: World):
        ticket = write("telegram", "1")
        made = join(("telegram", "1"), ("email", OLIVE))
        part(world, made)
        assert db.session.get(JoinedTicket, (made.id, ticket.id)) is not None
        assert (made.parted_by_id, made.parted_at is not None) == (world.ben.id, True)


class TestPromises:
    @pytest.fixture
    def agreed(self, world: World) -> World:
        promising.policy("Everybody", promising.clause("first_response", 8 * 3600))
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600))
        db.session.commit()
        return world

    def due(self, ticket: Ticket) -> float:
        db.session.refresh(ticket)
        assert ticket.next_due_at is not None
        return (ticket.next_due_at - ticket.created_at).total_seconds()

    def replayed(self) -> list[object]:
        return list(verify(Verified()))

    def test_of_an_open_ticket_are_the_agreements_once_its_customer_is_proven_and_not_before(self, agreed: World):
        ticket, done = write("telegram", "1"), write("telegram", "1", "Done one.")
        lifecycle.resolve(done, by=agreed.ben)
        db.session.commit()
        assert self.due(ticket) == pytest.approx(8 * 3600, abs=2)
        made = join(("telegram", "1"), ("email", OLIVE))
        assert self.due(ticket) == pytest.approx(3600, abs=2)
        db.session.refresh(done)
        assert done.organization_id is None
        assert self.replayed() == []
        part(agreed, made)
        assert self.due(ticket) == pytest.approx(8 * 3600, abs=2)
        assert self.replayed() == []

    def test_that_an_agent_chose_stay(self, agreed: World):
        from_mail = write("email", OLIVE)
        before = self.due(from_mail)
        write("telegram", "1")
        join(("telegram", "1"), ("email", OLIVE))
        assert self.due(from_mail) == before

    def test_count_in_the_zone_of_whom_they_were_made_to(self, world: World):
        office = promising.calendar()
        promising.policy(
            "Everybody", promising.clause("first_response", 3600, calendar_id=office.id, zone_source="contact")
        )
        world.olive.zone = "Asia/Tokyo"
        db.session.commit()
        ticket = write("telegram", "1")
        before = self.due(ticket)
        lifecycle.resolve(ticket, by=world.ben)
        other = write("telegram", "1", "Open.")
        open_before = self.due(other)
        made = join(("telegram", "1"), ("email", OLIVE))
        assert (self.replayed(), self.due(other)) == ([], open_before)
        part(world, made)
        assert self.replayed() == []
        assert before > 0
