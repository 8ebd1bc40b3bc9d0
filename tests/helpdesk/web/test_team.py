"""People and the own profile in settings."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.people.models import Agent
from tests.plugins.house import PASSWORD, Visitor

PEOPLE = "/settings/people"
PROFILE = "/settings/profile"
NEW = "seven tired geese 4"
GOOD = {"name": "Ada B. Berg", "zone": "Europe/Oslo", "theme": "dark", "undo_seconds": "30", "single_keys": "on"}


def person(house: Flask, first: str) -> Agent:
    with house.app_context():
        return db.session.scalars(select(Agent).where(Agent.name.startswith(first))).one()


class TestPeople:
    def test_lists_everybody_and_how_they_stand(self, ada: Visitor):
        page = ada.get(PEOPLE).text
        for words in (
            "Ada Berg",
            "(you)",
            "Ben Osei",
            "Mei Tanaka",
            "Invited",
            "Gil Novak",
            "No access",
            "Administrator",
        ):
            assert words in page

    def test_a_mistake_stands_at_its_field_and_nothing_is_lost(self, ada: Visitor):
        page = ada.post(PEOPLE, {"name": "Ola Lund", "email": "ola", "role": "manager"}, on=PEOPLE)
        assert page.status_code == 422
        assert "Add a whole address" in page.text
        assert 'value="Ola Lund"' in page.text
        assert (
            "Somebody has this address already"
            in ada.post(PEOPLE, {"name": "B", "email": "BEN@meridian.example"}, on=PEOPLE).text
        )

    def test_nobody_becomes_more_than_a_role(self, house: Flask, ada: Visitor):
        form = {
            "name": "Ola",
            "email": "ola@meridian.example",
            "role": "owner",
            "is_admin": "1",
            "password_hash": "x",
            "id": "1",
        }
        assert ada.post(PEOPLE, form, on=PEOPLE).status_code == 422
        assert ada.post(PEOPLE, {**form, "role": "agent"}, on=PEOPLE).status_code == 201
        made = person(house, "Ola")
        assert (made.role, made.password_hash, made.is_active) == ("agent", "", True)

    def test_a_new_role_ends_the_old_sessions(self, house: Flask, ada: Visitor, ben: Visitor):
        changed = ada.post(f"{PEOPLE}/{person(house, 'Ben').id}/role", {"role": "manager"}, on=PEOPLE)
        assert (changed.status_code, changed.location) == (303, f"{PEOPLE}?said=role")
        assert person(house, "Ben").role == "manager"
        assert ben.get("/").status_code == 303

    def test_closing_access_ends_it_everywhere_and_opening_gives_it_back(
        self, house: Flask, ada: Visitor, ben: Visitor
    ):
        place = f"{PEOPLE}/{person(house, 'Ben').id}"
        assert ada.post(f"{place}/deactivation", on=PEOPLE).status_code == 303
        assert ben.get("/").status_code == 303
        assert ben.sign_in("ben@meridian.example").status_code == 422
        assert ada.post(f"{place}/reactivation", on=PEOPLE).status_code == 303
        assert ben.sign_in("ben@meridian.example").status_code == 303

    @pytest.mark.parametrize(("what", "form"), [("role", {"role": "agent"}), ("deactivation", {})])
    def test_nobody_shuts_themselves_out(self, house: Flask, ada: Visitor, what: str, form: dict[str, str]):
        page = ada.post(f"{PEOPLE}/{person(house, 'Ada').id}/{what}", form, on=PEOPLE)
        assert page.status_code == 409
        assert "This is you." in page.text
        assert person(house, "Ada").is_admin

    def test_a_new_invitation_replaces_the_old_one(self, house: Flask, ada: Visitor):
        place = f"{PEOPLE}/{person(house, 'Mei').id}/invitation"
        first, second = (re.search(r"/invitation/[\w-]{43}", ada.post(place, on=PEOPLE).text) for _ in range(2))
        assert first is not None
        assert second is not None
        assert ada.get(first[0]).status_code == 410
        assert ada.get(second[0]).status_code == 200
        assert ada.post(f"{PEOPLE}/{person(house, 'Ben').id}/invitation", on=PEOPLE).status_code == 409

    def test_nobody_there(self, ada: Visitor):
        assert ada.post(f"{PEOPLE}/99999/deactivation", on=PEOPLE).status_code == 404

    def test_agents_cannot(self, house: Flask, ben: Visitor):
        for path in (
            PEOPLE,
            f"{PEOPLE}/1/role",
            f"{PEOPLE}/1/deactivation",
            f"{PEOPLE}/1/reactivation",
            f"{PEOPLE}/3/invitation",
        ):
            assert ben.post(path, {"role": "admin"}, on=PROFILE).status_code == 404
        assert person(house, "Ada").is_admin


class TestProfile:
    def test_saves_what_was_chosen(self, house: Flask, ada: Visitor):
        assert ada.post(PROFILE, GOOD, on=PROFILE).location == f"{PROFILE}?said=saved"
        saved = person(house, "Ada")
        assert (saved.name, saved.zone, saved.theme, saved.undo_seconds, saved.single_keys) == (
            "Ada B. Berg",
            "Europe/Oslo",
            "dark",
            30,
            True,
        )
        ada.post(PROFILE, {**GOOD, "single_keys": ""} | {"undo_seconds": "0"}, on=PROFILE)
        ada.post(PROFILE, {key: value for key, value in GOOD.items() if key != "single_keys"}, on=PROFILE)
        assert not person(house, "Ada").single_keys
        assert 'data-theme="dark"' in ada.get(PROFILE).text

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            *(("name", " "), ("name", "a\nb"), ("zone", "Mars/Base"), ("zone", "../etc/passwd"), ("theme", "pink")),
            *(("undo_seconds", "7"), ("undo_seconds", "²"), ("undo_seconds", "-5"), ("undo_seconds", "")),
        ],
    )
    def test_a_mistake_stands_at_its_field(self, house: Flask, ada: Visitor, field: str, wrong: str):
        page = ada.post(PROFILE, {**GOOD, field: wrong}, on=PROFILE)
        assert page.status_code == 422
        assert f'id="{field}-error"' in page.text
        assert person(house, "Ada").name == "Ada Berg"

    def test_no_other_column_can_be_set(self, house: Flask, ben: Visitor):
        form = {
            **GOOD,
            "name": "Ben Osei",
            "role": "admin",
            "email": "x@y.example",
            "password_hash": "x",
            "id": "1",
            "ignore_permissions": "True",
        }
        ben.post(PROFILE, form, on=PROFILE)
        assert (person(house, "Ben").role, person(house, "Ben").email) == ("agent", "Ben@Meridian.example")

    def test_a_new_password_signs_every_other_browser_out(self, house: Flask, ada: Visitor):
        elsewhere = Visitor(house)
        elsewhere.sign_in()
        assert ada.post(f"{PROFILE}/password", {"current": "wrong", "password": NEW}, on=PROFILE).status_code == 422
        assert (
            ada.post(f"{PROFILE}/password", {"current": PASSWORD, "password": "short"}, on=PROFILE).status_code == 422
        )
        assert elsewhere.get("/").status_code == 200
        assert ada.post(f"{PROFILE}/password", {"current": PASSWORD, "password": NEW}, on=PROFILE).status_code == 303
        assert ada.get("/").status_code == 200
        assert elsewhere.get("/").status_code == 303

    def test_the_password_cannot_be_guessed_here_either(self, ada: Visitor):
        codes = [
            ada.post(f"{PROFILE}/password", {"current": f"guess {n}", "password": NEW}, on=PROFILE).status_code
            for n in range(11)
        ]
        assert codes == [422] * 10 + [429]

    def test_browsers_are_listed_and_can_be_signed_out(self, house: Flask, ada: Visitor, ben: Visitor):
        elsewhere = Visitor(
            house, address="203.0.113.8", **{"User-Agent": "Mozilla/5.0 (iPhone) Version/18 Safari/605"}
        )
        elsewhere.sign_in()
        page = ada.get(PROFILE).text
        for words in ("Firefox on Linux", "Safari on an iPhone", "203.0.113.8", "This one"):
            assert words in page
        ending = re.search(rf"{PROFILE}/sessions/\d+/end", page)
        assert ending is not None
        assert ben.post(ending[0], on=PROFILE).status_code == 303
        assert elsewhere.get("/").status_code == 200
        assert ada.post(ending[0], on=PROFILE).status_code == 303
        assert elsewhere.get("/").status_code == 303
        elsewhere.sign_in()
        ada.post(f"{PROFILE}/sessions/end", on=PROFILE)
        assert elsewhere.get("/").status_code == 303
        assert (ada.get("/").status_code, ben.get("/").status_code) == (200, 200)

    def test_the_theme_changes_from_any_page(self, house: Flask, ada: Visitor):
        back = ada.post("/theme", {"theme": "light"}, on=PROFILE, Referer="http://localhost/inbox/mine?x=1")
        assert (back.status_code, back.location) == (303, "/inbox/mine?x=1")
        assert person(house, "Ada").theme == "light"
        assert ada.post("/theme", {"theme": "dark"}, on=PROFILE, Sec_Fetch_Mode="cors").status_code == 204
        assert ada.post("/theme", {"theme": "pink"}, on=PROFILE).status_code == 422
        assert ada.post("/theme", {"theme": "dark"}, on=PROFILE, Referer="http://evil.example/x").location == "/"


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/sign-in", "/nowhere", "/sign-in/reset/x", "/settings/profile", "/static/nothing.css", "/vault"]
    )
    def test_stand_on_every_response(self, house: Flask, ada: Visitor, path: str):
        for who in (ada, Visitor(house)):
            headers = who.get(path).headers
            policy = headers["Content-Security-Policy"]
            for part in (
                "default-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "frame-src 'self'",
            ):
                assert part in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "Strict-Transport-Security" not in headers
            if not path.startswith("/static"):
                assert headers["Cache-Control"] == "no-store"

    def test_pages_have_no_inline_script_or_style(self, ada: Visitor, house: Flask):
        pages = [ada.get(path).text for path in (PEOPLE, PROFILE)] + [
            Visitor(house).get(path).text for path in ("/sign-in", "/sign-in/forgot")
        ]
        for page in pages:
            assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", page)
