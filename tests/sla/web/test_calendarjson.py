"""Calendars as JSON: the same rules and the same refusals as the page, as problems with their fields."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from helpdesk.db import db
from sla.calendars.models import Calendar, CalendarVersion

HERE = "/api/v1/calendars"
OFFICE = {
    "name": "Office",
    "zone": "Europe/Berlin",
    "hours": {"mon": [["09:00", "17:00"]]},
    "holidays": ["2027-01-01", "12-25"],
    "names": {"2027-01-01": "New Year", "2027-01-06": "Epiphany"},
}


class TestJson:
    def test_what_is_made_is_read_again(self, world):
        made = world.browser(world.mei).json("POST", HERE, OFFICE)
        assert made.status_code == 201
        read = world.browser(world.ben).json("GET", f"{HERE}/{made.json['id']}").json
        assert read == made.json
        assert {key: read[key] for key in OFFICE} == OFFICE
        assert world.browser(world.ben).json("GET", HERE).json == {"calendars": [read]}

    def test_a_change_adds_a_version_from_an_instant(self, world):
        mei = world.browser(world.mei)
        at = mei.json("POST", HERE, OFFICE).json
        planned = {
            **OFFICE,
            "hours": {"tue": [["22:00", "06:00"]]},
            "valid_from": "2026-12-31T23:00:00+00:00",
            "after": at["versions"][-1]["id"],
        }
        said = mei.json("PUT", f"{HERE}/{at['id']}", planned)
        assert said.status_code == 200, said.text
        assert said.json["hours"] == OFFICE["hours"]
        assert [one["hours"] for one in said.json["versions"]] == [OFFICE["hours"], {"tue": [["22:00", "06:00"]]}]
        assert mei.json("PUT", f"{HERE}/{at['id']}", {**planned, "valid_from": None}).status_code == 409

    def test_an_agent_reads_and_changes_nothing(self, world):
        refused = world.browser(world.ben).json("POST", HERE, OFFICE)
        assert refused.status_code == 403
        assert refused.mimetype == "application/problem+json"
        assert db.session.scalars(select(Calendar)).all() == []

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"name": None}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"zone": "Berlin"}, "zone"),
            ({"zone": None}, "zone"),
            ({"hours": []}, "hours"),
            ({"hours": {}}, "hours"),
            ({"hours": {"monday": []}}, "hours.monday"),
            ({"hours": {"mon": [["09:00"]]}}, "hours.mon"),
            ({"hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "hours.mon"),
            ({"hours": {"mon": [["09:00", "10:00"]] * 30}}, "hours.mon"),
            ({"holidays": ["2026-02-30"]}, "holidays"),
            ({"holidays": [7]}, "holidays"),
            ({"holidays": {}}, "holidays"),
            ({"holidays": ["12-25"] * 3001}, "holidays"),
            ({"overrides": {"2026-02-30": []}}, "overrides"),
            ({"overrides": []}, "overrides"),
            ({"breaks": {"2026-02-03": [["10:00", "10:00"]]}}, "breaks"),
            ({"names": {"soon": "x"}}, "names"),
            ({"names": {"12-25": 7}}, "names"),
            ({"names": []}, "names"),
            ({"names": {"2027-01-04 12:00": "Lunch"}}, "names"),
            ({"rota": 1}, "rota"),
        ],
    )
    def test_what_does_not_fit_is_named_and_nothing_is_saved(self, world, more, field):
        refused = world.browser(world.mei).json("POST", HERE, {**OFFICE, **more})
        assert refused.status_code == 422
        assert set(refused.json["fields"]) == {field}
        assert refused.json["fields"][field].endswith(".")
        assert db.session.scalars(select(CalendarVersion)).all() == []

    @pytest.mark.parametrize("body", [None, [], "x", 7])
    def test_anything_but_an_object_is_refused(self, world, body):
        assert world.browser(world.mei).json("POST", HERE, body).status_code in {400, 422}

    @pytest.mark.parametrize(
        "at", ["tomorrow", "2027-01-01", "2027-01-01T00:00", 5, "2020-01-01T00:00Z", "9999-01-01T00:00Z"]
    )
    def test_an_instant_that_cannot_be_is_refused(self, world, at):
        mei = world.browser(world.mei)
        made = mei.json("POST", HERE, OFFICE).json
        refused = mei.json("PUT", f"{HERE}/{made['id']}", {**OFFICE, "zone": "UTC", "valid_from": at})
        assert set(refused.json["fields"]) == {"valid_from"}
        assert len(db.session.scalars(select(CalendarVersion)).all()) == 1
