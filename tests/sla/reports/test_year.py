"""Every figure of the managers' pages over a made-up year is what somebody else counts from its events.

`python -m bench.recount` does the same at 200,000 tickets and for every question; here some of them, at some hundred.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from bench.ground import app_on, direct
from bench.recount import year as recounted
from bench.recount.comparing import Compared
from bench.recount.covers import Covers
from bench.recount.credits import Credits
from bench.recount.customers import Customers
from bench.recount.nights import Nights
from bench.recount.outlook import Outlook
from bench.recount.pages import Pages
from bench.recount.prepaid import Prepaid
from bench.recount.reading import Manager
from bench.year import duties, house, judging, prepaid
from helpdesk.db import db
from helpdesk.now import travel
from sla.commitments.verifying import Verified, verify
from sla.money import checking as money_checking
from sla.money import days
from sla.reports import checking
from sla.volume import checking as service_checking

TICKETS, SEED = 200, 5
ASKED = (
    "promises?period=quarter&by=promise",
    "promises?period=month&by=channel",
    "promises?from=2026-05-20&to=2026-07-10&channel=email&hour=in",
    "service?period=quarter&by=channel",
    "service?period=month&team=2",
    "service?from=2026-02-01&to=2026-04-30&topic=5&when=out",
    "promises/open",
    "promises/next",
)
ALONE = {"__future__", "bench", "collections", "dataclasses", "datetime", "fractions", "functools", "html", "itertools", "json",
         "math", "psycopg", "random", "re", "typing", "bisect", "urllib", "zoneinfo"}  # fmt: skip
KNOW_THE_PRODUCT = {"__main__.py", "reading.py", "scripts.py"}


@dataclass
class Past:
    app: Flask
    connection: psycopg.Connection
    url: str

    def __post_init__(self) -> None:
        self.year, self.reader = recounted.count(self.connection, house.END), Manager(self.app, self.connection)

    def compare(self, *names: str, clicks: int = 1) -> Compared:
        """Some questions."""
        compared = Compared()
        for name, ask in Pages(self.year, Nights(self.connection, self.year), self.reader, compared, clicks).each():
            if name in names:
                ask()
        return compared

    def compare_customers(self) -> Compared:
        compared = Compared()
        customers = Customers(self.connection, self.year, self.reader, compared, 1)
        customers.listed()
        customers.strips()
        list(customers.statements())
        return compared

    def compare_covers(self) -> Compared:
        compared = Compared()
        Covers(self.connection, self.year, compared).compare()
        return compared

    def compare_credits(self) -> Compared:
        compared = Compared()
        Credits(self.connection, self.year, self.reader, compared).compare()
        return compared

    def compare_ahead(self) -> Compared:
        compared = Compared()
        Prepaid(self.connection, self.year, self.reader, compared).compare()
        return compared

    def compare_foretold(self) -> Compared:
        compared = Compared()
        Outlook(self.connection, self.year, self.reader, compared).compare()
        return compared

    def change(self, statement: str) -> None:
        self.connection.execute(statement)
        self.connection.commit()


@pytest.fixture
def past(fresh_database_url: str) -> Iterator[Past]:
    app = app_on(fresh_database_url)
    with app.app_context(), direct(fresh_database_url) as connection, travel(to=house.END):
        people = house.build(12, random.Random(SEED))
        duties.arrange()
        made = judging.fill(connection, people, TICKETS, SEED)
        duties.fill(connection, made, SEED)
        prepaid.fill(made, SEED)
        yield Past(app, connection, fresh_database_url)


class TestAYear:
    def test_is_counted_alike_by_somebody_who_knows_the_definitions_alone(self, past: Past) -> None:
        """And says so at once where what is stored is not what happened: the days' tallies, or a promise's team."""
        count = Verified()
        assert list(verify(count)) == []
        assert count.tickets >= TICKETS
        assert list(checking.verify()) == []
        assert list(service_checking.verify()) == []
        assert list(money_checking.verify()) == []
        found = past.compare(*ASKED, clicks=2)
        assert found.differences == []
        assert found.figures > 5000
        assert found.lists > 50
        assert past.compare_customers().differences == []
        covers = past.compare_covers()
        assert covers.differences == []
        assert covers.figures > 5 * TICKETS
        given = past.compare_credits()
        assert given.differences == []
        assert given.figures > 100
        ahead = past.compare_ahead()
        assert ahead.differences == []
        assert ahead.figures > 300
        foretold = past.compare_foretold()
        assert foretold.differences == []
        assert foretold.figures > 120
        past.change("UPDATE promise_day SET kept = kept + 1 WHERE dimension = 'all' AND day > '2026-10-31'")
        assert any("kept" in one for one in past.compare("promises?period=month&by=channel").differences)
        past.change("UPDATE promise_day SET kept = kept - 1 WHERE dimension = 'all' AND day > '2026-10-31'")
        past.change("UPDATE volume_day SET done = done + 1 WHERE dimension = 'all' AND done > 0")
        assert any("done" in one for one in past.compare("service?period=quarter&by=channel").differences)
        last = "SELECT max(id) FROM prepaid_entry GROUP BY balance_id"
        past.change(f"UPDATE prepaid_entry SET amount = amount + 1 WHERE id IN ({last})")
        days.again()  # this connection fills as a replica, which marks nothing
        db.session.commit()
        told = past.compare_ahead().differences
        assert any("statements" in one for one in told)
        assert any(" prepaid" in one and "/agreements/" in one for one in told)
        assert any("promises/money" in one for one in told)
        past.change("UPDATE credit SET amount_cents = amount_cents + 1 WHERE state <> 'excused'")
        days.again()
        db.session.commit()
        told = past.compare_credits().differences
        assert all(
            any(what in one for one in told) for what in ("credit ", "credits of customer", "statements", "money")
        )
        past.change("UPDATE entitlement SET warranty_id = NULL, source = 'policy' WHERE source = 'warranty'")
        assert any("warranty counted" in one for one in past.compare_covers().differences)
        past.change("UPDATE forecast_item SET slips = slips / 2")
        told = past.compare_foretold().differences
        assert any("last week's forecasts did" in one for one in told)
        assert any(one.startswith("foretold") for one in told)
        past.change("UPDATE forecast_item SET slips = 2 * slips")
        past.change(
            "UPDATE forecast SET high = high + 1, usual = usual + 0.1, picture = picture || '{\"days\": []}'"
            ' || \'{"suggestion": {"agent_id": 2, "at": 1795197600, "usual": 1795204800, "short": 1}}\''
        )
        told = past.compare_foretold().differences
        wrong = (" high", " usual", "next days", "expected to slip", " suggestion", "who could begin earlier")
        assert all(any(what in one for one in told) for what in wrong)
        past.change("UPDATE promise_outcome SET day = day + 40 WHERE outcome = 'kept' AND day < '2026-10-01'")
        assert any("missing" in one for one in past.compare("promises?period=month&by=channel").differences)


class TestWhoCountsAgain:
    def test_shares_no_code_with_the_product(self) -> None:
        """Only those files know it that ask it, and write down that they do."""
        folder = Path(recounted.__file__).parent
        files = {one.name: one for one in folder.glob("*.py")}
        assert files.keys() >= KNOW_THE_PRODUCT
        for name in files.keys() - KNOW_THE_PRODUCT:
            assert _imported(files[name]) <= ALONE, name
        within = {one for name in files.keys() - KNOW_THE_PRODUCT for one in _bench(files[name])}
        assert {one.split(".")[:2][1] for one in within} <= {"recount"}


def _imported(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in _names(path)}


def _bench(path: Path) -> set[str]:
    return {name for name in _names(path) if name.startswith("bench")}


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
