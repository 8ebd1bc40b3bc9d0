"""The pages of customers in three voices: nobody is sent to sign in, agents read, managers change."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.people.models import Organization
from sla.contracts.models import Credit
from tests.plugins.world import Browser
from tests.sla.web import scene
from tests.sla.web.scene import Dairy

CHANGES = (
    "/customers",
    "{url}/agreements",
    "{deal}",
    "{deal}/state",
    "{deal}/prepaid",
    "{url}/equipment",
    "{unit}",
    "{unit}/state",
    "{unit}/service",
    "{unit}/photo",
    "{unit}/owner",
    "{unit}/replacement",
    "{unit}/warranties",
    "{unit}/warranties/1",
    "{url}/sites",
    "{url}/sites/1",
    "{url}/credits/1",
)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def addresses(dairy: Dairy) -> dict[str, str]:
    unit = dairy.units[0].id
    return {
        "url": dairy.url,
        "deal": f"{dairy.url}/agreements/{dairy.contract.id}",
        "unit": f"{dairy.url}/equipment/{unit}",
    }


class TestVoices:
    def test_nobody_is_sent_to_sign_in(self, world, dairy):
        for path in ("/customers", dairy.url, f"{dairy.url}/money"):
            answer = Browser(world.app).get(path)
            assert (answer.status_code, answer.location[:9]) == (303, "/sign-in?")

    @pytest.mark.parametrize("path", ["", "/equipment", "/tickets", "/people"])
    def test_agents_read(self, agent, dairy, path):
        answer = agent.get(dairy.url + path)
        assert answer.status_code == 200
        assert "Orchard Dairy" in answer.text
        assert "$58,200" not in answer.text

    def test_agents_see_no_money_and_no_way_to_change(self, agent, dairy):
        assert agent.get(f"{dairy.url}/money").status_code == 404
        assert "Write an agreement" not in agent.get(dairy.url).text
        assert "New unit" not in agent.get(f"{dairy.url}/equipment").text

    @pytest.mark.parametrize("path", CHANGES)
    def test_agents_change_nothing(self, agent, dairy, path):
        assert agent.post(path.format(**addresses(dairy)), {"name": "X", "do": "cancel"}).status_code == 403

    def test_managers_see_the_money(self, manager, dairy):
        assert "$58,200 a year" in plain(manager.get(dairy.url).text)
        assert "$450" in plain(manager.get(f"{dairy.url}/money").text)


class TestList:
    def test_says_agreement_promises_and_equipment_of_each(self, agent):
        words = plain(agent.get("/customers").text)
        assert "Orchard Dairy Gold 24×7 20 of 21 4" in words
        assert "Harbor Bakery None in force None yet None" in words

    def test_finds_by_a_part_of_the_name(self, agent):
        found = agent.get("/customers?q=DAIRY").text
        assert "Orchard Dairy" in found
        assert "Harbor Bakery" not in found
        assert "No customer by that name" in agent.get("/customers?q=100%25").text

    def test_goes_on_after_fifty(self, agent, manager):
        for number in range(60):
            db.session.add(Organization(name=f"Farm {number:02}", created_at=scene.AUTUMN))
        first = agent.get("/customers?q=farm").text
        (further,) = re.findall(r'href="(/customers\?q=farm&amp;after=[^"]+)"', first)
        second = agent.get(further.replace("&amp;", "&")).text
        assert ("Farm 49" in first, "Farm 50" in first) == (True, False)
        assert ("Farm 49" in second, "Farm 59" in second) == (False, True)

    def test_of_a_cursor_that_is_none_is_refused(self, agent):
        assert agent.get("/customers?after=nonsense").status_code == 422


class TestNew:
    def test_puts_a_customer_on_record(self, manager):
        answer = manager.post("/customers", {"name": "Polar Foods", "domains": "polar.example, polarfoods.example"})
        assert answer.status_code == 303
        assert "No agreement yet" in manager.get(answer.location).text

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"name": " "}, "Enter the company&#39;s name."),
            ({"name": "x" * 201}, "Enter the company&#39;s name."),
            ({"name": "a\0b"}, "Enter the company&#39;s name."),
            ({"name": "Orchard Dairy"}, "A customer of that name is on record."),
            ({"name": "Polar", "domains": "not a domain"}, "is not a mail domain"),
            ({"name": "Polar", "domains": "gmail.com"}, "is used by many companies"),
            ({"name": "Polar", "domains": "orchard-dairy.example"}, "is taken"),
        ],
    )
    def test_names_the_field_that_does_not_fit_keeps_the_words_and_saves_nothing(self, manager, form, words):
        before = db.session.scalar(select(func.count()).select_from(Organization))
        answer = manager.post("/customers", form)
        assert answer.status_code == 422
        assert words in answer.text
        assert db.session.scalar(select(func.count()).select_from(Organization)) == before


class TestAgreement:
    def test_draws_the_term_the_record_and_the_story(self, agent, dairy):
        html = agent.get(dairy.url).text
        words = plain(html)
        assert "Term from 1 Feb 2026 to 31 Jan 2027, 70 percent elapsed" in html
        assert "20 of 21 kept" in words
        assert 'aria-label="7 kept, 1 broken"' in html
        assert html.count('class="outcome outcome--kept" href="/tickets/') == 20
        assert html.count('class="outcome outcome--broken" href="/tickets/') == 1
        assert "Missed by 38 min on 4 Jul. Credit $450 proposed." in words
        assert "12 of 12 left" in words

    def test_says_today_s_cover_of_each_unit(self, agent, dairy):
        words = plain(agent.get(dairy.url).text)
        assert "CTL-88 room controller CTL88-004417 · Both rooms Agreement only" in words
        assert words.count("Parts only, 5 months left") == 2
        assert "Arvid EV-12 evaporator EV12-5519-31 · Freezer 2 Parts and labour" in words

    def test_shows_what_is_missing_before_support_can_start(self, manager, world):
        made = manager.post("/customers", {"name": "Polar Foods"}).location.partition("?")[0]
        manager.post(f"{made}/agreements", {**DEAL, "clauses-0-words": "", "clauses-0-target": ""})
        words = plain(manager.get(made).text)
        assert "Promises none yet" in words
        assert "Equipment listed none yet" in words
        assert "Put in force not yet" in words


DEAL = {
    "name": "Silver",
    "kind": "support",
    "starts_on": "2026-10-01",
    "ends_on": "2027-09-30",
    "zone": "America/Chicago",
    "renewal": "never",
    "period": "year",
    "value": "$1,200.50",
    "lines-0-name": "Everything",
    "clauses-0-words": "A person answers within 2 hours.",
    "clauses-0-metric": "first_response",
    "clauses-0-target": "2 h",
}


class TestMoney:
    def test_grants_a_credit_once(self, manager, dairy):
        path = f"{dairy.url}/credits/{dairy.credit.id}"
        assert manager.post(path, {"do": "post"}).status_code == 303
        assert manager.post(path, {"do": "post"}).status_code == 303
        assert db.session.get_one(Credit, dairy.credit.id).state == "posted"
        assert manager.post(f"/customers/2/credits/{dairy.credit.id}", {"do": "post"}).status_code == 404

    def test_excuses_with_a_reason_alone(self, manager, dairy):
        path = f"{dairy.url}/credits/{dairy.credit.id}"
        refused = manager.post(path, {"do": "excuse", "reason": " "})
        assert refused.status_code == 422
        assert "Say why." in refused.text
        assert manager.post(path, {"do": "excuse", "reason": "The bridge was closed"}).status_code == 303
        assert "The bridge was closed" in manager.get(f"{dairy.url}/money").text
