"""Events and calls as Slack documents them, and as nobody should send them: tests/cases/slack/*.toml."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.adapter import Quarantine
from channels.slack import reading
from channels.slack.adapter import SlackAdapter
from channels.slack.words import escaped, plain
from tests.fakes import slack as slacks

FOLDER = Path(__file__).parents[2] / "cases/slack"


def cases(*names: str) -> list[dict[str, Any]]:
    return [
        case for name in names for case in tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))["case"]
    ]


def raw(case: dict[str, Any]) -> bytes:
    around = json.loads(case.get("outer", "{}"))
    return json.dumps(slacks.outer(json.loads(case["event"]), "Ev1", **around)).encode()


@pytest.mark.parametrize(
    "case", cases("messages", "changes", "echoes", "connect", "files"), ids=lambda case: case["name"]
)
def test_an_event(case: dict[str, Any]):
    adapter = SlackAdapter()
    if case.get("quarantined"):
        with pytest.raises(Quarantine, match=r"\.$"):
            adapter.parse(raw(case))
        return
    envelope = adapter.parse(raw(case))
    found = {
        "kind": envelope.kind.value,
        "text": envelope.text,
        "author": envelope.author.address,
        "message_id": envelope.message_id,
        "in_reply_to": envelope.in_reply_to,
        "conversation_key": envelope.conversation_key,
        "date": envelope.date.isoformat() if envelope.date else "",
        "to_us": reading.US in envelope.delivered_to,
        "facts": dict(envelope.facts),
        "files": [[one.filename, one.content_type, one.reference, one.missing] for one in envelope.attachments],
    }
    expected = {name: value for name, value in case.items() if name in found}
    assert expected
    assert {name: found[name] for name in expected} == expected
    assert case.get("reason", "") in envelope.suspicion
    assert bool(envelope.suspicion) == (envelope.kind == "nothing")


@pytest.mark.parametrize("case", cases("calls"), ids=lambda case: case["name"])
def test_a_call(case: dict[str, Any]):
    adapter = SlackAdapter()
    body = (urlencode(case["form"]) if "form" in case else case["body"]).encode()
    assert [[str(one.delivery_id), one.key, one.address, one.words, one.replaces] for one in adapter.presses(body)] == (
        case.get("presses", [])
    )
    if case.get("quarantined"):
        with pytest.raises(Quarantine, match=r"\.$"):
            adapter.split(body)
        return
    kept = adapter.split(body)
    assert [one.external_id for one in kept] == case["names"]
    for one in kept:
        assert isinstance(json.loads(one.raw), dict)
    if "answer" in case:
        assert adapter.reply(body).body == case["answer"]


@pytest.mark.parametrize("words", ["<!channel>", "<https://evil.example|your bank>", "a & b < c > d", "&lt;@U1&gt;"])
def test_words_we_send_are_read_as_they_were_written(words: str):
    assert plain(escaped(words)) == words
