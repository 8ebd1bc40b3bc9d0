"""One request to the Graph API: what its refusals mean, how it proves who asks, and who may call us."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels import adapter
from channels.adapter import AuthExpired, Permanent, RateLimited, Retryable, SendError, Uncertain
from channels.doors import Call
from channels.meta.graph import asking, signature
from channels.meta.graph.connection import Connection
from tests.channels.contract import metas
from tests.fakes import graph as graphs
from tests.fakes.graph import Graph, Refusal

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/messenger/errors.toml").read_text(encoding="utf-8"))["case"]


def connection(graph: Graph, **more: str) -> Connection:
    kept = {"base_url": graph.url, "address": graphs.PAGE, "token": graphs.TOKEN, "app_secret": graphs.APP_SECRET}
    return Connection(**{**kept, "verify_token": graphs.VERIFY_TOKEN, **more})


def say(connected: Connection) -> None:
    asking.post(connected, "me/messages", {"recipient": {"id": "7"}, "message": {"text": "x"}})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['code']}.{case.get('subcode', 0)} is {case['error']}")
def test_a_refusal(graph: Graph, case: dict[str, Any]):
    refusal = Refusal(
        case.get("status", 400), case["code"], case.get("subcode", 0), case.get("message", "x"), case.get("headers", {})
    )
    graph.refusals.append(refusal)
    with pytest.raises(SendError) as found:
        say(connection(graph))
    assert type(found.value) is getattr(adapter, case["error"])
    assert found.value.reason.endswith(".")
    assert graphs.TOKEN not in repr(found.value)
    if "wait" in case:
        assert isinstance(found.value, RateLimited)
        assert found.value.retry_after == case["wait"]


class TestARequest:
    def test_carries_the_token_in_a_header_and_its_proof_beside_it(self, graph: Graph):
        say(connection(graph))
        (asked,) = graph.asked
        assert asked.query == {"appsecret_proof": graph.proof()}
        assert graphs.TOKEN not in repr(connection(graph))

    def test_without_the_right_secret_is_refused(self, graph: Graph):
        with pytest.raises(Permanent):
            say(connection(graph, app_secret="f" * 32))
        assert graph.sent == []

    def test_that_breaks_off_may_have_arrived_unless_it_is_harmless(self, graph: Graph):
        graph.cut = True
        with pytest.raises(Uncertain):
            say(connection(graph))
        with pytest.raises(Retryable):
            asking.post(connection(graph), "1/messages", {"to": "7"}, is_harmless=True)

    @pytest.mark.parametrize("refusal", [Refusal(500, 0), Refusal(502, 0), Refusal(504, 0), Refusal(500, 99999)])
    def test_that_no_word_came_back_to_is_in_doubt_unless_it_is_harmless(self, graph: Graph, refusal: Refusal):
        graph.refusals += [refusal, refusal]
        with pytest.raises(Uncertain):
            say(connection(graph))
        with pytest.raises(Retryable):
            asking.post(connection(graph), "1/messages", {"to": "7"}, is_harmless=True)

    def test_that_never_left_may_be_made_again(self, graph: Graph):
        with pytest.raises(Retryable):
            say(connection(graph, base_url="http://127.0.0.1:9"))

    def test_to_a_private_place_is_not_made(self, graph: Graph):
        with pytest.raises(Permanent):
            say(connection(graph, base_url="http://10.0.0.1"))

    def test_with_another_token_asks_for_a_new_sign_in(self, graph: Graph):
        with pytest.raises(AuthExpired, match="new one"):
            say(connection(graph, token="another"))


class TestTheChallenge:
    def asked(self, graph: Graph, **query: str) -> str:
        whole = {"hub.mode": "subscribe", "hub.verify_token": graphs.VERIFY_TOKEN, "hub.challenge": "1158201444"}
        whole |= {f"hub.{name}": value for name, value in query.items()}
        return signature.challenge(Call("GET", "", {}, whole, b""), connection(graph))

    def test_is_answered_to_who_knows_the_word(self, graph: Graph):
        assert self.asked(graph) == "1158201444"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"verify_token": "x"},
            {"verify_token": ""},
            {"mode": "unsubscribe"},
            {"challenge": ""},
            {"challenge": "<b>"},
            {"challenge": "1" * 999},
            {"verify_token": "\xe9"},
        ],
    )
    def test_is_not_answered_otherwise(self, graph: Graph, wrong: dict[str, str]):
        assert self.asked(graph, **wrong) == ""

    def test_is_never_answered_where_no_word_was_agreed(self, graph: Graph):
        query = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
        assert signature.challenge(Call("GET", "", {}, query, b""), connection(graph, verify_token="")) == ""


def test_a_call_is_never_genuine_where_no_secret_is_known(graph: Graph):
    raw = b"{}"
    call = Call("POST", "", {"x-hub-signature-256": metas.sign(raw, "")["X-Hub-Signature-256"]}, {}, raw)
    assert not signature.is_genuine(call, connection(graph, app_secret=""))
