"""What reports and time make of a fault, step by step."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import Report
from channels.device import pace, topics, turning
from channels.device.models import DeviceFault
from channels.device.turning import Seen, Turn

BEGAN = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
CASES = tomllib.loads(Path("tests/cases/device/turns.toml").read_text())["case"]


def after(seconds: float | None) -> datetime | None:
    return None if seconds is None else BEGAN + timedelta(seconds=seconds)


def fresh() -> DeviceFault:
    return DeviceFault(
        id=1, device="a1", fault="x", state="over", count=0, quiet="", first_at=BEGAN, began_at=BEGAN, last_at=BEGAN
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
class TestAFault:
    def test_turns_as_its_table_says(self, case: dict[str, Any]):
        fault = fresh()
        settings = pace.of({name: case[name] for name in ("lasts", "settles", "returns")})
        for step in case["steps"]:
            seconds, what, wanted, *more = step
            known = {"told": None, "quiet": None, "closed": None} | (more[0] if more else {})
            seen = Seen(
                BEGAN + timedelta(seconds=seconds), *(after(known[name]) for name in ("told", "quiet", "closed"))
            )
            if what == "time":
                turn = turning.passed(fault, seen, settings)
            else:
                turn = turning.told(fault, Report("a1", "x", "X", is_over=what == "over"), seen, settings)
            assert turn is Turn(wanted), step
            if turn is Turn.OPEN:
                fault.ticket_id = 4711
            assert (fault.state in {"waiting", "settling"}) == (fault.turns_at is not None), step
        assert fault.count == case["count"]


class TestAPattern:
    @pytest.mark.parametrize(
        ("pattern", "topic", "named"),
        [
            ("devices/{device}/faults", "devices/crac-07/faults", {"device": "crac-07"}),
            ("p/+/{device}/{fault}", "p/4/crac-07/E17", {"device": "crac-07", "fault": "E17"}),
            ("p/{device}/#", "p/crac-07/a/b", {"device": "crac-07"}),
            ("p/{device}", "p/crac-07/a", None),
            ("p/{device}/faults", "q/crac-07/faults", None),
        ],
    )
    def test_reads_what_a_topic_names(self, pattern: str, topic: str, named: dict[str, str] | None):
        (one,) = topics.patterns(pattern)
        assert one.read(topic) == named

    def test_is_asked_for_with_a_plus_where_a_name_stands(self):
        assert [one.topic_filter for one in topics.patterns("p/{device}/x, q/{device}/{fault}")] == ["p/+/x", "q/+/+"]

    @pytest.mark.parametrize("typed", ["", "a/#/b", "a/b+", "{device}/{device}", "$SYS/{device}", "a/{other}"])
    def test_that_is_none_is_refused(self, typed: str):
        assert topics.wrong(typed).endswith(".")
