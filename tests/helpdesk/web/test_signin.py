"""The way in as a browser meets it."""

from __future__ import annotations

import re
import time

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.access import csrf, signin
from helpdesk.access.models import Session
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.people import agents
from helpdesk.settings import settings
from tests.plugins.house import PASSWORD, Visitor

NEW = "seven tired geese 4"


def letters(house: Flask) -> list[Delivery]:
    with house.app_context():
        return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def link_in(letter: Delivery) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/\S+)", letter.content["text"])
    assert found is not None
    return found[1]


class TestSignIn:
    def test_leads_to_the_page_that_was_asked_for(self, visitor: Visitor):
        away = visitor.get("/settings/profile?said=saved")
        assert (away.status_code, away.location) == (303, "/sign-in?next=%2Fsettings%2Fprofile%3Fsaid%3Dsaved")
        inside = visitor.sign_in(next="/settings/profile?said=saved")
        assert (inside.status_code, inside.location) == (303, "/settings/profile?said=saved")
        assert visitor.get("/").text == "ada@meridian.example"

    @pytest.mark.parametrize(
        "foreign", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example"]
    )
    def test_never_leads_elsewhere(self, visitor: Visitor, foreign: str):
        assert visitor.sign_in(next=foreign).location == "/"

    def test_the_case_of_the_address_does_not_matter(self, visitor: Visitor):
        assert visitor.sign_in(" BEN@meridian.EXAMPLE ").status_code == 303

    def test_who_is_inside_already_is_let_through(self, ada: Visitor):
        assert (ada.get("/sign-in?next=/vault").status_code, ada.get("/sign-in?next=/vault").location) == (
            303,
            "/vault",
        )

    def test_the_cookie_is_out_of_reach(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
        cookie = visitor.sign_in().headers["Set-Cookie"]
        assert cookie.startswith("kept=")
        assert "Secure" not in cookie
        for part in ("HttpOnly", "SameSite=Lax", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie
        monkeypatch.setattr(settings(), "base_url", "https://help.meridian.example")
        secure = Visitor(visitor.client.application, address="192.0.2.77")
        secure.headers["X-Forwarded-Proto"] = "https"
        page = secure.client.get("/sign-in", base_url="https://help.meridian.example")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None
        form = {"email": "ada@meridian.example", "password": PASSWORD, "csrf_token": token[1]}
        cookie = secure.client.post("/sign-in", data=form, base_url="https://help.meridian.example").headers[
            "Set-Cookie"
        ]
        assert cookie.startswith("__Host-kept=")
        for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
            assert part in cookie
        assert "Domain" not in cookie

    @pytest.mark.parametrize(
        ("email", "password", "field", "words"),
        [
            ("", "x", "email", "Add your work address"),
            ("ada@", "x", "email", "Add the part after the @"),
            ("ada@meridian.example", "", "password", "Add your password."),
            ("ada@meridian.example", "wrong river crossing", "password", "do not belong together"),
        ],
    )
    def test_says_at_the_field_what_is_missing(
        self, visitor: Visitor, email: str, password: str, field: str, words: str
    ):
        page = visitor.sign_in(email, password)
        assert page.status_code == 422
        assert words in page.text
        assert f'aria-describedby="{field}-error" aria-invalid="true"' in page.text
        assert 'value="x"' not in page.text

    def test_unknown_invited_and_gone_people_get_the_same_answer(self, house: Flask):
        pages = set()
        for name in ("ada", "nobody", "mei", "gil"):
            page = Visitor(house, address="192.0.2.30").sign_in(f"{name}@meridian.example", "wrong river crossing")
            assert page.status_code == 422
            pages.add(re.sub(r'value="[^"]*"', "", page.text))
        assert len(pages) == 1

    @pytest.mark.parametrize(
        "hostile",
        [
            "' OR 1=1 --",
            "ada@meridian.example' --",
            'a"@b',
            "a@b\x00",
            "a@" + "b" * 100_000,
            "a@b%00",
            "a@b'); DROP TABLE agent; --",
        ],
    )
    def test_hostile_addresses_are_just_wrong(self, visitor: Visitor, hostile: str):
        assert visitor.sign_in(hostile, "' OR '1'='1").status_code == 422

    def test_headers_of_a_proxy_sign_nobody_in(self, visitor: Visitor):
        for header in ("Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Auth-Request-Email", "X-Forwarded-Email"):
            assert visitor.get("/", **{header: "ada@meridian.example"}).status_code == 303

    def test_a_wrong_guess_takes_as_long_for_nobody(self, house: Flask):
        times: dict[str, list[float]] = {"ada": [], "nobody": []}
        for turn in range(8):
            for name, taken in times.items():
                guesser = Visitor(house, address=f"198.51.100.{turn}")
                guesser.get("/sign-in")
                began = time.perf_counter()
                guesser.sign_in(f"{name}@meridian.example", "wrong river crossing")
                taken.append(time.perf_counter() - began)
        assert min(times["nobody"]) == pytest.approx(min(times["ada"]), rel=0.5)  # what else the machine does only adds

    def test_the_demo_says_how_to_come_in(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
        assert "kept-demo" not in visitor.get("/sign-in").text
        monkeypatch.setattr(settings(), "demo", True)
        assert "maya@halden.example" in visitor.get("/sign-in").text
        assert "kept-demo" in visitor.get("/sign-in").text

    def test_greets_by_the_hour(self, visitor: Visitor):
        greetings = set()
        for hours in range(0, 24, 3):
            with travel(hours=hours):
                greetings |= set(re.findall(r"Good \w+\.", visitor.get("/sign-in").text))
        assert greetings == {"Good morning.", "Good afternoon.", "Good evening."}


class TestGuessing:
    def test_from_one_place_ten_tries_count_and_then_it_says_when(self, visitor: Visitor):
        answers = [visitor.sign_in("ada@meridian.example", f"guess number {n}") for n in range(12)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 90
        assert "That was tried too often. Wait" in answers[-1].text
        assert visitor.sign_in().status_code == 429

    def test_the_owner_still_comes_in_from_where_they_were(
        self, house: Flask, ada: Visitor, monkeypatch: pytest.MonkeyPatch
    ):
        ada.post("/sign-out", on="/settings/profile")
        tried = 0
        monkeypatch.setattr(signin.passwords, "verify", lambda *_: False)  # the hash is not what is tested
        for n in range(120):
            guesser = Visitor(house, address=f"198.51.{n // 100}.{n % 100}")
            tried += guesser.sign_in("ada@meridian.example", f"guess number {n}").status_code == 422
        monkeypatch.undo()
        assert tried <= 100
        assert Visitor(house, address="203.0.113.5").sign_in().status_code == 429
        assert ada.sign_in().status_code == 303

    def test_many_accounts_from_one_place_are_slowed_too(self, house: Flask, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(signin.passwords, "verify", lambda *_: False)
        guesser = Visitor(house)
        answers = [guesser.sign_in(f"person{n}@meridian.example", "x").status_code for n in range(104)]
        assert answers.count(422) <= 101
        assert answers[-1] == 429


class TestForms:
    def test_no_token_no_entry(self, visitor: Visitor):
        visitor.get("/sign-in")
        form = {"email": "ada@meridian.example", "password": PASSWORD}
        for more in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": "é"}):
            assert visitor.bare_post("/sign-in", {**form, **more}).status_code == 400
        assert visitor.cookie() == ""

    def test_another_browsers_token_is_worth_nothing(self, house: Flask, visitor: Visitor):
        token = re.search(r'name="csrf_token" value="([^"]+)"', Visitor(house).get("/sign-in").text)
        assert token is not None
        visitor.get("/sign-in")
        form = {"email": "ada@meridian.example", "password": PASSWORD, "csrf_token": token[1]}
        assert visitor.bare_post("/sign-in", form).status_code == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost.evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"},
        ],
    )
    def test_a_good_token_from_another_page_changes_nothing(self, ada: Visitor, headers: dict[str, str]):
        assert ada.post("/change", on="/settings/profile", **headers).status_code == 400

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"},
            {"Origin": "http://localhost"},
            {"Sec-Fetch-Site": "none"},
        ],
    )
    def test_our_own_pages_pass(self, ada: Visitor, headers: dict[str, str]):
        assert ada.post("/change", on="/settings/profile", **headers).text == "changed"

    def test_a_script_sends_the_token_in_a_header(self, ada: Visitor):
        token = re.search(r'name="csrf_token" value="([^"]+)"', ada.get("/settings/profile").text)
        assert token is not None
        assert ada.bare_post("/change", **{csrf.HEADER: token[1]}).text == "changed"
        assert ada.bare_post("/change", **{csrf.HEADER: token[1][:-1]}).status_code == 400


class TestGuards:
    def test_scripts_streams_and_forms_get_a_401(self, visitor: Visitor):
        assert visitor.get("/", HX_Request="true").status_code == 401
        assert visitor.get("/", Accept="application/json").status_code == 401
        assert visitor.get("/", Accept="text/event-stream").status_code == 401
        assert visitor.get("/", Sec_Fetch_Mode="cors").status_code == 401
        assert visitor.bare_post("/change").status_code == 401

    def test_for_others_the_administrators_pages_do_not_exist(self, ada: Visitor, ben: Visitor):
        assert ada.get("/vault").text == "gold"
        assert ben.get("/vault").status_code == 404
        assert ben.get("/settings/people").status_code == 404
        assert ben.get("/settings").location == "/settings/profile"

    def test_who_is_closed_out_is_out_at_once(self, house: Flask, ben: Visitor):
        assert ben.get("/").status_code == 200
        with house.app_context():
            person = agents.find_by_email("ben@meridian.example")
            assert person is not None
            agents.deactivate(person)
            db.session.commit()
        assert ben.get("/").status_code == 303
        assert ben.bare_post("/change").status_code == 401


class TestSignOut:
    def test_ends_the_session_on_the_server(self, house: Flask, ada: Visitor):
        kept = ada.cookie()
        away = ada.post("/sign-out", on="/settings/profile")
        assert (away.status_code, away.location, ada.cookie()) == (303, "/sign-in", "")
        ada.client.set_cookie("kept", kept)
        assert ada.get("/").status_code == 303

    def test_a_link_cannot_do_it(self, ada: Visitor):
        assert ada.get("/sign-out").status_code == 405
        assert ada.get("/").status_code == 200


class TestForgotten:
    def test_the_letter_leads_to_a_new_password_and_in(self, house: Flask, ada: Visitor):
        visitor = Visitor(house, address="192.0.2.99")
        assert visitor.post("/sign-in/forgot", {"email": "Ada@meridian.example"}).status_code == 200
        (letter,) = letters(house)
        assert (letter.purpose, letter.channel_id, letter.state) == ("letter", None, "queued")
        assert [(to.address, to.name) for to in letter.recipients] == [("ada@meridian.example", "Ada Berg")]
        assert set(letter.content) == {"subject", "text", "html"}
        path = link_in(letter)
        assert visitor.get(path).status_code == 200
        weak = visitor.post(path, {"password": "short"}, on=path)
        assert weak.status_code == 422
        assert "Make it 12 characters or longer" in weak.text
        inside = visitor.post(path, {"password": NEW}, on=path)
        assert (inside.status_code, inside.location) == (303, "/")
        assert visitor.get("/").text == "ada@meridian.example"
        assert ada.get("/").status_code == 303
        assert visitor.get(path).status_code == 410
        assert Visitor(house).sign_in(password=PASSWORD).status_code == 422
        assert Visitor(house).sign_in(password=NEW).status_code == 303

    def test_known_and_unknown_get_the_same_words_after_the_same_time(self, house: Flask):
        answers, times = set(), {"ada": [], "nobody": []}
        for turn in range(5):
            for name, taken in times.items():
                visitor = Visitor(house, address=f"198.51.100.{turn}")
                began = time.perf_counter()
                answer = visitor.post("/sign-in/forgot", {"email": f"{name}@meridian.example"})
                taken.append(time.perf_counter() - began)
                answers.add((answer.status_code, answer.text, tuple(sorted(answer.headers.keys()))))
        assert len(answers) == 1
        assert all(t >= 0.25 for taken in times.values() for t in taken)
        assert min(times["ada"]) == pytest.approx(min(times["nobody"]), abs=0.08)
        assert {to.address for letter in letters(house) for to in letter.recipients} == {"ada@meridian.example"}

    def test_the_link_is_built_from_the_configured_address_only(self, house: Flask, visitor: Visitor):
        visitor.post(
            "/sign-in/forgot", {"email": "ada@meridian.example"}, X_Forwarded_Host="evil.example", Host="evil.example"
        )
        for letter in letters(house):
            assert "evil.example" not in str(letter.content)
            assert link_in(letter).startswith("/sign-in/reset/")

    def test_who_was_never_here_gets_the_invitation_again(self, house: Flask, visitor: Visitor):
        visitor.post("/sign-in/forgot", {"email": "mei@meridian.example"})
        assert link_in(letters(house)[0]).startswith("/invitation/")

    def test_who_has_left_gets_nothing(self, house: Flask, visitor: Visitor):
        visitor.post("/sign-in/forgot", {"email": "gil@meridian.example"})
        assert letters(house) == []

    def test_five_letters_an_hour_are_enough(self, house: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("helpdesk.web.signin._EVEN_MILLISECONDS", 0)
        for name in ("ada", "nobody"):
            answers = [visitor.post("/sign-in/forgot", {"email": f"{name}@meridian.example"}) for _ in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]
            assert int(answers[-1].headers["Retry-After"]) > 0
        assert len(letters(house)) == 5

    @pytest.mark.parametrize(
        "path", ["/sign-in/reset/", "/sign-in/reset/%20", "/sign-in/reset/NULL", "/invitation/%00", "/invitation/"]
    )
    def test_no_token_is_no_link(self, visitor: Visitor, path: str):
        assert visitor.get(path).status_code == 404


class TestInvitation:
    def test_the_invited_choose_a_password_and_are_in(self, house: Flask, ada: Visitor):
        page = ada.post(
            "/settings/people",
            {"name": "Ola <b>Lund", "email": "ola@meridian.example", "role": "manager"},
            on="/settings/people",
        )
        assert page.status_code == 201
        (letter,) = letters(house)
        assert letter.recipients[0].address == "ola@meridian.example"
        assert "<b>" not in letter.content["html"]
        path = link_in(letter)
        assert path in page.text
        assert path not in ada.get("/settings/people").text
        ola = Visitor(house, address="192.0.2.40")
        assert ola.post(path, {"password": NEW}, on=path).status_code == 303
        assert ola.get("/").text == "ola@meridian.example"
        assert ola.get(path).status_code == 410
        with house.app_context():
            assert db.session.scalar(select(func.count()).select_from(Session)) == 2
