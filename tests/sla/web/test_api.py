"""Equipment and agreements as JSON: read by agents, written by managers, errors named by field."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from sla.assets.models import Asset
from sla.contracts.models import Contract, ContractVersion

DEAL: dict[str, Any] = {
    "name": "Silver",
    "kind": "support",
    "starts_on": "2026-10-01",
    "ends_on": "2027-09-30",
    "zone": "America/Chicago",
    "value_cents": 120_000,
    "lines": [{"name": "Repairs", "works": ["repair"]}],
    "clauses": [
        {
            "number": "2",
            "words": "A person answers within 2 hours.",
            "metric": "first_response",
            "target_seconds": 7200,
            "targets": {"urgent": 1800},
            "pauses": ["customer"],
            "credit": {"kind": "percent", "value": 2.5, "cap": 45_000},
            "line": 0,
        }
    ],
}
UNIT = {"serial": "NEW-1", "model": "N", "parts": [{"name": "Fan", "number": "F-1"}], "installed_on": "2026-01-31"}


def count(table) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


class TestReading:
    def test_tells_a_unit_by_any_way_to_write_its_serial(self, agent, dairy):
        found = agent.get("/api/v1/equipment/kx40 2291 0875").json
        assert (found["serial"], found["service_due_on"]) == ("KX40-2291-0875", "2026-12-03")
        assert found["warranties"][0]["covers"] == {
            "from": "2024-03-14",
            "parts": "2027-03-14",
            "labour": "2026-03-14",
            "travel": None,
        }
        assert agent.get("/api/v1/equipment/NONE-1").status_code == 404

    def test_lists_the_equipment_of_a_customer(self, agent, dairy):
        found = agent.get(f"/api/v1{dairy.url}/equipment").json
        assert [unit["model"] for unit in found["equipment"]] == ["KX-40", "KX-40", "EV-12", "CTL-88"]
        later = agent.get(f"/api/v1{dairy.url}/equipment?after={dairy.units[2].id}").json
        assert [unit["model"] for unit in later["equipment"]] == ["CTL-88"]
        assert agent.get(f"/api/v1{dairy.url}/equipment?after=x").status_code == 422
        assert agent.get("/api/v1/customers/4711/equipment").status_code == 404

    def test_tells_agreements_and_their_price_to_managers_alone(self, agent, manager, dairy):
        path = f"/api/v1{dairy.url}/agreements"
        (seen,), (known,) = agent.get(path).json["agreements"], manager.get(path).json["agreements"]
        assert (seen["name"], seen["state"], seen["prepaid"][0]["left"]) == ("Gold 24×7", "active", 12)
        assert "value_cents" not in seen
        assert known["value_cents"] == 5_820_000
        versions = agent.get(f"{path}/{dairy.contract.id}").json["versions"]
        assert [one["version"] for one in versions] == [2, 1]


class TestWriting:
    def test_agents_may_not(self, agent, dairy):
        assert agent.json("POST", f"/api/v1{dairy.url}/equipment", UNIT).status_code == 403
        assert agent.json("PUT", "/api/v1/equipment/KX40-2291-0875", UNIT).status_code == 403
        assert agent.json("POST", f"/api/v1{dairy.url}/agreements", DEAL).status_code == 403
        assert count(Asset) == 4

    def test_puts_units_and_warranties_on_record(self, manager, dairy):
        made = manager.json("POST", f"/api/v1{dairy.url}/equipment", UNIT)
        assert (made.status_code, made.json["parts"][0]["name"]) == (201, "Fan")
        edited = manager.json("PUT", "/api/v1/equipment/new1", {"serial": "NEW-2", "model": "N2"})
        assert (edited.status_code, edited.json["model"], edited.json["parts"]) == (200, "N2", [])
        rule = {"name": "For life", "starts": "date", "starts_on": "2026-01-01", "parts_months": -1}
        granted = manager.json("POST", "/api/v1/equipment/NEW-2/warranties", rule)
        assert granted.json["warranties"][0]["covers"]["parts"] == "lifelong"

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"serial": "KX40-2291-0875"}, "serial"),
            ({"serial": 5}, "serial"),
            ({"installed_on": "2026-02-30"}, "installed_on"),
            ({"installed_on": 20260101}, "installed_on"),
            ({"site_id": -1}, "site_id"),
            ({"parts": "many"}, "parts"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_units_that_do_not_fit_are_refused_by_field(self, manager, dairy, wrong, field):
        answer = manager.json("POST", f"/api/v1{dairy.url}/equipment", {**UNIT, **wrong})
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert list(answer.json["fields"]) == [field]
        assert count(Asset) == 4

    def test_writes_an_agreement_and_takes_it_through_its_life(self, manager, dairy):
        path = f"/api/v1{dairy.url}/agreements"
        made = manager.json("POST", path, {**DEAL, "number": "S-1"})
        assert made.status_code == 201
        clause = made.json["versions"][0]["clauses"][0]
        assert {name: clause[name] for name in DEAL["clauses"][0]} == DEAL["clauses"][0]
        deal = f"{path}/{made.json['id']}"
        forced = manager.json("PUT", f"{deal}/state", {"state": "active", "valid_from": "2026-10-01T05:00:00Z"})
        assert [one["state"] for one in forced.json["versions"]] == ["active", "draft"]
        later = {**DEAL, "name": "Steel", "valid_from": "2027-01-01T00:00:00-06:00"}
        assert manager.json("PUT", deal, later).json["versions"][0]["name"] == "Steel"
        for state, status in (
            ("suspended", 200),
            ("active", 200),
            ("cancelled", 200),
            ("active", 409),
            ("frozen", 422),
        ):
            assert manager.json("PUT", f"{deal}/state", {"state": state}).status_code == status

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"ends_on": "2026-09-30"}, "ends_on"),
            ({"ends_on": None}, "ends_on"),
            ({"zone": "Mars/Olympus"}, "zone"),
            ({"kind": "handshake"}, "kind"),
            ({"value_cents": -1}, "value_cents"),
            ({"number": "A-7781"}, "number"),
            ({"lines": [{"asset_ids": [4711]}]}, "lines.0.asset_ids"),
            ({"lines": [{"asset_ids": ["x"]}]}, "lines.0.asset_ids"),
            ({"clauses": [{**DEAL["clauses"][0], "target_seconds": 0}]}, "clauses.0.target_seconds"),
            ({"clauses": [{**DEAL["clauses"][0], "words": ""}]}, "clauses.0.words"),
            ({"clauses": [{**DEAL["clauses"][0], "calendar_id": 4711}]}, "clauses.0.calendar_id"),
            (
                {"clauses": [{**DEAL["clauses"][0], "credit": {"kind": "percent", "value": 500}}]},
                "clauses.0.credit.value",
            ),
            ({"clauses": [{**DEAL["clauses"][0], "surprise": 1}]}, "clauses.0.surprise"),
        ],
    )
    def test_agreements_that_do_not_fit_are_refused_by_field(self, manager, dairy, wrong, field):
        answer = manager.json("POST", f"/api/v1{dairy.url}/agreements", {**DEAL, **wrong})
        assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
        assert (count(Contract), count(ContractVersion)) == (1, 2)
