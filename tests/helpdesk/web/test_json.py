"""The JSON face at its rim: what bodies may be, and how errors are told to programs."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from flask import Flask

from helpdesk.errors import Invalid
from helpdesk.web.json import Body, body
from tests.plugins.world import Browser, World

LEDGER = "/api/v1/tickets/999999/commitments/999999/ledger"


def sent(raw: bytes | str, mimetype: str = "application/json") -> Body:
    with Flask(__name__).test_request_context("/api/v1/x", method="POST", data=raw, content_type=mimetype):
        return body()


def mistakes(values: Body) -> dict[str, str]:
    with pytest.raises(Invalid) as told:
        values.done()
    return told.value.fields


@dataclass(frozen=True)
class Promised:
    words: str
    seconds: int


def promised(inside: Body) -> Promised:
    return Promised(inside.text("words", "Say it."), inside.number("seconds", 0, 100))


class TestBodies:
    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{}", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e400}',
            b'{"a": 1, "a": 2}', rb'{"a": "\ud800"}', rb'{"a": "\u0000"}', rb'{"\u0000": 1}',
            b'{"a":' * 30 + b"1" + b"}" * 30, b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}",
        ],
        ids=range(16),
    )  # fmt: skip
    def test_that_cannot_be_kept_are_refused_in_words(self, raw: bytes):
        with pytest.raises(Invalid, match="not a JSON object we can read"):
            sent(raw)

    def test_of_another_kind_are_refused(self):
        with pytest.raises(Invalid, match="application/json"):
            sent("a=1", "application/x-www-form-urlencoded")

    def test_that_are_large_are_refused(self):
        with pytest.raises(Invalid, match="larger than"):
            sent(json.dumps({"a": "x" * 1_000_001}))

    def test_give_their_values(self):
        values = sent(
            json.dumps(
                {
                    "name": " Silver ",
                    "rank": 3,
                    "on": False,
                    "at": "2026-10-09T15:10:00-05:00",
                    "tags": ["a"],
                    "site": None,
                }
            )
        )
        assert values.text("name", "Name it.") == "Silver"
        assert values.number("rank", 1, 5) == 3
        assert values.is_on("on", default=True) is False
        at = values.instant("at")
        assert at is not None
        assert at.isoformat() == "2026-10-09T15:10:00-05:00"
        assert values.texts("tags") == ("a",)
        assert values.identity("site") is None
        values.done()

    @pytest.mark.parametrize(
        ("value", "take"),
        [
            (1, lambda values: values.text("a")),
            ("  ", lambda values: values.text("a", "Say it.")),
            ("x" * 201, lambda values: values.text("a")),
            (True, lambda values: values.number("a", 0, 5)),
            (1.0, lambda values: values.number("a", 0, 5)),
            (6, lambda values: values.number("a", 0, 5)),
            (-1, lambda values: values.number("a", 0, 5)),
            ("3", lambda values: values.number("a", 0, 5)),
            (0, lambda values: values.identity("a")),
            (2**60, lambda values: values.identity("a")),
            (1, lambda values: values.is_on("a", default=False)),
            ([], lambda values: values.one_of("a", {"x"})),
            ("y", lambda values: values.one_of("a", {"x"})),
            ("2026-10-09T15:10:00", lambda values: values.instant("a")),
            ("2026-10-09", lambda values: values.instant("a")),
            ("2026-13-09T15:10:00Z", lambda values: values.instant("a")),
            (1760000000, lambda values: values.instant("a")),
            ("a", lambda values: values.texts("a")),
            ([1], lambda values: values.texts("a")),
            (["x" * 201], lambda values: values.texts("a")),
            (["x"] * 101, lambda values: values.texts("a")),
            ([], lambda values: values.part("a")),
            ({}, lambda values: values.each("a", promised)),
            ([1], lambda values: values.each("a", promised)),
        ],
    )
    def test_with_a_value_of_another_kind_name_the_field(self, value, take):
        values = sent(json.dumps({"a": value}))
        take(values)
        assert list(mistakes(values)) == ["a"]

    def test_name_mistakes_deep_inside_all_at_once(self):
        values = sent(
            json.dumps({"clauses": [{"words": "Fixed.", "seconds": 5}, {"words": "", "seconds": -1}], "colour": "red"})
        )
        assert values.each("clauses", promised)[0] == Promised("Fixed.", 5)
        assert set(mistakes(values)) == {"clauses.1.words", "clauses.1.seconds", "colour"}

    def test_name_strangers_inside_parts(self):
        values = sent('{"facts": {"agreement": "Silver", "planet": "Mars"}}')
        assert values.part("facts").text("agreement") == "Silver"
        assert set(mistakes(values)) == {"facts.planet"}

    def test_a_number_that_is_missing_is_named(self):
        values = sent("{}")
        values.number("rank", 1, 5)
        assert list(mistakes(values)) == ["rank"]


class TestProblems:
    def test_say_that_somebody_is_not_signed_in_even_to_a_browser(self, world: World):
        answer = Browser(world.app).get(LEDGER)
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert answer.json["title"] == "Unauthorized"

    def test_say_what_is_not_there(self, world: World, ben_at_work: Browser):
        answer = ben_at_work.get(LEDGER)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"] == "There is no such ticket here."

    def test_answer_for_addresses_nobody_has(self, world: World, ben_at_work: Browser):
        answer = ben_at_work.get("/api/v1/nothing")
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")

    def test_answer_for_verbs_nobody_has(self, world: World, ben_at_work: Browser):
        assert ben_at_work.post(LEDGER).json["status"] == 405

    def test_carry_the_fields_that_are_wrong(self, world: World):
        handle = world.app.handle_user_exception
        with world.app.test_request_context("/api/v1/x"):
            answer = world.app.make_response(handle(Invalid("Nothing was changed.", {"name": "Name it."})))
        assert answer.status_code == 422
        assert answer.json == {
            "type": "about:blank", "title": "Unprocessable Entity", "status": 422,
            "detail": "Nothing was changed.", "fields": {"name": "Name it."},
        }  # fmt: skip

    def test_are_pages_everywhere_else(self, world: World, ben_at_work: Browser):
        assert ben_at_work.get("/nothing").mimetype == "text/html"
