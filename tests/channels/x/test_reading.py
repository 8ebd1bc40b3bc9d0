"""What X tells, read case by case; how it counts; what its refusals mean."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels import adapter as kinds
from channels.adapter import Envelope, Progress, Quarantine, RateLimited
from channels.x.adapter import XAdapter
from channels.x.failures import refuse
from helpdesk.text.weighing import has_link, weighed

CASES = Path("tests/cases/x")


def cases(name: str) -> list[Any]:
    found = tomllib.loads((CASES / name).read_text())["case"]
    return [pytest.param(one, id=one["name"]) for one in found]


def _told(envelope: Envelope) -> dict[str, Any]:
    return {
        "kind": envelope.kind.value,
        "text": envelope.text,
        "author": envelope.author.address,
        "author_name": envelope.author.name,
        "message_id": envelope.message_id,
        "conversation_key": envelope.conversation_key,
        "in_reply_to": envelope.in_reply_to,
        "direction": envelope.direction.value,
        "summoned": dict(envelope.facts).get("summoned"),
        "at": envelope.date.isoformat() if envelope.date else None,
        "files": [[one.filename, one.content_type, one.reference, one.missing] for one in envelope.attachments],
    }


@pytest.mark.parametrize("case", cases("events.toml"))
def test_an_event(case: dict[str, Any]):
    raw, x = case["event"].encode(), XAdapter()
    if case.get("refused"):
        with pytest.raises(Quarantine):
            x.split(raw)
        return
    if "arrives" in case:
        assert [one.external_id for one in x.split(raw)] == case["arrives"]
    if "kind" not in case:
        assert [x.parse(one.raw).kind for one in x.split(raw)]
        return
    envelope = x.parse(raw)
    assert "why" not in case or case["why"] in envelope.suspicion
    expected = {name: value for name, value in case.items() if name in _told(envelope)}
    assert {name: value for name, value in _told(envelope).items() if name in expected} == expected


def test_news_of_reading_are_read():
    raw = next(one.values[0]["event"] for one in cases("events.toml") if one.id == "they read what we sent")
    assert XAdapter().parse(raw.encode()).news is Progress.READ


def test_several_events_of_one_call_are_kept_apart():
    raw = next(one.values[0]["event"] for one in cases("events.toml") if one.id == "two at once").encode()
    first, second = XAdapter().split(raw)
    assert (b'"@MeridianService b"' in first.raw, b'"@MeridianService a"' in second.raw) == (False, False)
    assert b'"for_user_id": "1111"' in second.raw


@pytest.mark.parametrize("case", cases("lengths.toml"))
def test_a_length(case: dict[str, Any]):
    assert (weighed(case["text"]), has_link(case["text"])) == (case["is"], case.get("link", False))


class _Response:
    def __init__(self, status: int, detail: str, headers: dict[str, str]) -> None:
        self.status_code, self.content, self.headers = status, detail.encode(), headers


def _stamped(value: str) -> str:
    return str(int(time.time()) + int(value.strip("<>"))) if value.startswith("<") else value


@pytest.mark.parametrize("case", cases("refusals.toml"))
def test_a_refusal(case: dict[str, Any]):
    headers = {name: _stamped(value) for name, value in case.get("headers", {}).items()}
    with pytest.raises(getattr(kinds, case["is"])) as refused:
        refuse(_Response(case["status"], case["detail"], headers))
    assert type(refused.value).__name__ == case["is"]
    assert case.get("says", "") in refused.value.reason
    assert refused.value.reason.endswith(".")
    if isinstance(refused.value, RateLimited):
        assert case["wait"] <= refused.value.retry_after <= case["wait"] + 700
