"""One-time links."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.access import links, passwords
from helpdesk.access.models import OneTimeLink, Session
from helpdesk.db import db
from helpdesk.errors import Gone, Invalid, NotFound
from helpdesk.now import travel
from helpdesk.people import agents
from helpdesk.people.models import Agent

NEW = "seven tired geese 4"


@pytest.fixture(autouse=True)
def _inside(house: Flask):
    with house.app_context():
        yield


def ada() -> Agent:
    found = agents.find_by_email("ada@meridian.example")
    assert found is not None
    return found


def token(purpose: str = "reset", agent: Agent | None = None) -> str:
    return links.issue(agent or ada(), purpose).rpartition("/")[2]


class TestFind:
    def test_gives_the_link_and_whose_it_is(self):
        assert links.find("reset", token()).agent.name == "Ada Berg"

    @pytest.mark.parametrize("wrong", ["", " ", "\x00", "NULL", "None", "0", "x" * 5000])
    def test_nothing_is_not_a_token(self, wrong: str):
        token()
        with pytest.raises(NotFound):
            links.find("reset", wrong)

    def test_case_and_spaces_matter(self):
        made = token()
        for wrong in (made.swapcase(), made + " ", " " + made, made[:-1]):
            with pytest.raises(NotFound):
                links.find("reset", wrong)

    def test_a_reset_is_no_invitation(self):
        with pytest.raises(NotFound):
            links.find("invitation", token("reset"))

    @pytest.mark.parametrize(("purpose", "minutes"), [("reset", 61), ("invitation", 7 * 24 * 60 + 1)])
    def test_it_runs_out(self, purpose: str, minutes: int):
        made = token(purpose)
        with travel(minutes=minutes - 2):
            links.find(purpose, made)
        with travel(minutes=minutes), pytest.raises(Gone):
            links.find(purpose, made)

    def test_a_newer_link_replaces_it(self):
        old, new = token(), token()
        with pytest.raises(Gone):
            links.find("reset", old)
        links.find("reset", new)

    def test_who_left_cannot_come_back_by_it(self):
        gil = agents.find_by_email("gil@meridian.example")
        assert gil is not None
        with pytest.raises(Gone):
            links.find("reset", token("reset", gil))


class TestIssue:
    def test_the_database_does_not_know_the_token(self):
        made = token()
        assert len(made) >= 43
        stored = db.session.scalars(select(OneTimeLink)).one()
        assert made not in (stored.token_hash, stored.purpose)

    def test_the_address_is_the_configured_one(self, house: Flask):
        with house.test_request_context("/", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}):
            assert links.issue(ada(), "reset").startswith("http://127.0.0.1:8000/sign-in/reset/")


class TestUse:
    def test_sets_the_password_once_and_ends_every_session(self):
        made, person = token(), ada()
        db.session.add(
            Session(token_hash="h", agent_id=person.id, created_at=person.created_at, seen_at=person.created_at,
                    expires_at=person.created_at.replace(year=2100))
        )  # fmt: skip
        links.use(links.find("reset", made), NEW)
        assert passwords.verify(ada(), NEW)
        assert db.session.scalars(select(Session)).all() == []
        with pytest.raises(Gone):
            links.find("reset", made)

    def test_a_weak_password_leaves_it_open(self):
        made = token()
        with pytest.raises(Invalid):
            links.use(links.find("reset", made), "short")
        links.find("reset", made)

    def test_two_at_once_spend_it_once(self):
        link = links.find("reset", token())
        links.use(link, NEW)
        with pytest.raises(Gone):
            links.use(link, "another tired goose 5")
