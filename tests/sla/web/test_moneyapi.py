"""Sites, purchases, credits and warranties as JSON: what managers write is read again, errors are named by field."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from helpdesk.db import db
from sla.assets.models import Site
from sla.commitments.models import Commitment
from sla.contracts.models import Credit, PrepaidBalance
from tests.sla.web.test_api import DEAL


class TestSites:
    PLACE = {"name": "Elgin", "address": "1 Mill Road", "zone": "America/Chicago"}  # noqa: RUF012 - never changed

    def test_are_made_changed_set_aside_and_offered_again(self, manager, agent, dairy):
        url = f"/api/v1{dairy.url}/sites"
        made = manager.json("POST", url, self.PLACE)
        assert (made.status_code, made.json["name"], made.json["archived"]) == (201, "Elgin", False)
        here = f"{url}/{made.json['id']}"
        assert manager.json("PUT", here, {"name": "Elgin 2", "archived": True}).json == {
            **made.json, "name": "Elgin 2", "address": "", "zone": "", "archived": True,
        }  # fmt: skip
        assert [one["name"] for one in agent.get(url).json["sites"]] == ["Elgin 2", "Joliet"]
        assert manager.json("PUT", here, self.PLACE | {"archived": False}).json == made.json

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "Joliet"}, "name"),
            ({"zone": "Chicago"}, "zone"),
            ({"phone": "1"}, "phone"),
        ],
    )
    def test_that_do_not_fit_are_refused_by_field(self, manager, dairy, wrong, field):
        refused = manager.json("POST", f"/api/v1{dairy.url}/sites", self.PLACE | wrong)
        assert (refused.status_code, set(refused.json["fields"])) == (422, {field})
        assert len(db.session.scalars(select(Site)).all()) == 1

    def test_of_another_customer_are_not_found(self, manager, dairy):
        site = db.session.scalars(select(Site)).one()
        other = f"/api/v1/customers/{dairy.organization.id + 1}/sites/{site.id}"
        assert manager.json("PUT", other, self.PLACE).status_code == 404


class TestPrepaid:
    def test_is_bought_and_told_with_what_is_left(self, manager, dairy):
        url = f"/api/v1{dairy.url}/agreements/{dairy.contract.id}/prepaid"
        made = manager.json("POST", url, {"unit": "minutes", "bought": 600, "round_to": 30, "expires_on": "2027-01-31"})
        assert (made.status_code, made.json["left"], made.json["bought_on"]) == (201, 600, "2026-10-13")
        assert [one["unit"] for one in manager.get(url).json["prepaid"]] == ["incidents", "minutes"]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [({"unit": "days"}, "unit"), ({"bought": 0}, "bought"), ({"bought": True}, "bought"), ({"expires_on": "never"}, "expires_on"),
         ({"expires_on": "2026-01-01"}, "expires_on"), ({"warn_percent": 101}, "warn_percent")],
    )  # fmt: skip
    def test_that_does_not_fit_is_refused_by_field(self, manager, dairy, wrong, field):
        url = f"/api/v1{dairy.url}/agreements/{dairy.contract.id}/prepaid"
        refused = manager.json("POST", url, {"unit": "incidents", "bought": 5} | wrong)
        assert (refused.status_code, set(refused.json["fields"])) == (422, {field})
        assert len(db.session.scalars(select(PrepaidBalance)).all()) == 1


class TestCredits:
    def test_are_told_and_granted_once(self, manager, dairy):
        url = f"/api/v1{dairy.url}/credits"
        [told] = manager.get(url).json["credits"]
        assert (told["state"], told["amount_cents"], told["metric"]) == ("proposed", 45_000, "on_site")
        for _ in range(2):
            assert manager.json("PUT", f"{url}/{told['id']}/state", {"state": "posted"}).json["state"] == "posted"

    def test_are_excused_with_a_reason_and_the_break_with_them(self, manager, dairy):
        url = f"/api/v1{dairy.url}/credits/{dairy.credit.id}/state"
        refused = manager.json("PUT", url, {"state": "excused"})
        assert (refused.status_code, set(refused.json["fields"])) == (422, {"reason"})
        assert manager.json("PUT", url, {"state": "excused", "reason": "Flood."}).json["reason"] == "Flood."
        credit = db.session.get_one(Credit, dairy.credit.id)
        assert db.session.get_one(Commitment, credit.commitment_id).excuse == "Flood."
        assert manager.json("PUT", url, {"state": "posted"}).status_code == 409

    def test_are_for_managers(self, agent, dairy):
        for path in ("credits", f"agreements/{dairy.contract.id}/prepaid"):
            assert agent.get(f"/api/v1{dairy.url}/{path}").status_code == 403
        url = f"/api/v1{dairy.url}/credits/{dairy.credit.id}/state"
        assert agent.json("PUT", url, {"state": "posted"}).status_code == 403


class TestWarranties:
    def test_are_corrected_and_voided(self, manager, dairy):
        unit = manager.get("/api/v1/equipment/KX40-2291-0875").json
        here = f"/api/v1/equipment/KX40-2291-0875/warranties/{unit['warranties'][0]['id']}"
        rule = {"name": "Longer", "starts": "install", "parts_months": 60}
        corrected = manager.json("PUT", here, rule).json["warranties"][0]
        assert (corrected["name"], corrected["parts_months"], corrected["labour_months"]) == ("Longer", 60, None)
        assert set(manager.json("PUT", here, rule | {"parts_months": 0}).json["fields"]) == {"parts_months"}
        for _ in range(2):
            assert manager.json("PUT", f"{here}/state", {"state": "void"}).json["warranties"][0]["voided_at"]
        assert manager.json("PUT", "/api/v1/equipment/KX40-2291-0876/warranties/4711", rule).status_code == 404


class TestCreditRules:
    RULES = ({"kind": "percent", "value": 2.5, "cap": 45_000}, {"kind": "amount", "value": 45_000}, None)

    @pytest.mark.parametrize("rule", RULES)
    def test_have_one_shape_in_a_policy_and_an_agreement(self, manager, dairy, rule):
        promise = {key: value for key, value in DEAL["clauses"][0].items() if key != "line"} | {"credit": rule}
        policy = manager.json("POST", "/api/v1/policies", {"name": "Gold", "promises": [promise]})
        assert policy.status_code == 201, policy.text
        draft = policy.json["draft"]["promises"]
        again = manager.json("PUT", f"/api/v1/policies/{policy.json['id']}/draft", {"promises": draft})
        assert again.json["promises"] == draft, "what is read can be sent"
        deal = manager.json("POST", f"/api/v1{dairy.url}/agreements", DEAL | {"clauses": [promise]})
        assert deal.status_code == 201, deal.text
        assert (deal.json["versions"][0]["clauses"][0]["credit"] or None) == (draft[0]["credit"] or None)

    @pytest.mark.parametrize(
        ("rule", "field"),
        [({"kind": "free"}, "credit.kind"), ({"kind": "percent", "value": 101}, "credit.value"),
         ({"kind": "amount", "value": 0.5}, "credit.value"), ({"kind": "amount", "value": 1, "cap": 0}, "credit.cap"),
         ({"kind": "amount", "value": 1, "of": "it"}, "credit.of"), ("much", "credit")],
    )  # fmt: skip
    def test_are_refused_alike(self, manager, dairy, rule, field):
        promise = {key: value for key, value in DEAL["clauses"][0].items() if key != "line"} | {"credit": rule}
        policy = manager.json("POST", "/api/v1/policies", {"name": "Gold", "promises": [promise]})
        deal = manager.json("POST", f"/api/v1{dairy.url}/agreements", DEAL | {"clauses": [promise]})
        assert f"promises.0.{field}" in policy.json["fields"]
        assert f"clauses.0.{field}" in deal.json["fields"]
