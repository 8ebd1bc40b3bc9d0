"""Updates as Telegram documents them, and as nobody should send them: tests/cases/telegram/updates.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import Quarantine
from channels.telegram.adapter import TelegramAdapter

CASES = json.loads((Path(__file__).parents[2] / "cases/telegram/updates.json").read_text(encoding="utf-8"))


def raw(case: dict[str, Any]) -> bytes:
    update = case["update"]
    if "repeat_text" in case:
        update["message"]["text"] = "a" * case["repeat_text"]
    return json.dumps(update).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_update(case: dict[str, Any]):
    adapter = TelegramAdapter()
    if case.get("quarantined"):
        with pytest.raises(Quarantine, match=r"\.$"):
            adapter.parse(raw(case))
        return
    envelope = adapter.parse(raw(case))
    found = {
        "kind": envelope.kind.value,
        "text": envelope.text,
        "author": envelope.author.address,
        "author_name": envelope.author.name,
        "message_id": envelope.message_id,
        "in_reply_to": envelope.in_reply_to,
        "conversation_key": envelope.conversation_key,
        "delivered_to": list(envelope.delivered_to),
        "files": [[one.filename, one.content_type, one.reference, one.missing] for one in envelope.attachments],
    }
    expected = {name: value for name, value in case.items() if name in found}
    assert {name: found[name] for name in expected} == expected


def test_only_what_is_said_to_us_in_a_group_is_for_us():
    adapter = TelegramAdapter()
    named = {case["name"]: adapter.parse(raw(case)) for case in CASES if not case.get("quarantined")}
    spoken = named["called by name in a group, behind an emoji"]
    assert adapter.seen_from(spoken, "@Meridian_service_bot").kind == "message"
    assert adapter.seen_from(spoken, "@another_bot").kind == "nothing"
    assert adapter.seen_from(named["words"], "@another_bot").kind == "message"
