"""Shifts by the table of rotas and right answers, and what a rota that cannot be read is told."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from flask import Flask

from sla.commands import oncall
from sla.oncall.answering import answer

TABLE = tomllib.loads((Path(__file__).parents[2] / "cases" / "shifts.toml").read_text())
FROM, TO = "2026-10-12T00:00:00+02:00", "2026-10-13T00:00:00+02:00"
LAYER = {"name": "First", "participants": ["A"], "unit": "daily", "anchor": "2026-10-12"}


def asked(case) -> dict:
    return {"schedule": case["schedule"], "from": case["from"], "to": case["to"]}


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
class TestTheTable:
    def test_has_the_shifts(self, case):
        found = answer(asked(case))["shifts"]
        assert [[one["start"], one["end"], one["person"]] for one in found if one["lane"] == 1] == case["shifts"]

    def test_has_the_gaps(self, case):
        if "gaps" in case:
            found = answer(asked(case))["gaps"]
            said = [[one["start"], one["end"], one["cause"], *filter(None, [one.get("person")])] for one in found]
            assert said == case["gaps"]

    def test_rings_at_each_start_and_no_more_at_the_end(self, case):
        for start, end, person in case["shifts"]:
            assert person in answer({"schedule": case["schedule"], "at": start})["on_call"]["1"]
            follower = [one[2] for one in case["shifts"] if one[0] <= end < one[1]]
            if person not in follower and end != case["to"]:
                assert person not in answer({"schedule": case["schedule"], "at": end})["on_call"]["1"]


def rota(**changed) -> dict:
    return {"schedule": {"zone": "Europe/Berlin", "layers": [LAYER], **changed}, "from": FROM, "to": TO}


def layered(**changed) -> dict:
    return rota(layers=[{**LAYER, **changed}])


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        (None, "Give one object"),
        ({}, "schedule: give an object."),
        ({"schedule": {}}, "zone: None is not a time zone."),
        ({**rota(), "form": FROM}, "There is no field form."),
        (rota(zone="Mars/Olympus"), "zone: 'Mars/Olympus' is not a time zone."),
        (rota(layer=[]), "schedule: there is no field layer."),
        (rota(layers={}), "layers: give a list."),
        (rota(layers=["A"]), "layers[1]: give an object."),
        (layered(name=" "), "layers[1].name: give a name"),
        (layered(unit="fortnightly"), "layers[1].unit: 'fortnightly' is none of hourly, daily"),
        (layered(anchor="12.10.2026"), "layers[1].anchor: '12.10.2026' is not a date."),
        (layered(hand_over="8 Uhr"), "layers[1].hand_over: '8 Uhr' is not a time of day."),
        (layered(hand_over="24:00"), "layers[1].hand_over: 24:00 is 00:00 of the next day."),
        (layered(length=0), "layers[1].length: give a whole number from 1 to 366."),
        (layered(length=True), "layers[1].length: give a whole number"),
        (layered(participants="A"), "layers[1].participants: give a list."),
        (layered(participants=["A", []]), "layers[1].participants[2]: a group has at least one person."),
        (layered(participants=[["A", None]]), "layers[1].participants[1]: give a name"),
        (layered(lane=0), "layers[1].lane: give a whole number from 1 to 9."),
        (layered(start=TO, until=FROM), "layers[1]: it ends before it starts."),
        (layered(outside_office="yes"), "layers[1].outside_office: give true or false."),
        (layered(only=[{"from": "fri", "to": "mon"}]), "layers[1].only[1].from: 'fri' is not a time of the week"),
        (layered(only=[{"days": ["fry"], "from": "08:00", "to": "09:00"}]), "layers[1].only[1].days: give a list"),
        (layered(only=[{"days": ["fri"], "from": "24:00", "to": "09:00"}]), "layers[1].only[1].from: 24:00 is"),
        (rota(overrides=[{"start": FROM, "end": TO}]), "overrides[1]: say who joins"),
        (rota(overrides=[{"joins": "B", "start": TO, "end": FROM}]), "overrides[1]: it ends before it starts."),
        (rota(overrides=[{"joins": "B", "start": "soon", "end": TO}]), "overrides[1].start: 'soon' is not an instant"),
        (rota(swaps=[{"leaves": "A", "start": FROM, "end": TO}]), "swaps[1].joins: give a name"),
        (
            rota(swaps=[{"leaves": "A", "joins": "B", "start": FROM, "end": TO, "taken": [TO, FROM]}]),
            "swaps[1].taken: what is taken does not lie",
        ),
        (rota(plans=[{"start": FROM, "end": TO, "shifts": [{}]}]), "plans[1].shifts[1].start: None is not an instant"),
        (rota(absences=[{"person": "", "start": FROM, "end": TO}]), "absences[1].person: give a name"),
        (rota(rest={"nights": 3}), "rest: there is no field nights."),
        (rota(rest={"nights_running": 0}), "rest.nights_running: give a whole number"),
        (rota(rest={"night": ["22:00", "22:00"]}), "rest.night: give two times"),
        (rota(office={"hours": {"moonday": []}}), "hours: 'moonday' is not a day."),
        ({**rota(), "to": FROM}, "to: give an instant after from"),
        ({**rota(), "to": "2040-01-01T00:00:00Z"}, "to: give an instant after from, at most ten years later."),
        ({**rota(), "from": "2026-10-12T00:00:00"}, "from: '2026-10-12T00:00:00' needs an offset"),
        ({**rota(), "from": "2026-10-12T00:00:00.5Z"}, "from: '2026-10-12T00:00:00.5Z' has parts of a second."),
    ],
)
def test_says_which_field_is_wrong(question, begins):
    assert answer(question)["error"].startswith(begins)


def test_says_in_words_which_rule_of_rest_is_broken():
    found = answer({**rota(rest={"nights_running": 2}), "to": "2026-10-16T00:00:00+02:00"})
    assert found["rest"] == [
        "A would ring 5 nights running, Sun 11 Oct 22:00 to Fri 16 Oct 06:00. At most 2 are allowed."
    ]


def test_the_command_answers_line_by_line_and_survives_a_bad_one():
    good = json.dumps({**rota(), "at": FROM} | {"from": FROM})
    result = Flask("rotas").test_cli_runner().invoke(oncall, ["shifts"], input=f"{good}\nnonsense\n\n[]\n{good}\n")
    first, bad, wrong, last = (json.loads(line) for line in result.output.splitlines())
    assert first == last == {"on_call": {"1": ["A"]}}
    assert bad == {"error": "The line is not JSON."}
    assert wrong["error"].startswith("Give one object")
