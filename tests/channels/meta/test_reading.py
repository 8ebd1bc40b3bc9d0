"""Events as Meta documents them, and as nobody should send them: tests/cases/{messenger,instagram,whatsapp}."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels import registry
from channels.adapter import Envelope, Quarantine
from channels.meta.pages.adapter import PagesAdapter
from channels.meta.whatsapp.adapter import WhatsAppAdapter
from tests.channels.contract import metas
from tests.fakes import graph as graphs

CASES = Path(__file__).parents[2] / "cases"


def table(kind: str) -> list[Any]:
    cases = tomllib.loads((CASES / kind / "webhooks.toml").read_text(encoding="utf-8"))["case"]
    return [pytest.param(kind, case, id=f"{kind}, {case['name']}") for case in cases]


def call(kind: str, case: dict[str, Any]) -> bytes:
    if kind == "whatsapp":
        return metas.change(**json.loads(case["value"]))
    about, account = ("page", graphs.PAGE) if kind == "messenger" else ("instagram", graphs.INSTAGRAM)
    return metas.call(about, account, json.loads(case["event"]))


def shown(envelope: Envelope) -> dict[str, Any]:
    return {
        "kind": envelope.kind.value,
        "text": envelope.text,
        "author": envelope.author.address,
        "author_name": envelope.author.name,
        "also": list(envelope.author.also),
        "author_before": list(envelope.author_before),
        "message_id": envelope.message_id,
        "in_reply_to": envelope.in_reply_to,
        "conversation_key": envelope.conversation_key,
        "conversation_before": list(envelope.conversation_before),
        "direction": envelope.direction.value,
        "news": envelope.news.value if envelope.news else "",
        "sending": envelope.sending,
        "suspicion": envelope.suspicion,
        "date": envelope.date.isoformat() if envelope.date else "",
        "files": [[one.filename, one.content_type, one.reference] for one in envelope.attachments],
    }


@pytest.mark.parametrize(("kind", "case"), [*table("messenger"), *table("instagram"), *table("whatsapp")])
def test_an_event(kind: str, case: dict[str, Any]):
    adapter: Any = registry.adapter(kind)
    (arrival,) = adapter.split(call(kind, case))
    if "arrival" in case:
        assert arrival.external_id == case["arrival"]
    if case.get("quarantined"):
        with pytest.raises(Quarantine, match=r"\.$"):
            adapter.parse(arrival.raw)
        return
    found = shown(adapter.parse(arrival.raw))
    expected = {name: value for name, value in case.items() if name in found}
    assert {name: found[name] for name in expected} == expected


class TestABatch:
    def test_comes_apart_into_its_events_and_each_is_a_call_of_its_own(self):
        entries = [
            {"id": graphs.PAGE, "time": 1, "messaging": [words("m_1"), words("m_2")]},
            {"id": "99999", "time": 2, "messaging": [words("m_3")], "standby": [words("m_4")]},
        ]
        raw = json.dumps({"object": "page", "entry": entries}).encode()
        arrivals = pages().split(raw)
        assert [one.external_id for one in arrivals] == [f"message:m_{number}" for number in (1, 2, 3, 4)]
        assert [one.address for one in arrivals] == [graphs.PAGE, graphs.PAGE, "99999", "99999"]
        assert [one.kind for one in pages().parse_each([one.raw for one in arrivals])][:3] == ["message"] * 3
        assert pages().parse(arrivals[3].raw).kind == "nothing"

    def test_of_deliveries_is_news_of_each(self):
        told = {
            "sender": {"id": "7"},
            "recipient": {"id": graphs.PAGE},
            "delivery": {"mids": ["a", "b"], "watermark": 1},
        }
        arrivals = pages().split(metas.call("page", graphs.PAGE, told))
        assert [one.external_id for one in arrivals] == ["delivery:a", "delivery:b"]
        assert [pages().parse(one.raw).message_id for one in arrivals] == ["a", "b"]

    def test_of_whatsapp_keeps_each_message_with_its_own_contact(self):
        people = [{"profile": {"name": name}, "wa_id": number} for name, number in (("Ada", "491"), ("Ben", "492"))]
        messages = [
            {"from": number, "id": f"wamid.{number}", "timestamp": "1", "type": "text", "text": {"body": "x"}}
            for number in ("492", "491")
        ]
        statuses = [{"id": "wamid.O", "status": "read", "timestamp": "1", "recipient_id": "491"}]
        arrivals = WhatsAppAdapter().split(metas.change(contacts=people, messages=messages, statuses=statuses))
        assert [one.external_id for one in arrivals] == ["message:wamid.492", "message:wamid.491", "read:wamid.O"]
        assert [WhatsAppAdapter().parse(one.raw).author.name for one in arrivals] == ["Ben", "Ada", ""]

    def test_of_a_thousand_people_come_apart_with_the_one_each_is_of(self):
        numbers = [str(49_000_000_000 + number) for number in range(1000)]
        people = [{"wa_id": number, "profile": {"name": f"Of {number}"}} for number in numbers]
        messages = [{"from": number, "id": f"wamid.{number}", "type": "text"} for number in reversed(numbers)]
        arrivals = WhatsAppAdapter().split(metas.change(contacts=people, messages=messages))
        kept = [json.loads(one.raw)["entry"][0]["changes"][0]["value"] for one in arrivals]
        assert [one["contacts"] for one in kept] == [[person] for person in reversed(people)]
        assert [one["messages"] for one in kept] == [[message] for message in messages]

    def test_without_names_is_named_by_its_bytes_and_so_is_a_name_that_is_too_long(self):
        told = [{"unknown": 1}, {"unknown": 2}, words("m" * 5000)]
        names = [one.external_id for one in pages().split(metas.call("page", graphs.PAGE, *told))]
        assert len(set(names)) == 3
        assert all(name.startswith("event:") and len(name) < 100 for name in names)
        assert names == [one.external_id for one in pages().split(metas.call("page", graphs.PAGE, *told))]

    def test_of_halves_of_characters_is_still_filed(self):
        raw = metas.call("page", graphs.PAGE).replace(
            b"[]", b'[{"sender": {"id": "7"}, "message": {"mid": "m", "text": "\\ud83d"}}]'
        )
        (arrival,) = pages().split(raw)
        assert pages().parse(arrival.raw).text == "\ufffd"

    @pytest.mark.parametrize(
        "raw",
        [
            b"{}",
            b'{"object": "page"}',
            b'{"object": "instagram", "entry": []}',
            b'{"object": 1, "entry": []}',
            b'{"object": "page", "entry": [1]}',
        ],
    )
    def test_of_something_else_is_kept_aside(self, raw: bytes):
        with pytest.raises(Quarantine, match=r"\.$"):
            pages().split(raw)

    def test_of_nothing_holds_nothing(self):
        assert pages().split(b'{"object": "page", "entry": []}') == []


def words(mid: str) -> dict[str, Any]:
    return {
        "sender": {"id": "7"},
        "recipient": {"id": graphs.PAGE},
        "timestamp": 1,
        "message": {"mid": mid, "text": "x"},
    }


def pages() -> PagesAdapter:
    found: Any = registry.adapter("messenger")
    return found
