"""What the provider calls us with, as it documents it: tests/cases/phone/told.toml, as a form and as JSON."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.adapter import Quarantine
from channels.phone.adapter import PhoneAdapter

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/phone/told.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("write", [urlencode, json.dumps], ids=["form", "json"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_call(case: dict[str, Any], write):
    adapter = PhoneAdapter()
    (arrival,) = adapter.split(write(case["told"]).encode())
    if case.get("quarantined"):
        with pytest.raises(Quarantine, match=r"\.$"):
            adapter.parse(arrival.raw)
        return
    envelope = adapter.parse(arrival.raw)
    found = {
        "kind": envelope.kind.value,
        "text": envelope.text,
        "subject": envelope.subject,
        "author": envelope.author.address,
        "author_name": envelope.author.name,
        "message_id": envelope.message_id,
        "key": envelope.conversation_key,
        "files": [[one.filename, one.content_type, one.reference] for one in envelope.attachments],
        "facts": [list(one) for one in envelope.facts],
        "news": envelope.news.value if envelope.news else "",
        "why": envelope.suspicion,
        "date": envelope.date.isoformat() if envelope.date else "",
    }
    expected = case.get("is", {})
    assert {name: found[name] for name in expected} == expected
    for name, value in case.get("call", {}).items():
        assert getattr(envelope.call, name) == value, name
    assert case.get("event", arrival.external_id) == arrival.external_id


def test_more_fields_than_the_provider_has_are_refused():
    with pytest.raises(Quarantine, match="fields"):
        PhoneAdapter().split(urlencode({f"a{number}": "" for number in range(400)}).encode())


def test_names_of_any_length_are_kept_apart():
    adapter = PhoneAdapter()
    names = {
        adapter.split(urlencode({"MessageSid": "S" * 500, "MessageStatus": word}).encode())[0].external_id
        for word in ("sent", "delivered")
    }
    assert len(names) == 2
    assert all(len(name) < 200 for name in names)
