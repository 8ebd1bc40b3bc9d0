"""Settings for the three: what is wrong said at the field, each step of a test, Meta's question answered, no secret shown."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from channels import registry, sealing
from channels.adapter import AuthExpired
from channels.models import Channel
from helpdesk.db import db
from helpdesk.settings import settings
from tests.channels.contract import metas
from tests.fakes import graph as graphs
from tests.fakes.graph import Graph
from tests.plugins.world import Browser, World

HERE = "/settings/channels"
KINDS = ("messenger", "instagram", "whatsapp")


@pytest.fixture(autouse=True)
def _public(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product has an address that Meta calls; `graph` puts the settings back."""
    monkeypatch.setenv("HELPDESK_BASE_URL", "https://help.meridian.example")
    settings.cache_clear()


def form(graph: Graph, kind: str, **values: str) -> dict[str, str]:
    secrets = {"token": graphs.TOKEN, "app_secret": graphs.APP_SECRET, "verify_token": graphs.VERIFY_TOKEN}
    more = {"number_id": graphs.NUMBER_ID, "business": graphs.BUSINESS} if kind == "whatsapp" else {}
    known = {"name": "Meridian Cooling", "address": metas.ADDRESSES[kind], "base_url": graph.url}
    return {**known, **secrets, **more, **values}


def connected(ada: Browser, graph: Graph, kind: str) -> Channel:
    assert ada.post(f"{HERE}/new/{kind}", form(graph, kind)).status_code == 303
    db.session.expire_all()
    return db.session.scalars(select(Channel).where(Channel.kind == kind)).one()


@pytest.mark.parametrize("kind", KINDS)
class TestEach:
    def test_is_connected_tested_and_arranged(self, ada: Browser, graph: Graph, kind: str):
        channel = connected(ada, graph, kind)
        assert sealing.opened(channel)["app_secret"] == graphs.APP_SECRET
        shown = ada.post(f"{HERE}/{channel.id}/test")
        assert (shown.status_code, "Everything works" in shown.text) == (200, True)
        assert f"/hooks/{kind}/{channel.hook_key}" in shown.text
        assert not any(secret in shown.text for secret in (graphs.TOKEN, graphs.APP_SECRET, graphs.VERIFY_TOKEN))
        adapter = registry.adapter(kind)
        assert adapter.arrange(adapter.connect(channel)).endswith(".")  # type: ignore[attr-defined]
        assert len(graph.subscribed) == 1
        assert graph.sent == []

    def test_of_another_account_says_so_and_is_not_used(self, ada: Browser, graph: Graph, kind: str):
        channel = connected(ada, graph, kind)
        channel.address = "+15550001111" if kind == "whatsapp" else "999999999"
        db.session.commit()
        assert ada.post(f"{HERE}/{channel.id}/test").status_code == 422
        adapter = registry.adapter(kind)
        with pytest.raises(AuthExpired):
            adapter.arrange(adapter.connect(channel))  # type: ignore[attr-defined]
        assert graph.subscribed == []

    def test_answers_meta_s_question_to_who_knows_the_word(self, world: World, ada: Browser, graph: Graph, kind: str):
        channel = connected(ada, graph, kind)
        path = f"/hooks/{kind}/{channel.hook_key}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
        with world.app.test_client() as client:
            answer = client.get(path + graphs.VERIFY_TOKEN)
            assert (answer.status_code, answer.text, answer.mimetype) == (200, "1158201444", "text/plain")
            assert client.get(path + "another").status_code == 401

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("address", "meridian", "Enter the"),
            ("token", "x y", "not an access token"),
            ("app_secret", "secret", "not an app secret"),
            ("app_secret", "", "App secret is missing"),
            ("verify_token", "short", "12 letters"),
            ("base_url", "ftp://x", "Enter the address alone"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(
        self, ada: Browser, graph: Graph, kind: str, field: str, value: str, words: str
    ):
        answer = ada.post(f"{HERE}/new/{kind}", form(graph, kind, **{field: value}))
        assert (answer.status_code, words in answer.text) == (422, True)
        assert graphs.TOKEN not in answer.text


def test_a_page_without_an_instagram_account_says_what_to_do(ada: Browser, graph: Graph):
    channel = connected(ada, graph, "instagram")
    graph.instagram = ""
    assert "Link it" in ada.post(f"{HERE}/{channel.id}/test").text


def test_ids_of_whatsapp_are_numbers(ada: Browser, graph: Graph):
    assert "long number" in ada.post(f"{HERE}/new/whatsapp", form(graph, "whatsapp", business="mine")).text
