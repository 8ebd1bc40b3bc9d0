"""A sign-in that opens more tickets than a person reads is ended, and those who run the house are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import Delivery
from helpdesk.settings import settings
from tests.plugins.house import Visitor

MOST = 20


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HELPDESK_TICKET_READS", str(MOST))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def ben(house: Flask) -> Visitor:
    visitor = Visitor(house)
    visitor.sign_in("ben@meridian.example")
    return visitor


def read(visitor: Visitor, *numbers: int) -> set[int]:
    return {visitor.get(f"/tickets/{number}").status_code for number in numbers}


def letters(house: Flask) -> list[Delivery]:
    with house.app_context():
        return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


class TestSomebodyWhoReadsEverything:
    def test_is_asked_for_the_password_and_told_why(self, ben: Visitor):
        assert read(ben, *range(1, MOST + 1)) == {200}
        answer = ben.get("/tickets/99")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/sign-in?next=%2Ftickets%2F99&ended=reading"
        assert "You were signed out" in ben.get(answer.headers["Location"]).text
        assert ben.get("/").status_code == 303

    def test_goes_on_with_the_password(self, ben: Visitor):
        read(ben, *range(1, MOST + 2))
        ben.sign_in("ben@meridian.example")
        assert read(ben, 99) == {200}

    def test_is_told_of_to_every_administrator_once(self, house: Flask, ben: Visitor):
        read(ben, *range(1, MOST + 10))
        (letter,) = letters(house)
        assert [one.address for one in letter.recipients] == ["ada@meridian.example"]
        assert letter.content["subject"] == "Ben Osei opened very many tickets"
        assert "from 192.0.2.10 by Firefox on Linux" in letter.content["text"]

    def test_by_a_script_gets_a_401(self, ben: Visitor):
        read(ben, *range(1, MOST + 1))
        assert ben.get("/tickets/99", HX_Request="true").status_code == 401


class TestSomebodyAtWork:
    def test_may_look_at_the_same_tickets_all_day(self, house: Flask, ben: Visitor):
        for _ in range(4):
            assert read(ben, *range(1, MOST)) == {200}
        assert letters(house) == []

    def test_may_open_others_later(self, house: Flask, ben: Visitor):
        read(ben, *range(1, MOST + 1))
        with travel(minutes=11):
            assert read(ben, *range(100, 100 + MOST)) == {200}
        assert letters(house) == []

    def test_may_answer_as_many_as_they_like(self, house: Flask, ben: Visitor):
        for number in range(1, MOST + 5):
            assert ben.post(f"/tickets/{number}", on="/settings/profile").status_code == 200
        assert letters(house) == []
