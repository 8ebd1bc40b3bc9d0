"""The promises' page: who sees it, what it says when there is little to say, and addresses that ask for nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.db import db
from helpdesk.now import travel
from sla.reports import tallying
from tests.plugins.product import queries
from tests.plugins.world import World
from tests.sla import promising

FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)


@pytest.fixture
def promised(world: World) -> World:
    promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600, "An hour.", number="4.1"))
    db.session.commit()
    return world


def answered(world: World, at: datetime, after: timedelta) -> None:
    with travel(to=at):
        ticket = world.ticket()
    with travel(to=at + after):
        world.reply(ticket)


class TestNothingYet:
    def test_says_how_to_begin(self, world: World):
        text = world.browser(world.mei).get("/promises").text
        assert "No promises yet" in text
        assert "Make the first one" in text

    def test_of_days_without_any_says_so(self, promised: World):
        answered(promised, FRIDAY, timedelta(minutes=5))
        text = promised.browser(promised.mei).get("/promises?from=2020-01-01&to=2020-01-31").text
        assert "No promise was decided in these days." in text


class TestSomething:
    def test_is_counted_with_its_percent_words_and_since_when(self, promised: World):
        for minutes in (10, 20, 90):
            answered(promised, FRIDAY, timedelta(minutes=minutes))
        with travel(to=FRIDAY + timedelta(hours=4)):
            text = promised.browser(promised.mei).get("/promises?period=month").text
        said = " ".join(re.sub(r"<[^>]+>", " ", text).split())
        assert "66.6 %" in said
        assert "2 of 3 promises" in said
        assert "Counting since 20 November 2026." in said
        assert "An hour." in said
        assert 'href="/promises/tickets?period=month&amp;what=broken"' in text

    def test_against_the_days_before_where_there_is_no_year(self, promised: World):
        answered(promised, FRIDAY - timedelta(days=1), timedelta(minutes=90))
        answered(promised, FRIDAY, timedelta(minutes=10))
        with travel(to=FRIDAY + timedelta(hours=4)):
            told = promised.browser(promised.mei).get("/api/v1/promises?period=today").json
            text = promised.browser(promised.mei).get("/promises?period=today").text
        assert (told["kept"], told["broken"], told["compared"]["is_a_year_before"]) == (1, 0, False)
        assert "Up 100.0 on the day before." in text

    @pytest.mark.parametrize("address", ["/promises", "/promises?hour=out", "/api/v1/promises?hour=out"])
    def test_is_told_by_one_zone_and_one_week_of_hours(self, promised: World, address: str):
        answered(promised, FRIDAY, timedelta(hours=2))
        browser = promised.browser(promised.mei)
        browser.get(address)
        with queries() as seen:
            browser.get(address)
        assert len([each for each in seen if "brand.zone" in each]) == 1
        assert len([each for each in seen if "clause.calendar_id" in each]) == 1

    def test_agents_read_it_and_decide_nothing(self, promised: World):
        answered(promised, FRIDAY, timedelta(minutes=5))
        text = promised.browser(promised.ben).get("/promises").text
        assert "Needs a decision" in text
        assert "Decide about" not in text

    def test_the_live_part_has_the_headline_and_what_needs_a_decision(self, promised: World):
        answered(promised, FRIDAY, timedelta(minutes=5))
        tallying.tick()
        with travel(to=FRIDAY + timedelta(hours=1)):
            text = promised.browser(promised.mei).get("/promises/live?period=today").text
        assert text.count("<section") == 2
        assert 'id="kept"' in text
        assert 'id="risk"' in text
        assert "<html" not in text


class TestAddresses:
    @pytest.mark.parametrize(
        ("address", "said"),
        [
            ("period=fortnight", "Choose today, week, month, quarter or year."),
            ("from=2026-02-31", "Type a day as 2026-10-15."),
            ("from=2026-03-02&to=2026-03-01", "This is before the first day."),
            ("team=abc", "Choose one of the list."),
            ("customer=99999999999999999999", "Choose one of the list."),
            pytest.param(f"customer={'9' * 5000}", "Choose one of the list.", id="a customer of 5,000 digits"),
            ("hour=168", "Choose one of the list."),
            pytest.param(f"hour={'9' * 5000}", "Choose one of the list.", id="an hour of 5,000 digits"),
            ("from=0001-01-01&to=0001-01-02", "Type a day as 2026-10-15."),
            ("from=9999-12-31&to=9999-12-31", "Type a day as 2026-10-15."),
            ("by=nothing", "Choose one of customer"),
        ],
    )
    def test_that_ask_for_nothing_are_told_what_to_ask(self, promised: World, address: str, said: str):
        answered(promised, FRIDAY, timedelta(minutes=5))
        browser = promised.browser(promised.mei)
        page, told = browser.get(f"/promises?{address}"), browser.get(f"/api/v1/promises?{address}")
        assert page.status_code == told.status_code == 422
        assert said in page.text
        assert any(said in each for each in told.json["fields"].values())

    def test_pages_of_a_list_follow_one_another(self, promised: World):
        for minute in range(3):
            answered(promised, FRIDAY + timedelta(minutes=minute), timedelta(seconds=30))
        browser = promised.browser(promised.mei)
        text = browser.get("/promises/tickets?period=year&what=counted").text
        assert len(re.findall(r'href="/tickets/\d+"', text)) == 3
        assert browser.get("/promises/tickets?what=lost").status_code == 422
        assert browser.get("/promises/tickets?what=kept&after=rubbish").status_code == 422

    def test_of_customers_come_back_a_page_at_a_time(self, promised: World):
        answered(promised, FRIDAY, timedelta(minutes=5))
        browser = promised.browser(promised.mei)
        for group in ("customer", "agreement", "promise", "team", "channel", "product"):
            assert browser.get(f"/promises?period=year&by={group}").status_code == 200
            assert browser.get(f"/promises/parts/table?period=year&by={group}").status_code == 200
        assert browser.get("/promises/parts/heat?period=year").status_code == 200
        assert browser.get("/promises/hours?period=year").status_code == 200
