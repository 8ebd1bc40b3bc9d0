"""Settings, Channels, X: the form, what is wrong in it, and the test that writes to nobody."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from channels import sealing
from channels.models import Channel
from helpdesk.db import db
from tests.fakes import x as fakes
from tests.fakes.x import Refusal, X
from tests.plugins.world import Browser

HERE = "/settings/channels"


def form(x: X, **more: str) -> dict[str, str]:
    keys = {"api_key": fakes.API_KEY, "api_secret": fakes.API_SECRET}
    return {
        "name": "Meridian Cooling", "address": f"@{fakes.USERNAME}", "incoming": "poll", "reads": "both", "budget": "25",
        "base_url": x.url, "access_token": fakes.ACCESS_TOKEN, "access_secret": fakes.ACCESS_SECRET, **keys, **more,
    }  # fmt: skip


def connected(ada: Browser, x: X, **more: str) -> Channel:
    answer = ada.post(f"{HERE}/new/x", form(x, **more))
    assert answer.status_code == 303, answer.text
    return db.session.scalars(select(Channel).where(Channel.kind == "x")).one()


class TestConnect:
    def test_keeps_its_keys_sealed_and_says_what_x_costs(self, ada: Browser, x: X):
        shown = ada.get(f"{HERE}/new/x").text
        assert "$0.200" in shown
        assert "$0.010" in shown
        channel = connected(ada, x)
        assert sealing.opened(channel)["access_secret"] == fakes.ACCESS_SECRET
        page = ada.get(f"{HERE}/{channel.id}").text
        for secret in (fakes.API_KEY, fakes.API_SECRET, fakes.ACCESS_TOKEN, fakes.ACCESS_SECRET):
            assert secret not in page
        assert "$0.00 of $25.00" in page

    @pytest.mark.parametrize(
        ("field", "typed", "sentence"),
        [
            ("address", "not a name", "Enter the name of the account"),
            ("access_token", "no number", "This is not an access token"),
            ("api_secret", "short", "This is not what X shows"),
            ("budget", "much", "Enter dollars"),
            ("budget", "NaN", "Enter dollars"),
            ("incoming", "both", "X only calls https addresses without a port"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, ada: Browser, x: X, field: str, typed: str, sentence: str):
        answer = ada.post(f"{HERE}/new/x", form(x, **{field: typed}))
        assert (answer.status_code, sentence in answer.text) == (422, True)
        assert db.session.scalars(select(Channel).where(Channel.kind == "x")).all() == []

    def test_to_another_address_wants_the_keys_again(self, ada: Browser, x: X):
        channel = connected(ada, x)
        keys = dict.fromkeys(("api_key", "api_secret", "access_token", "access_secret"), "")
        answer = ada.post(f"{HERE}/{channel.id}", form(x, base_url="https://elsewhere.example", **keys))
        assert (answer.status_code, "Type it again" in answer.text) == (422, True)


class TestTest:
    def test_asks_who_it_is_and_writes_to_nobody(self, ada: Browser, x: X):
        answer = ada.post(f"{HERE}/{connected(ada, x).id}/test")
        assert (answer.status_code, "Everything works." in answer.text) == (200, True)
        assert {one.method for one in x.asked} == {"GET"}

    def test_says_whose_tokens_they_are(self, ada: Browser, x: X):
        x.username = "another"
        answer = ada.post(f"{HERE}/{connected(ada, x).id}/test")
        assert (answer.status_code, "belong to @another" in answer.text) == (422, True)

    def test_says_that_direct_messages_may_not_be_read(self, ada: Browser, x: X):
        detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
        x.read_refusals["dm_events"] = [Refusal(403, detail)]
        answer = ada.post(f"{HERE}/{connected(ada, x).id}/test")
        assert (answer.status_code, "right to read, write and direct messages" in answer.text) == (422, True)
