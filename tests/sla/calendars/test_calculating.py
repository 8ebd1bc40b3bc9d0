"""Business time by the table of questions and right answers."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from sla.calendars.calculating import calculate
from sla.commands import sla

TABLE = tomllib.loads((Path(__file__).parents[2] / "cases" / "business_time.toml").read_text())


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_gives_the_right_answer(case):
    question = {
        "calendar": TABLE["calendars"][case["calendar"]],
        "operation": case["operation"],
        "inputs": case["inputs"],
    }
    assert calculate(question) == case["answer"]


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        (None, "Give one object"),
        ({}, "operation"),
        ({"operation": "is_open"}, "calendar"),
        ({"operation": "is_open", "calendar": {"zone": "Mars/Olympus"}}, "zone"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "hours": {"moonday": []}}}, "hours"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "hours": {"mon": [["09:00", "09:00"]]}}}, "hours.mon"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "hours": {"mon": [["25:00", "26:00"]]}}}, "hours.mon"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "holidays": ["2026-02-30"]}}, "holidays"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "holidays": ["02-30"]}}, "holidays"),
        ({"operation": "is_open", "calendar": {"zone": "UTC", "overrides": {"soon": []}}}, "overrides"),
    ],
)
def test_says_which_field_is_wrong(question, begins):
    assert calculate(question)["error"].startswith(begins)


def test_the_command_answers_line_by_line_and_survives_a_bad_one():
    good = {
        "calendar": TABLE["calendars"]["C"],
        "operation": "is_open",
        "inputs": {"instant": "2026-11-20T12:00:00-05:00"},
    }
    result = (
        Flask("arithmetic")
        .test_cli_runner()
        .invoke(sla, ["calculate"], input=f"{json.dumps(good)}\nnonsense\n\n{'[' * 100_000}\n{json.dumps(good)}\n")
    )
    answers = [json.loads(line) for line in result.output.splitlines()]
    assert answers == [{"open": True}, *[{"error": "The line is not JSON."}] * 2, {"open": True}]
