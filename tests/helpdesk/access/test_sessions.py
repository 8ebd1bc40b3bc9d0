"""Sessions: begun, used, renewed and ended, all on the server."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import event, select

from helpdesk.access import sessions, standing
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.now import now, travel
from helpdesk.people import agents
from tests.plugins.house import PASSWORD, Visitor


def the_session() -> Session:
    return db.session.scalars(select(Session)).one()


class TestBegin:
    def test_a_token_planted_before_sign_in_opens_nothing(self, house: Flask, visitor: Visitor):
        visitor.client.set_cookie("kept", "planted-by-somebody-else")
        visitor.sign_in()
        assert visitor.cookie() != "planted-by-somebody-else"
        assert len(visitor.cookie()) >= 43
        thief = Visitor(house)
        thief.client.set_cookie("kept", "planted-by-somebody-else")
        assert thief.get("/").status_code == 303

    def test_signing_in_again_ends_the_session_before(self, house: Flask, ada: Visitor):
        first = ada.cookie()
        assert (
            ada.post(
                "/sign-in",
                {"email": "ada@meridian.example", "password": "narrow river crossing 7"},
                on="/settings/profile",
            ).status_code
            == 303
        )
        assert ada.cookie() != first
        thief = Visitor(house)
        thief.client.set_cookie("kept", first)
        assert thief.get("/").status_code == 303

    def test_the_database_does_not_know_the_token(self, house: Flask, ada: Visitor):
        with house.app_context():
            assert the_session().token_hash == sessions.hashed(ada.cookie())
            assert ada.cookie() not in the_session().token_hash
            assert the_session().address == "192.0.2.10"


class TestLoad:
    def test_is_one_query(self, house: Flask, ada: Visitor):
        with house.app_context():
            seen: list[str] = []
            watch = lambda *said: seen.append(said[2])  # noqa: E731
            event.listen(db.engine, "before_cursor_execute", watch)
            loaded = sessions.load(ada.cookie())
            event.remove(db.engine, "before_cursor_execute", watch)
            assert loaded is not None
            assert loaded.agent.name == "Ada Berg"
            assert len(seen) == 1

    def test_fourteen_days_without_a_visit_end_it(self, ada: Visitor):
        with travel(days=13, hours=23):
            assert ada.get("/").status_code == 200
        with travel(days=27):
            assert ada.get("/").status_code == 200
        with travel(days=42):
            assert ada.get("/").status_code == 303

    def test_a_visit_is_written_down_at_most_every_five_minutes(self, house: Flask, ada: Visitor):
        with house.app_context():
            began = the_session().seen_at
        with travel(minutes=4):
            assert "Set-Cookie" not in ada.get("/").headers
        with travel(minutes=6):
            assert "kept=" in ada.get("/").headers["Set-Cookie"]
        with house.app_context():
            assert the_session().seen_at - began > timedelta(minutes=5)


class TestStillValid:
    def test_says_at_once_when_the_session_or_the_agent_is_gone(self, house: Flask, ada: Visitor, ben: Visitor):
        with house.app_context():
            ids = {session.agent_id: session.id for session in db.session.scalars(select(Session))}
            person = agents.find_by_email("ben@meridian.example")
            assert person is not None
            mine = ids[person.id]
            theirs = next(other for agent_id, other in ids.items() if agent_id != person.id)
            assert sessions.still_valid({mine, theirs}) == {mine, theirs}
            person.deactivated_at = now()
            db.session.commit()
            assert sessions.still_valid({mine, theirs}) == {theirs}
            person.deactivated_at = None
            standing.set_role(person, "manager")
            db.session.commit()
            assert sessions.still_valid({mine, theirs}) == {theirs}


class TestANewPassword:
    CHANGE = ("/settings/profile/password", "/settings/profile")

    def test_signs_every_other_browser_out_at_once(self, house: Flask, ada: Visitor):
        elsewhere = Visitor(house)
        elsewhere.sign_in()
        path, page = self.CHANGE
        assert ada.post(path, {"current": PASSWORD, "password": "slow wide estuary 8"}, on=page).status_code == 303
        assert elsewhere.get("/settings/profile").status_code == 303
        assert ada.get("/settings/profile").status_code == 200

    def test_is_not_set_by_who_does_not_know_the_one_before(self, house: Flask, ada: Visitor):
        path, page = self.CHANGE
        assert (
            ada.post(path, {"current": "a guess of mine", "password": "slow wide estuary 8"}, on=page).status_code
            == 422
        )
        assert Visitor(house).sign_in().status_code == 303
