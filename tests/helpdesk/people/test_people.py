"""Contacts, their companies and the addresses people type."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.people import agents, contacts, organizations
from helpdesk.people.addresses import normalised
from helpdesk.people.models import Address, Contact
from tests.plugins.world import OLIVE, World


class TestNormalised:
    @pytest.mark.parametrize(
        ("typed", "address"),
        [
            (" Priya@MeridianCold.example ", "priya@meridiancold.example"),
            ("priya@bücher.example", "priya@xn--bcher-kva.example"),
            ("p.s+x@a.example", "p.s+x@a.example"),
            ("", ""),
            ("priya", ""),
            ("priya@localhost", ""),
            ("a@b@c.example", ""),
            ("a@x.example, b@x.example", ""),
            ("Priya <priya@x.example>", ""),
            ("a@x.example\nBcc: b@x.example", ""),
            ("a\0@x.example", ""),
            ("@x.example", ""),
            ("a@-x.example", ""),
            ("a@x..example", ""),
            (f"{'a' * 65}@x.example", ""),
        ],
    )
    def test_is_one_address_or_nothing(self, typed: str, address: str):
        assert normalised(typed) == address


class TestFindOrCreate:
    def test_twice_is_one_person(self, world: World):
        first = contacts.find_or_create("new@elsewhere.example", name="New")
        assert contacts.find_or_create("new@elsewhere.example").id == first.id

    def test_places_people_by_mail_domain(self, world: World):
        made = contacts.find_or_create("packer@orchard-dairy.example", name="Pat")
        assert made.contact.organization_id == world.olive.organization_id
        assert contacts.find_or_create("a@sub.orchard-dairy.example").contact.organization_id is None

    def test_learns_a_name_and_keeps_it(self, world: World):
        first = contacts.find_or_create("new@elsewhere.example")
        assert first.contact.name == "new@elsewhere.example"
        contacts.find_or_create("new@elsewhere.example", name="New Person")
        contacts.find_or_create("new@elsewhere.example", name="Somebody Else")
        assert first.contact.name == "New Person"

    def test_at_once_in_four_threads_is_one_person(self, world: World):
        start = threading.Barrier(4)

        def work() -> None:
            with world.app.app_context():
                start.wait(10)
                contacts.find_or_create("rush@elsewhere.example", name="Rush")
                db.session.commit()

        before = db.session.scalar(select(func.count()).select_from(Contact))
        db.session.commit()
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        world.fresh()
        assert db.session.scalar(select(func.count()).where(Address.value == "rush@elsewhere.example")) == 1
        assert db.session.scalar(select(func.count()).select_from(Contact)) == before + 1


class TestOrganizations:
    def test_adopt_the_contacts_of_their_domains(self, world: World):
        known = contacts.find_or_create("a@new.example")
        other = contacts.find_or_create("a@notnew.example")
        made = organizations.create("New", domains=[" New.example "])
        db.session.expire_all()
        assert db.session.get_one(Contact, known.contact_id).organization_id == made.id
        assert db.session.get_one(Contact, other.contact_id).organization_id is None

    @pytest.mark.parametrize(
        "domain", ["orchard-dairy.example", "gmail.com", "nodots", "", "a b.example", "x@y.example"]
    )
    def test_claim_only_domains_that_are_theirs(self, world: World, domain: str):
        with pytest.raises(Invalid):
            organizations.create("Greedy", domains=[domain])


class TestAgents:
    def test_are_found_however_their_address_is_written(self, world: World):
        assert agents.find_by_email(" BEN@meridian.example ") == world.ben

    @pytest.mark.parametrize(
        "wrong",
        [{"email": "ben@MERIDIAN.example"}, {"email": "x"}, {"name": " "}, {"role": "king"}, {"zone": "Mars/Base"}],
        ids=str,
    )
    def test_that_do_not_fit_are_refused_by_field(self, world: World, wrong: dict[str, str]):
        with pytest.raises(Invalid) as refused:
            agents.create(**{"email": "new@meridian.example", "name": "New", **wrong})
        assert set(refused.value.fields) == set(wrong)

    def test_the_last_administrator_stays(self, world: World):
        with pytest.raises(Conflict):
            agents.deactivate(world.ada)
        with pytest.raises(Conflict):
            agents.set_role(world.ada, "agent")
        agents.set_role(world.ben, "admin")
        agents.deactivate(world.ada)
        assert not world.ada.is_active
        assert contacts.find(OLIVE) is not None
