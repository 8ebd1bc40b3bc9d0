"""Each form of a report, as its documentation has it: what is read, and why something is kept aside."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import Kind, Quarantine
from channels.device import receiving
from channels.device.adapter import DeviceAdapter
from channels.device.receiving import take_apart
from helpdesk.now import travel

CASES = Path("tests/cases/device")
FORMS = {"plain": "plain", "alertmanager": "alert", "cloudevents": "cloud"}
LABELS = ("serial", "device", "instance")


def cases(name: str) -> list[Any]:
    found = tomllib.loads((CASES / f"{name}.toml").read_text())["case"]
    return [pytest.param(FORMS[name], case, id=f"{name}: {case['name']}") for case in found]


@pytest.mark.parametrize(("form", "case"), [*cases("plain"), *cases("alertmanager"), *cases("cloudevents")])
class TestAReport:
    def test_is_read_as_its_table_says(self, form: str, case: dict[str, Any]):
        more = {"labels": case["labels"]} if "labels" in case else {}
        raw = receiving.stored(form, json.loads(case["body"]), key=7, **more)
        if "refused" in case:
            with pytest.raises(Quarantine) as kept:
                DeviceAdapter().parse(raw)
            assert kept.value.reason == case["refused"]
            return
        read = DeviceAdapter().parse(raw)
        if "ignored" in case:
            assert (read.kind, read.suspicion) == (Kind.NOTHING, case["ignored"])
            return
        told = read.report
        assert read.kind is Kind.DEVICE
        assert told is not None
        assert (told.device, told.fault, told.is_over) == (case["device"], case["fault"], case.get("over", False))
        assert (told.severity, told.key_id) == (case.get("severity"), 7)
        assert told.serial == case.get("serial", told.device)
        assert told.title == case.get("title", told.title)
        assert read.text == case.get("text", read.text)
        assert read.date == case.get("at", read.date)


def parsed(headers: dict[str, str], body: Any, labels: tuple[str, ...] = LABELS) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [DeviceAdapter().parse(one.raw).report for one in take_apart(headers, raw, labels, 7)]


def names(headers: dict[str, str], body: Any) -> list[str]:
    return [one.external_id for one in take_apart(headers, json.dumps(body).encode(), LABELS, 7)]


EVENT = {"specversion": "1.0", "type": "overheat", "source": "/units/crac-07", "id": "A1"}


class TestACall:
    def test_may_hold_several_of_our_own(self):
        told = parsed({}, {"events": [{"device": "a1", "fault": "x"}, {"device": "b2", "fault": "y"}]})
        assert [(one.device, one.fault) for one in told] == [("a1", "x"), ("b2", "y")]

    def test_may_hold_a_batch_of_cloudevents(self):
        told = parsed({"content-type": "application/cloudevents-batch+json"}, [EVENT, {**EVENT, "id": "A2"}])
        assert [one.device for one in told] == ["crac-07", "crac-07"]

    def test_may_hold_an_empty_batch(self):
        assert parsed({"content-type": "application/cloudevents-batch+json; charset=utf-8"}, []) == []

    def test_may_say_an_event_in_its_headers(self):
        headers = {f"ce-{name}": value for name, value in EVENT.items()} | {"content-type": "application/json"}
        (told,) = parsed({**headers, "ce-subject": "Raum%20f%C3%BCnf"}, {"severity": "critical"})
        assert (told.device, told.fault, told.severity) == ("Raum fünf", "overheat", 4)

    def test_may_say_plain_text_with_its_headers(self):
        headers = {f"ce-{name}": value for name, value in EVENT.items()} | {"content-type": "text/plain"}
        (arrival,) = take_apart(headers, "27 °C".encode(), LABELS)
        assert DeviceAdapter().parse(arrival.raw).text == "27 °C"

    def test_may_hold_a_group_of_alerts(self):
        alert = {"status": "firing", "labels": {"serial": "a1"}, "annotations": {}, "startsAt": "2026-11-20T14:05:00Z"}
        group = {
            "version": "4",
            "receiver": "kept",
            "groupKey": "{}",
            "alerts": [{**alert, "fingerprint": "f1"}, {**alert, "fingerprint": "f2"}],
        }
        assert [one.fault for one in parsed({}, group)] == ["f1", "f2"]

    @pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"{}", b'{"events": 7}', b'{"alerts": []}', b'{"a": NaN}'])
    def test_of_anything_else_is_kept_whole(self, raw: bytes):
        with pytest.raises(Quarantine):
            take_apart({}, raw, LABELS)


class TestTheNameOfAReport:
    def test_is_the_key_it_was_sent_with(self):
        first = names({"idempotency-key": "7c1f"}, {"device": "a1", "fault": "x"})
        assert first == names({"idempotency-key": "7c1f"}, {"device": "a1", "fault": "x"})
        assert first != names({"idempotency-key": "7c20"}, {"device": "a1", "fault": "x"})

    def test_is_its_id_on_its_device(self):
        assert names({}, {"device": "a1", "fault": "x", "id": "4"}) == names(
            {}, {"device": "a1", "fault": "x", "id": "4"}
        )
        assert names({}, {"device": "a1", "fault": "x", "id": "4"}) != names(
            {}, {"device": "b1", "fault": "x", "id": "4"}
        )

    def test_is_a_new_one_where_it_has_none(self):
        assert names({}, {"device": "a1", "fault": "x"}) != names({}, {"device": "a1", "fault": "x"})

    def test_of_a_cloudevent_is_its_source_and_id(self):
        assert names({}, EVENT) == names({}, {**EVENT, "type": "other"})
        assert names({}, EVENT) != names({}, {**EVENT, "source": "/units/crac-08"})

    def test_of_an_alert_is_the_same_within_the_hour_and_news_later(self):
        alert = {"status": "firing", "labels": {"serial": "a1"}, "startsAt": "2026-11-20T14:05:00Z", "fingerprint": "f"}
        group = {"receiver": "kept", "alerts": [alert]}
        with travel(to=datetime(2026, 11, 20, 14, 6, tzinfo=UTC)):
            first = names({}, group)
        with travel(to=datetime(2026, 11, 20, 14, 50, tzinfo=UTC)):
            assert names({}, group) == first
        with travel(to=datetime(2026, 11, 20, 18, 6, tzinfo=UTC)):
            assert names({}, group) != first
            over = {"receiver": "kept", "alerts": [{**alert, "status": "resolved", "endsAt": "2026-11-20T18:00:00Z"}]}
            ended = names({}, over)
        assert ended == names({}, over)
