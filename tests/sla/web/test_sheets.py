"""The tables of the managers' pages as files: the rows of the page, its days and filters, and a link on each."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import select, update

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people import contacts, organizations
from helpdesk.people.models import Brand, Organization
from sla.plugin import plugin
from sla.reports import outlook
from sla.volume import counting
from tests.plugins.world import Browser, World
from tests.sla import promising, rotas

MONDAY = datetime(2026, 11, 16, 15, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
WEEK = "from=2026-11-16&to=2026-11-20"


@pytest.fixture
def week(world: World) -> World:
    """Six requests on six days, answered after 10, 20, ... minutes; more than half an hour is late. One is still open."""
    db.session.execute(update(Brand).values(zone="America/New_York"))
    clause = promising.clause("first_response", 1800, "Half an hour.", number="4.1")
    world.gold = promising.contract("Orchard Dairy", "Gold", clause).contract_id
    db.session.commit()
    for place in range(5):
        with travel(to=MONDAY + timedelta(days=place)):
            ticket = world.ticket(f"=Cell {place}")
        with travel(to=MONDAY + timedelta(days=place, minutes=10 + 10 * place)):
            world.reply(ticket, by=world.ben if place % 2 else world.mei)
    with travel(to=NOON - timedelta(minutes=5)):
        world.ticket("Still open")
        world.rota = rotas.schedule([world.ben], [world.ada])
        outlook.tick()
        counting.tick()
    return world


@pytest.fixture
def manager(week: World) -> Browser:
    with travel(to=NOON):
        return week.browser(week.mei)


def table(browser: Browser, path: str) -> list[dict[str, str]]:
    with travel(to=NOON):
        answer = browser.get(f"/exports/{path}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def asked(world: World, key: str) -> str:
    firm = db.session.scalars(select(Organization.id).where(Organization.name == "Orchard Dairy")).one()
    more = {
        "wakes": f"who={world.ben.id}",
        "equipment": f"customer={firm}",
        "agreement-terms": f"agreement={world.gold}",
        "statement-promises": f"customer={firm}&agreement={world.gold}&month=2026-11",
    }
    return f"{WEEK}&{more.get(key, '')}"


class TestEach:
    @pytest.mark.parametrize("key", [one.key for one in plugin.exports])
    def test_is_the_same_as_csv_excel_and_json(self, week: World, manager: Browser, key: str):
        query = asked(week, key)
        lines = table(manager, f"{key}.csv?{query}")
        with travel(to=NOON):
            told = manager.get(f"/api/v1/tables/{key}?{query}").json
            book = openpyxl.load_workbook(io.BytesIO(manager.get(f"/exports/{key}.xlsx?{query}").data))
        assert len(lines) == told["count"] == book.active.max_row - 1
        assert len(told["columns"]) == book.active.max_column
        if lines:
            assert len(lines[0]) == len(told["columns"])
        assert not [cell for line in lines for cell in line.values() if re.match(r"[=+@\t\r]", cell)]

    @pytest.mark.parametrize("key", [one.key for one in plugin.exports if one.page and one.key != "wakes"])
    def test_has_rows_and_is_linked_from_its_page(self, week: World, manager: Browser, key: str):
        page = next(one.page for one in plugin.exports if one.key == key)
        with travel(to=NOON):
            text = manager.get(f"{page}?{WEEK}").text
        links = re.findall(rf'href="(/exports/{key}\.(?:csv|xlsx)[^"]*)"', text)
        assert len(links) >= 2, key
        assert table(manager, f"{key}.csv?{WEEK}")
        with travel(to=NOON):
            assert all(manager.get(link.replace("&amp;", "&")).status_code == 200 for link in links)

    def test_of_a_customer_is_linked_from_its_page(self, week: World, manager: Browser):
        promising.unit("Orchard Dairy", "KX-1")
        db.session.commit()
        firm = db.session.scalars(select(Organization.id).where(Organization.name == "Orchard Dairy")).one()
        with travel(to=NOON):
            customer = manager.get(f"/customers/{firm}?{WEEK}").text
            contract = manager.get(f"/customers/{firm}/agreements/{week.gold}").text
            statement = manager.get(f"/customers/{firm}/agreements/{week.gold}/statements/2026-11").text
        links = [re.findall(r'href="/exports/([^"]*csv[^"]*)"', text) for text in (customer, contract, statement)]
        paths = [link.replace("&amp;", "&") for each in links for link in each if not link.startswith("tickets")]
        assert {path.partition(".")[0] for path in paths} == {
            "promise-tickets", "equipment", "agreement-terms", "statement-promises"
        }  # fmt: skip
        counted = {path.partition(".")[0]: len(table(manager, path)) for path in paths}
        assert counted == {"promise-tickets": 5, "equipment": 1, "agreement-terms": 1, "statement-promises": 5}


class TestRows:
    def test_are_those_of_the_days_and_filters_of_the_address(self, week: World, manager: Browser):
        def late(query: str) -> list[str]:
            return [row["What became of it"] for row in table(manager, f"promise-tickets.csv?{query}")]

        assert late(WEEK) == ["broken", "broken", "kept", "kept", "kept"]
        assert late("from=2026-11-16&to=2026-11-18") == ["kept", "kept", "kept"]
        assert late(f"{WEEK}&what=broken") == ["broken", "broken"]
        assert late(f"{WEEK}&agent={week.mei.id}&what=kept") == ["kept", "kept"]
        assert late(f"{WEEK}&channel=phone") == []

    def test_add_up_to_what_the_page_counts(self, week: World, manager: Browser):
        with travel(to=NOON):
            page = manager.get(f"/api/v1/promises?{WEEK}&by=team").json
        (row,) = table(manager, f"promises.csv?{WEEK}&by=team")
        assert (row["Kept"], row["Decided"], row["Broken"]) == (str(page["kept"]), str(page["counted"]), "2")
        assert float(row["Kept, percent"]) == page["percent"]
        tickets = table(manager, f"promise-tickets.csv?{WEEK}")
        assert {row["Promise"] for row in tickets} == {"Half an hour."}
        assert {row["In hand, seconds"] for row in tickets if row["What became of it"] == "kept"} == {
            "1200",
            "600",
            "0",
        }

    def test_of_service_have_no_cap_where_the_page_has_one(self, week: World, manager: Browser):
        with travel(to=MONDAY):
            for place in range(60):
                firm = organizations.create(f"Firm {place}", domains=[f"firm{place}.example"])
                address = f"x@firm{place}.example"
                contact = contacts.find_or_create(address, name=f"Person {place}").contact
                assert contact.organization_id == firm.id
                week.ticket(f"From {place}", by=contact, author_address=address)
        with travel(to=NOON):
            counting.tick()
            page = manager.get(f"/promises/service?{WEEK}&by=customer").text
        rows = table(manager, f"service.csv?{WEEK}&by=customer")
        assert len(rows) > 60
        assert "others are in the files" in page
        assert sum(int(row["Requests"]) for row in rows) == len(
            table(manager, f"service-tickets.csv?{WEEK}&what=arrived")
        )

    def test_of_service_are_the_tickets_of_each_figure(self, week: World, manager: Browser):
        def count(query: str) -> int:
            return len(table(manager, f"service-tickets.csv?{WEEK}&{query}"))

        by = {row["Person"]: row for row in table(manager, f"service.csv?{WEEK}")}
        for who in (week.ben, week.mei):
            assert int(by[who.name]["Replies"]) == count(f"what=replied&agent={who.id}")
        replies = table(manager, f"first-replies.csv?{WEEK}")
        assert [int(row["By the clock"]) for row in replies] == [
            count(f"what=first&clock={place}") for place in range(6)
        ]
        ages = table(manager, f"open-ages.csv?{WEEK}")
        assert [int(row["Open"]) for row in ages] == [count(f"what=open&age={place}") for place in range(5)]
        assert sum(int(row["Requests"]) for row in table(manager, f"request-hours.csv?{WEEK}")) == count("what=arrived")

    def test_of_money_are_for_managers_alone(self, week: World, manager: Browser):
        query = asked(week, "agreement-terms")
        with travel(to=NOON):
            agent = week.browser(week.ben)
        assert "Credits given" in table(manager, f"agreement-terms.csv?{query}")[0]
        assert "Credits given" not in table(agent, f"agreement-terms.csv?{query}")[0]
        with travel(to=NOON):
            assert agent.get(f"/exports/statement-promises.csv?{asked(week, 'statement-promises')}").status_code == 404

    @pytest.mark.parametrize("path", [
        "promises.csv?from=2026-02-31",
        "promise-tickets.csv?what=secrets",
        "promise-tickets.csv?team=x",
        "service-tickets.csv?what=first&clock=9",
        "service.csv?by=shoe",
        "wakes.csv?who=999999",
        "wakes.csv?who=1&kind=noon",
        "equipment.csv?customer=x",
        "agreement-terms.csv?agreement=999999",
        "statement-promises.csv?customer=1&month=2026-13",
    ])  # fmt: skip
    def test_of_an_address_that_asks_for_nothing_are_an_error_and_no_file(self, manager: Browser, path: str):
        with travel(to=NOON):
            answer = manager.get(f"/exports/{path}")
        assert answer.status_code in {404, 422}
        assert answer.mimetype == "text/html"
