"""A product without an https address: Meta cannot call it, and who connects a channel is told so."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from channels import registry
from channels.models import Channel
from helpdesk.db import db
from helpdesk.settings import settings
from tests.channels.contract import metas
from tests.channels.meta.test_connecting import HERE, KINDS, form
from tests.fakes.graph import Graph
from tests.plugins.world import Browser

WORDS = "Meta only calls https addresses, and ours is not one. Set HELPDESK_BASE_URL"


@pytest.mark.parametrize("kind", KINDS)
class TestWithoutHttps:
    def test_the_form_says_so_at_the_field_beside_which_our_address_is_entered(
        self, ada: Browser, graph: Graph, kind: str
    ):
        answer = ada.post(f"{HERE}/new/{kind}", form(graph, kind))
        assert answer.status_code == 422
        assert re.search(rf'id="verify_token-error">(<svg.*?</svg>)?{WORDS}', answer.text)
        assert db.session.scalars(select(Channel).where(Channel.kind == kind)).all() == []

    def test_the_test_ends_at_the_way_in(self, world: object, graph: Graph, kind: str, monkeypatch: pytest.MonkeyPatch):
        channel = metas.Peer(graph, kind).channel()
        adapter = registry.adapter(kind)
        connection = adapter.connect(channel)
        last = [*adapter.test(connection)][-1]  # type: ignore[attr-defined]
        assert (last.words, last.ok, last.sentence.startswith(WORDS)) == ("The way in", False, True)
        monkeypatch.setenv("HELPDESK_BASE_URL", "https://help.meridian.example")
        settings.cache_clear()
        assert all(step.ok for step in adapter.test(connection))  # type: ignore[attr-defined]
