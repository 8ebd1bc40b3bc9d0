"""What days of money add up to: exact after whatever happens to a fact, and a wrong row is found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Membership, Team
from helpdesk.tickets import merging
from sla.contracts import consumption, noting
from sla.contracts import credits as owed
from sla.contracts.models import Contract, Credit
from sla.money import checking, days, exporting, figures, verify_money, waiting
from sla.money.figures import Money
from sla.policies.models import Clause
from sla.reports import periods, zoning
from sla.volume import counting
from sla.volume import zoning as volume_zoning
from tests.plugins.world import World
from tests.sla.contracts import agreed
from tests.sla.money import books
from tests.sla.money.books import covered, fee, next_version, page, rate, worked

ALL = "2026-10-01", "2026-11-30"
Lived = SimpleNamespace


@pytest.fixture
def lived(world: World) -> Lived:
    """A fact of every kind, on few days, all of them added up."""
    books.settle()
    world.ben.zone = "America/New_York"
    db.session.commit()
    with travel(to=books.NOON):
        found = _lived(world)
    days.catch_up()
    assert list(checking.verify()) == []
    return found


def _lived(world: World) -> Lived:
    team = Team(name="First line", brand_id=1)
    db.session.add(team)
    db.session.commit()
    rate("work", 6000)
    rate("night", 1000)
    rate("billed", 9001)
    rate("work", 7000, team=team)
    gold, silver = fee("Orchard Dairy", 0, hour_cents=12_000), fee("St. Brigid Hospital", 0, name="Silver")
    block = agreed.balance(gold.contract_id, 7, price_cents=10_000, expires_on=date(2026, 11, 27))
    agreed.balance(silver.contract_id, 90, "minutes", price_cents=1_000)
    worth = agreed.balance(silver.contract_id, 5, price_cents=5_000, expires_on=date(2026, 11, 20))
    tickets = [world.ticket(f"Ticket {number}") for number in range(4)]
    for ticket in tickets[:3]:
        covered(ticket, gold)
    key = worked(tickets[0], world.ben, 50, "2026-11-10", paid=True)
    worked(tickets[1], world.mei, 20, "2026-11-11")
    page(world.ben, "2026-11-12T03:00:00-05:00", tickets[0], tickets[2])
    consumption.draw_incident(gold.contract_id, tickets[0].id, books.NOON)
    version = agreed.contract(world.olive.organization_id, "C-200")
    clause = db.session.query(Clause).filter_by(contract_version_id=version.id).one()
    at = datetime(2026, 11, 13, 18, tzinfo=UTC)
    broken = agreed.broken(tickets[3], clause, broken_at=at, due_at=at)
    credit = Credit(commitment_id=broken.id, contract_id=version.contract_id, amount_cents=450, currency="USD",
                    rule={}, created_at=at)  # fmt: skip
    db.session.add(credit)
    for ticket in tickets[2:]:
        world.reply(ticket)
    db.session.commit()
    counting.tick()
    return Lived(world=world, team=team, gold=gold, silver=silver, block=block, worth=worth, tickets=tickets, key=key,
                 broken=broken, credit=credit)  # fmt: skip


def _merge(of: Lived) -> None:
    merging.merge(of.tickets[1], into=of.tickets[2], by=of.world.ben)


def _part(of: Lived) -> None:
    _merge(of)
    db.session.commit()
    days.catch_up()
    merging.part(of.tickets[1], target=of.tickets[2], by=of.world.ben)


def _other_customer(of: Lived) -> None:
    of.tickets[2].organization_id = of.world.nora.organization_id


def _forgotten(of: Lived) -> None:
    db.session.execute(text("DELETE FROM volume_fact WHERE ticket_id = :one"), {"one": of.tickets[2].id})


def _replied_again(of: Lived) -> None:
    with travel(to=datetime(2026, 11, 27, 17, tzinfo=UTC)):
        of.world.reply(of.tickets[2])
        db.session.commit()
        counting.tick()


def _zone(_: Lived) -> None:
    zoning.change("Asia/Tokyo")
    volume_zoning.follow()


def _sql(said: str) -> Callable[[Lived], None]:
    def done(_: Lived) -> None:
        db.session.execute(text(said))

    return done


CHANGES: dict[str, Callable[[Lived], object]] = {
    "time is noted": lambda of: worked(of.tickets[2], of.world.ben, 33, "2026-11-12"),
    "time is noted on a day far back": lambda of: worked(of.tickets[1], of.world.ben, 33, "2026-10-02"),
    "time is taken back": lambda of: noting.take_back(of.tickets[0], of.key, by=of.world.ben),
    "time is corrected by hand": _sql("UPDATE time_entry SET minutes = minutes + 1, day = day + 1"),
    "time is deleted by hand": _sql("DELETE FROM time_entry"),
    "a rate is written": lambda _: rate("work", 1234, since=date(2026, 11, 11)),
    "a person's rate is written": lambda of: rate("night", 77, agent=of.world.ben),
    "a rate is corrected by hand": _sql("UPDATE money_rate SET cents = 1 WHERE kind = 'work'"),
    "a rate is deleted by hand": _sql("DELETE FROM money_rate WHERE kind = 'night'"),
    "somebody joins a team": lambda of: db.session.add(Membership(team_id=of.team.id, agent_id=of.world.mei.id)),
    "tickets are merged": _merge,
    "tickets are parted": _part,
    "a ticket is another customer's": _other_customer,
    "another agreement covers it": lambda of: covered(of.tickets[0], of.silver),
    "no agreement covers it": _sql("UPDATE entitlement SET replaced_at = decided_at"),
    "an hour's price changes": lambda of: next_version(of.gold, books.midnight("2026-11-09"), hour_cents=15_000),
    "an agreement is another customer's": lambda of: setattr(
        db.session.get_one(Contract, of.gold.contract_id), "organization_id", of.world.nora.organization_id
    ),
    "something is drawn": lambda of: consumption.draw_minutes(
        of.silver.contract_id, of.tickets[1].id, 20, datetime(2026, 11, 15, tzinfo=UTC), key="again"
    ),
    "it is given back": lambda of: consumption.give_back(of.tickets[0].id, "A mistake."),
    "a ledger is corrected by hand": _sql("UPDATE prepaid_entry SET at = at - interval '9 days'"),
    "a balance is bought": lambda of: agreed.balance(of.gold.contract_id, 2, price_cents=99,
                                                     expires_on=date(2026, 11, 3)),
    "a balance has another price": lambda of: setattr(of.block, "price_cents", 20_000),
    "a balance lasts longer": lambda of: setattr(of.worth, "expires_on", date(2026, 11, 22)),
    "a credit is excused": lambda of: owed.excuse(of.credit, of.world.mei, "It was us."),
    "a credit is deleted": _sql("DELETE FROM credit"),
    "a promise broke on another day": lambda of: setattr(of.broken, "broken_at", datetime(2026, 11, 16, tzinfo=UTC)),
    "somebody is rung": lambda of: page(of.world.ben, "2026-11-14T03:00:00-05:00", of.tickets[2]),
    "a page was a test": _sql("UPDATE page SET is_test = true"),
    "a page was another night's": _sql("UPDATE page SET begun_at = begun_at + interval '2 days'"),
    "a page is for nothing": _sql("DELETE FROM page_reason"),
    "somebody moves": lambda of: setattr(of.world.ben, "zone", "Asia/Tokyo"),
    "a ticket is answered again": _replied_again,
    "an answer is forgotten": _forgotten,
    "days begin elsewhere": _zone,
}  # fmt: skip


LATER = datetime(2026, 11, 28, 17, tzinfo=UTC)
SLICES = (
    ("2026-10-01", "2026-11-09"),
    ("2026-11-10", "2026-11-11"),
    ("2026-11-12", "2026-11-13"),
    ("2026-11-14", "2026-11-20"),
    ("2026-11-21", "2026-11-26"),
    ("2026-11-27", "2026-11-30"),
)


def _figures() -> list[Money]:
    """By everything, of some days each, and of the first customer and agreement."""
    db.session.expire_all()
    asked = [books.question(*ALL, by) for by in figures.GROUPS]
    asked += [books.question(*each) for each in SLICES]
    asked += [books.question(*ALL, "agreement", customer=1), books.question(*ALL, "month", agreement=1)]
    return [figures.money(one, LATER) for one in asked]


class TestAnyChange:
    @pytest.mark.parametrize("name", CHANGES)
    def test_counts_at_once_and_is_added_up_exactly(self, lived: Lived, name: str) -> None:
        before = _figures()
        with travel(to=books.NOON):
            CHANGES[name](lived)
            db.session.commit()
        assert db.session.scalar(text("SELECT count(*) FROM money_mark")) > 0
        assert list(checking.verify()) == []
        at_once = _figures()
        days.catch_up()
        assert db.session.scalar(text("SELECT count(*) FROM money_mark")) == 0
        assert list(checking.verify()) == []
        after = _figures()
        assert after != before
        for one, other in zip(at_once, after, strict=True):
            assert one.waiting or one == other
        days.again()
        assert _figures() == after


class TestVerify:
    @pytest.mark.parametrize(
        "wrong",
        [
            "UPDATE money_sum SET cents = cents + 1 WHERE kind = 'work'",
            "UPDATE money_sum SET many = many + 1 WHERE kind = 'night'",
            "UPDATE money_sum SET amount = amount - 1 WHERE kind = 'billed'",
            "UPDATE money_sum SET organization_id = organization_id + 1 WHERE kind = 'credit'",
            "UPDATE money_sum SET day = day - 400 WHERE kind = 'expired'",
            "UPDATE money_sum SET currency = 'EUR' WHERE kind = 'prepaid'",
            "DELETE FROM money_sum WHERE kind = 'work'",
            "INSERT INTO money_sum SELECT span, day - 9, 7, 7, kind, currency, 5, 1, 1 FROM money_sum WHERE span = 'day'",
            "UPDATE money_sum SET cents = cents + 1 WHERE kind = 'work' AND span = 'month'",
            "DELETE FROM money_answered WHERE span = 'month'",
            "UPDATE money_answered SET many = many + 1",
            "UPDATE money_answered SET before = day - 1",
            "DELETE FROM money_answered",
        ],
    )
    def test_finds_a_wrong_row_and_a_rebuild_repairs_it(self, lived: Lived, wrong: str) -> None:
        before = _figures()
        db.session.execute(text(wrong))
        db.session.commit()
        assert list(checking.verify())
        runner = lived.world.app.test_cli_runner()
        done = runner.invoke(args=["reports", "verify"])
        assert (done.exit_code, "money_" in done.output) == (1, True)
        days.again()
        db.session.commit()
        assert list(checking.verify()) == []
        assert _figures() == before

    def test_finds_a_change_that_nothing_marked(self, lived: Lived) -> None:
        db.session.execute(text("ALTER TABLE time_entry DISABLE TRIGGER USER"))
        db.session.execute(text("UPDATE time_entry SET minutes = minutes + 1"))
        db.session.execute(text("ALTER TABLE time_entry ENABLE TRIGGER USER"))
        db.session.commit()
        assert {row["kind"] for row in checking.verify()} == {"work", "billed"}

    def test_so_does_the_script_that_knows_the_facts_alone(self, lived: Lived, tmp_path: Path) -> None:
        november = periods.between("2026-11-01", "2026-11-30", periods.house())
        exporting.export(november, tmp_path, LATER)
        assert _checked(tmp_path) == 0
        db.session.execute(text("UPDATE money_sum SET cents = cents + 1 WHERE kind = 'work'"))
        db.session.commit()
        exporting.export(november, tmp_path, LATER)
        assert _checked(tmp_path) == 1

    def test_says_nothing_of_what_is_yet_to_be_added_up(self, lived: Lived) -> None:
        worked(lived.tickets[1], lived.world.ben, 5, "2026-11-18")
        assert list(checking.verify()) == []
        runner = lived.world.app.test_cli_runner()
        assert runner.invoke(args=["reports", "verify"]).exit_code == 0


def _checked(folder: Path) -> int:
    script = [sys.executable, "-I", verify_money.__file__, str(folder)]
    return subprocess.run(script, capture_output=True, check=False, env={}).returncode


class TestMarks:
    def test_of_a_merge_have_what_was_noted_meanwhile(self, lived: Lived) -> None:
        """The time is committed between the mark of the merge and its reading: both days are found."""
        db.session.execute(text("ALTER TABLE time_entry DISABLE TRIGGER USER"))
        _merge(lived)
        db.session.execute(text("UPDATE time_entry SET day = '2026-10-03'"))
        db.session.execute(text("ALTER TABLE time_entry ENABLE TRIGGER USER"))
        db.session.commit()
        assert date(2026, 10, 3) in waiting.between(date(2026, 10, 1), date(2026, 12, 1))

    def test_of_many_answers_at_once_are_one(self, lived: Lived) -> None:
        db.session.execute(
            text("""
            INSERT INTO volume_fact (ticket_id, kind, number, at, day, hour, is_out, is_first, channel_kind, topics)
            SELECT 1000000 + i, 'replied', 1, '2026-11-10', '2026-11-10', 1, false, true, 'email', '{}'
            FROM generate_series(1, 1500) i
        """)
        )
        assert db.session.scalar(text("SELECT count(*) FROM money_mark")) == 1
        db.session.rollback()


class TestManyDays:
    def test_wait_and_say_so(self, lived: Lived) -> None:
        browser = lived.world.browser(lived.world.mei)
        address = "from=2026-10-01&to=2026-11-30"
        with travel(to=books.NOON):
            rate("work", 4321, since=date(2026, 10, 1))
            assert "days are still being added up" in browser.get(f"/promises/money?{address}").text
            waits = browser.get(f"/api/v1/promises/money?{address}").json["waiting_days"]
            assert waits == 56 - figures.FRESH  # up to today, 25 November
            days.catch_up()
            assert "still being added up" not in browser.get(f"/promises/money?{address}").text
            assert browser.get(f"/api/v1/promises/money?{address}").json["waiting_days"] == 0
