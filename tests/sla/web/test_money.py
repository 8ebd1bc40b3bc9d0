"""The page of money: every figure opens exactly its tickets, agents see none of it, rates are written from a day on."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import travel
from sla.money import days
from sla.money.models import MoneyRate
from sla.volume import counting
from tests.plugins.product import queries
from tests.plugins.world import Browser, World
from tests.sla import rotas
from tests.sla.contracts import agreed
from tests.sla.money import books
from tests.sla.money.books import covered, fee, page, rate, worked

NOVEMBER = "from=2026-11-01&to=2026-11-30"


@pytest.fixture
def books_kept(world: World):
    """Two customers, one with a fee in euros; time of two people, one without a rate; a page at night; no time on one."""
    books.settle()
    world.ben.zone = "America/New_York"
    with travel(to=books.NOON):
        rate("work", 6000, agent=world.ben)
        rate("night", 2500)
        rate("standby", 100)
        rotas.schedule([world.ben])
        gold = fee("Orchard Dairy", 36_500)
        silver = fee("St. Brigid Hospital", 73_000, currency="EUR", name="Silver")
        none = fee("Orchard Dairy", None, name="Bronze")
        block = agreed.balance(gold.contract_id, 600, "minutes", price_cents=60_000)
        tickets = [world.ticket("First"), world.ticket("Second")]
        other = world.ticket("Third", by=world.nora, author_address="nora@stbrigid.example")
        for ticket, version in ((tickets[0], gold), (tickets[1], gold), (other, silver)):
            covered(ticket, version)
        worked(tickets[0], world.ben, 90, "2026-11-10")
        worked(tickets[0], world.ben, 30, "2026-11-25", paid=True, contract=gold.contract_id)
        worked(other, world.mei, 60, "2026-11-11")
        page(world.ben, "2026-11-12T03:00:00-05:00", tickets[1], other)
        world.reply(tickets[1])
        counting.tick()
        days.catch_up()
        world.gold, world.silver, world.none, world.block = gold, silver, none, block  # type: ignore[attr-defined]
        world.first, world.second, world.third = *tickets, other  # type: ignore[attr-defined]
        yield world


@pytest.fixture
def manager(books_kept: World) -> Browser:
    return books_kept.browser(books_kept.mei)


@pytest.fixture
def agent(books_kept: World) -> Browser:
    return books_kept.browser(books_kept.ben)


def said(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def behind(browser: Browser, query: str) -> tuple[list[str], str]:
    """The subjects of the tickets a list shows, and all it says."""
    answer = browser.get(f"/promises/money/behind?{NOVEMBER}&{query}")
    assert answer.status_code == 200
    return re.findall(r"#\d+ (\w+)</a>", answer.text), said(answer.text)


class TestFigures:
    def test_are_those_worked_out_by_hand(self, manager: Browser, books_kept: World) -> None:
        found = manager.get(f"/api/v1/promises/money?{NOVEMBER}").json
        parts = found["parts"]
        assert parts["work"] == {"cents": {"USD": 12_000}, "unknown": 1}
        assert parts["night"] == {"cents": {"USD": 2500}, "unknown": 0}
        assert parts["standby"] == {"cents": {"USD": (24 * 24 + 1 + 12) * 100}, "unknown": 0}
        assert parts["fee"] == {"cents": {"USD": 2500, "EUR": 5000}, "unknown": 1}
        assert parts["prepaid"] == {"cents": {"USD": 3000}, "unknown": 0}
        assert parts["untimed"] == {"cents": {}, "unknown": 1}
        assert found["margin"] == {"cents": None, "bound": "unknown"}
        rows = {one["key"]: one for one in found["rows"]}
        dairy = rows[str(books_kept.olive.organization_id)]
        assert dairy["cost"] == {"cents": {"USD": 12_000 + 1250}, "unknown": 1}
        assert dairy["income"] == {"cents": {"USD": 5500}, "unknown": 1}
        hospital = rows[str(books_kept.nora.organization_id)]
        assert (hospital["cost"], hospital["income"]) == (
            {"cents": {"USD": 1250}, "unknown": 1},
            {"cents": {"EUR": 5000}, "unknown": 0},
        )
        assert hospital["margin"] == {"cents": {"EUR": 5000, "USD": -1250}, "bound": "at most"}

    def test_by_agreement_and_by_month(self, manager: Browser, books_kept: World) -> None:
        found = manager.get(f"/api/v1/promises/money?{NOVEMBER}&by=agreement").json
        rows = {one["key"]: one["parts"].get("work") for one in found["rows"]}
        assert rows[str(books_kept.gold.contract_id)] == {"cents": {"USD": 12_000}, "unknown": 0}
        assert rows[str(books_kept.silver.contract_id)] == {"cents": {}, "unknown": 1}
        found = manager.get("/api/v1/promises/money?from=2026-10-01&to=2026-11-30&by=month").json
        assert [one["key"] for one in found["rows"]] == ["2026-10-01", "2026-11-01"]
        assert found["rows"][0]["parts"]["fee"]["cents"] == {"USD": 3100, "EUR": 6200}
        assert [one["month"] for one in found["months"]] == ["2026-10", "2026-11"]

    def test_each_opens_exactly_its_tickets(self, manager: Browser, books_kept: World) -> None:
        assert behind(manager, "what=work")[0] == ["Third", "First"]
        assert behind(manager, "what=work&known=no")[0] == ["Third"]
        assert behind(manager, "what=night")[0] == ["Third", "Second"]
        assert behind(manager, "what=untimed")[0] == ["Second"]
        assert behind(manager, "what=prepaid")[0] == ["First"]
        assert behind(manager, "what=cost")[0] == ["Third", "Second", "First"]
        assert behind(manager, f"what=cost&customer={books_kept.nora.organization_id}")[0] == ["Third"]
        assert behind(manager, f"what=cost&agreement={books_kept.gold.contract_id}")[0] == ["Second", "First"]
        tickets, words = behind(manager, "what=income")
        assert tickets == ["First"]
        assert "Gold Orchard Dairy Fees of agreements $25" in words
        assert "Silver St. Brigid Hospital Fees of agreements €50" in words
        assert "Bronze Orchard Dairy Fees of agreements not known" in words
        assert "Ben Osei 589.0 h $589" in behind(manager, "what=standby")[1]
        assert "Nothing belongs to this figure." in behind(manager, "what=billed")[1]

    def test_lists_go_on_by_key(self, manager: Browser, books_kept: World) -> None:
        with travel(to=books.NOON):
            for number in range(55):
                worked(books_kept.ticket(f"Ticket{number}"), books_kept.ben, 1, "2026-11-13")
        first = manager.get(f"/promises/money/behind?{NOVEMBER}&what=work").text
        more = re.search(r'href="(/promises/money/behind\?[^"]*after=[^"]*)"', first)
        assert more is not None
        second = manager.get(more[1].replace("&amp;", "&")).text
        found = [re.findall(r"#(\d+) \w+</a>", text) for text in (first, second)]
        assert (len(found[0]), len(found[1]), len({*found[0], *found[1]})) == (50, 7, 57)

    def test_takes_few_statements_whatever_there_is(self, manager: Browser, books_kept: World) -> None:
        manager.get(f"/promises/money?{NOVEMBER}")  # reads what a process keeps
        with queries() as few:
            manager.get(f"/promises/money?{NOVEMBER}")
        for number in range(6):
            version = fee("Orchard Dairy", 100, name=f"Agreement {number}")
            ticket = books_kept.ticket(f"Ticket {number}")
            covered(ticket, version)
            worked(ticket, books_kept.ben, 5, "2026-11-13")
        with queries() as lately:
            manager.get(f"/promises/money?{NOVEMBER}")
        days.catch_up()
        with queries() as more:
            manager.get(f"/promises/money?{NOVEMBER}")
        assert (len(lately), len(more)) == (len(few) + 2, len(few))


class TestPage:
    def test_says_what_is_known_and_what_is_not(self, manager: Browser) -> None:
        words = said(manager.get(f"/promises/money?{NOVEMBER}").text)
        assert "Earned: at least €50 and at least $55. Spent: at least $734. How much is left is not known." in words
        assert "1 piece of work by somebody without a rate" in words
        assert "1 ticket was answered and has no time" in words
        assert "1 month of an agreement without a price" in words
        assert "On call, for everybody nothing $589" in words

    def test_links_each_kind_to_a_definition_that_is_there(self, manager: Browser) -> None:
        text = manager.get(f"/promises/money?{NOVEMBER}").text
        defined = manager.get("/promises/definitions").text
        wanted = set(re.findall(r"/promises/definitions#([\w-]+)", text))
        assert {
            f"money-{kind}"
            for kind in ("work", "night", "standby", "credit", "fee", "prepaid", "expired", "billed", "untimed")
        } <= wanted
        assert wanted <= set(re.findall(r'id="([\w-]+)"', defined))

    def test_a_day_that_is_none_is_said_and_nothing_breaks(self, manager: Browser) -> None:
        answer = manager.get("/promises/money?from=2026-02-31")
        assert answer.status_code == 422
        assert "Type a day" in answer.text
        for wrong in ("by=agent", "customer=x", "agreement=-1", f"customer={'9' * 5000}"):
            assert manager.get(f"/promises/money?{wrong}").status_code == 422
        assert manager.get(f"/promises/money/behind?{NOVEMBER}&what=nothing").status_code == 422

    def test_of_days_with_nothing_is_empty(self, manager: Browser) -> None:
        assert (
            "Nothing was earned or spent in these days"
            in manager.get("/promises/money?from=2020-01-01&to=2020-01-02").text
        )

    def test_agents_see_nothing_of_it(self, agent: Browser, books_kept: World) -> None:
        for path in ("/promises/money", "/promises/money/behind?what=cost", "/promises/money/rates", "/api/v1/promises/money",
                     "/api/v1/rates", f"/api/v1/tickets/{books_kept.first.number}/money"):  # fmt: skip
            assert agent.get(path).status_code == 403, path
        assert agent.post("/promises/money/rates", {}).status_code == 403
        assert "/promises/money" not in agent.get("/promises").text
        ticket = agent.get(f"/tickets/{books_kept.first.number}").text
        assert "Time" in ticket
        assert "$" not in said(ticket)
        gold = books_kept.gold
        path = f"/customers/{books_kept.olive.organization_id}/agreements/{gold.contract_id}"
        assert "Money, this term" not in agent.get(path).text

    def test_asks_one_question_for_a_ticket_that_was_only_answered(self, manager: Browser, books_kept: World) -> None:
        quiet = books_kept.ticket("Quiet")
        books_kept.reply(quiet)
        with queries() as sent:
            assert "Left" not in said(manager.get(f"/tickets/{quiet.number}").text)
        assert len([one for one in sent if "FROM time_entry WHERE ticket_id" in one]) == 1
        assert not [one for one in sent if "money_rate" in one or "WITH RECURSIVE" in one]

    def test_stands_on_the_pages_of_ticket_agreement_and_customer(self, manager: Browser, books_kept: World) -> None:
        ticket = said(manager.get(f"/tickets/{books_kept.first.number}").text)
        assert "Earned $30 Spent $120 Left −$90" in ticket
        customer = f"/customers/{books_kept.olive.organization_id}"
        agreement = said(manager.get(f"{customer}/agreements/{books_kept.gold.contract_id}").text)
        assert "Money, this term Open Earned" in agreement
        assert "Money, this year" in said(manager.get(f"{customer}/money").text)
        told = manager.get(f"/api/v1/tickets/{books_kept.first.number}/money").json
        assert told["margin"] == {"cents": {"USD": -9000}, "bound": "exact"}

    def test_the_tab_is_there_for_who_sees_money(self, manager: Browser) -> None:
        assert 'href="/promises/money?period=month"' in manager.get("/promises?period=month").text


class TestRates:
    VALUES = {"kind": "work", "whose": "", "amount": "48.50", "currency": "eur", "valid_from": "2026-10-01"}  # noqa: RUF012

    def test_are_written_from_a_day_on(self, manager: Browser, books_kept: World) -> None:
        assert (
            manager.post("/promises/money/rates", {**self.VALUES, "whose": f"agent-{books_kept.mei.id}"}).status_code
            == 303
        )
        row = db.session.scalars(select(MoneyRate).order_by(MoneyRate.id.desc()).limit(1)).one()
        assert (row.kind, row.agent_id, row.cents, row.currency, row.valid_from) == (
            "work", books_kept.mei.id, 4850, "EUR", date(2026, 10, 1),
        )  # fmt: skip
        shown = manager.get("/promises/money/rates?said=yes").text
        assert "€48.50" in shown
        assert "The rate is written down" in shown
        days.catch_up()
        found = manager.get(f"/api/v1/promises/money?{NOVEMBER}").json["parts"]["work"]
        assert found == {"cents": {"USD": 12_000, "EUR": 4850}, "unknown": 0}

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"amount": "-1"}, "nothing or more"), ({"amount": "much"}, "Enter a number"), ({"currency": "$"}, "Three capital"),
            ({"valid_from": ""}, "Enter the day"), ({"valid_from": "soon"}, "no such day"), ({"kind": "love"}, "Choose one"),
            ({"whose": "agent-999999"}, "nobody like that"), ({"whose": "somebody"}, "Choose from the list"),
        ],
    )  # fmt: skip
    def test_that_do_not_fit_are_refused_at_their_field_with_what_was_typed(
        self, manager: Browser, wrong, words
    ) -> None:
        before = db.session.scalar(select(func.count(MoneyRate.id)))
        answer = manager.post("/promises/money/rates", {**self.VALUES, **wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert answer.text.count('aria-invalid="true"') == 1
        assert db.session.scalar(select(func.count(MoneyRate.id))) == before

    def test_by_programs_too(self, manager: Browser, books_kept: World) -> None:
        made = manager.json("POST", "/api/v1/rates", {"kind": "night", "amount_cents": 100, "agent": books_kept.mei.id})
        assert (made.status_code, made.json["valid_from"], made.json["currency"]) == (201, "2026-11-25", "USD")
        assert made.json in manager.get("/api/v1/rates").json["rates"]
        refused = manager.json("POST", "/api/v1/rates", {"kind": "night", "agent": 1, "team": 1})
        assert (refused.status_code, set(refused.json["fields"])) == (422, {"whose"})


class TestTables:
    """What is taken along is what the page says, for the same people."""

    def table(self, browser: Browser, path: str) -> list[dict[str, str]]:
        answer = browser.get(f"/exports/{path}")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))

    @pytest.mark.parametrize("group", ["customer", "agreement", "month"])
    def test_add_up_to_the_whole(self, manager: Browser, group: str) -> None:
        whole = manager.get(f"/api/v1/promises/money?{NOVEMBER}&by={group}").json
        rows = self.table(manager, f"money.csv?{NOVEMBER}&by={group}")
        for said, side in (("Earned", "income"), ("Spent", "cost")):
            shared = whole["parts"]["standby"]["cents"] if side == "cost" and group != "month" else {}
            for currency, cents in whole[side]["cents"].items():
                found = sum(int(row[f"{said}, cents"]) for row in rows if row["Currency"] == currency)
                assert found == cents - shared.get(currency, 0), (said, currency)
            assert sum(int(row[f"{said}, parts not known"]) for row in rows) == whole[side]["unknown"]
        assert sum(int(row["Time worked, minutes"]) for row in rows) == 180

    def test_of_a_figure_have_its_tickets(self, manager: Browser) -> None:
        rows = self.table(manager, f"money-tickets.csv?{NOVEMBER}&what=work")
        told = [(row["Subject"], row["Currency"], row["Cents"], row["Parts not known"]) for row in rows]
        assert told == [("Third", "", "", "1"), ("First", "USD", "12000", "0")]
        (unknown,) = self.table(manager, f"money-tickets.csv?{NOVEMBER}&what=work&known=no")
        assert unknown["Subject"] == "Third"

    @pytest.mark.parametrize("key", ["money", "money-tickets"])
    def test_are_not_there_for_agents(self, agent: Browser, key: str) -> None:
        assert agent.get(f"/exports/{key}.csv?{NOVEMBER}").status_code == 404
        assert key not in [one["key"] for one in agent.get("/api/v1/tables").json["tables"]]
