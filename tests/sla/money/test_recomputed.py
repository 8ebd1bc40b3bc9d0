"""Every figure of generated books equals what a script of its own works out from the CSV files; a wrong row does not."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as sa_event
from sqlalchemy import text

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Membership, Team
from helpdesk.tickets import merging
from sla.contracts import consumption, noting
from sla.contracts.models import Credit
from sla.money import exporting, verify_money
from sla.policies.models import Clause
from sla.reports import periods
from sla.volume import counting
from tests.plugins.world import World
from tests.sla import rotas
from tests.sla.contracts import agreed
from tests.sla.money import books
from tests.sla.money.books import covered, fee, next_version, page, rate, worked

_WRITTEN: dict[str, bytes] = {}
FIRST, LAST = date(2026, 8, 7), date(2026, 11, 25)


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The books, written once and copied for who spoils them."""
    if not _WRITTEN:
        kept = tmp_path / "kept"
        _live(request.getfixturevalue("world"), kept)
        _WRITTEN.update({path.name: path.read_bytes() for path in kept.iterdir()})
    mine = tmp_path / "books"
    mine.mkdir()
    for name, content in _WRITTEN.items():
        (mine / name).write_bytes(content)
    return mine


def _live(world: World, folder: Path) -> None:
    """Four months of everything there is: changes of rates and prices, merges, nights, two currencies, what nobody knows."""
    books.settle("Europe/Lisbon")
    world.ben.zone, world.mei.zone, world.ada.zone = "America/New_York", "Asia/Tokyo", "Europe/Berlin"
    dice = random.Random(20261125)
    with travel(to=books.NOON):
        _rates(world)
        rotas.schedule([world.ben, world.mei], [world.ada])
        rotas.schedule([world.ben], name="Again")
        tickets = _tickets(world)
        for ticket in tickets[4:10]:
            world.reply(ticket)
        versions = _agreements()
        _work(world, tickets, versions, dice)
        _prepaid(world, tickets, versions, dice)
        for number in range(30):
            at = datetime(2026, 8, 7, tzinfo=UTC) + timedelta(minutes=dice.randrange(110 * 24 * 60))
            page(dice.choice([world.ben, world.mei, world.ada]), at.isoformat(), *dice.sample(tickets, 1 + number % 4))
        for source, into in ((0, 1), (1, 2), (3, 10)):
            merging.merge(tickets[source], into=tickets[into], by=world.ben)
            db.session.commit()
        counting.tick()
        _credits(world, tickets, dice)
        for ticket in tickets[:-3]:
            covered(ticket, dice.choice(versions))
        days = periods.between(str(FIRST), str(LAST), periods.house())
        written = exporting.export(days, folder, books.NOON)
        assert all(written[name] > 0 for name in written), written


def _rates(world: World) -> None:
    team = Team(name="First line", brand_id=1)
    db.session.add(team)
    db.session.flush()
    db.session.add_all(Membership(team_id=team.id, agent_id=one.id) for one in (world.ben, world.mei))
    db.session.commit()
    rate("work", 4999, agent=world.ben)
    rate("work", 5321, agent=world.ben, since=date(2026, 9, 15))
    rate("work", 3777, team=team, currency="EUR")
    rate("work", None, agent=world.ben, since=date(2026, 11, 2))
    rate("night", 1001, since=date(2026, 8, 20))
    rate("standby", 333, agent=world.ben)
    rate("standby", 417, team=team, since=date(2026, 10, 1))
    rate("billed", 8999, agent=world.mei)


def _tickets(world: World) -> list:
    found = [world.ticket(f"Ticket {number}") for number in range(8)]
    return found + [
        world.ticket(f"Other {number}", by=world.nora, author_address="nora@stbrigid.example") for number in range(6)
    ]


def _agreements() -> list:
    gold = fee("Orchard Dairy", 1_000_003, zone="America/Chicago", starts_on=date(2026, 1, 31), hour_cents=12_345)
    silver = fee("St. Brigid Hospital", 77_777, currency="EUR", period="month", name="Silver", renewal="tacit",
                 starts_on=date(2025, 8, 31), ends_on=date(2026, 8, 30))  # fmt: skip
    bronze = fee("Orchard Dairy", None, name="Bronze")
    small = fee("St. Brigid Hospital", 30_001, period="quarter", name="Small", ends_on=date(2026, 10, 10))
    dearer = next_version(gold, datetime(2026, 10, 6, 3, tzinfo=UTC), value_cents=1_234_567, hour_cents=13_579)
    asleep = next_version(silver, datetime(2026, 9, 10, 12, tzinfo=UTC), state="suspended")
    next_version(asleep, datetime(2026, 9, 20, 12, tzinfo=UTC), state="active", value_cents=88_888)
    return [gold, silver, bronze, small, dearer]


def _work(world: World, tickets: list, versions: list, dice: random.Random) -> None:
    people = [world.ben, world.mei, world.ada]
    for _ in range(60):
        day = FIRST + timedelta(days=dice.randrange((LAST - FIRST).days))
        ticket = dice.choice(tickets[9:] + tickets[:4])
        worked(ticket, dice.choice(people), dice.randrange(1, 200), str(day), paid=dice.random() < 0.5)
    key = worked(tickets[0], world.ben, 45, "2026-10-10")
    noting.take_back(tickets[0], key, by=world.ben)
    worked(tickets[10], world.ben, 59, "2026-11-25", paid=True, contract=versions[0].contract_id)
    db.session.commit()


def _prepaid(world: World, tickets: list, versions: list, dice: random.Random) -> None:
    gold = versions[0].contract_id
    agreed.balance(gold, 7, price_cents=9_999, expires_on=date(2026, 10, 20))
    agreed.balance(gold, 13, price_cents=20_001)
    agreed.balance(gold, 5, price_cents=777, expires_on=date(2026, 9, 9), currency="EUR")
    agreed.balance(versions[2].contract_id, 5, expires_on=date(2026, 11, 11))
    agreed.balance(gold, 600, "minutes", price_cents=54_321, round_to=15)
    for number, ticket in enumerate(tickets):
        with travel(to=datetime(2026, 8, 10, tzinfo=UTC) + timedelta(days=7 * number)):
            consumption.draw_incident(gold, ticket.id, datetime(2026, 8, 10, tzinfo=UTC) + timedelta(days=7 * number))
            consumption.draw_minutes(gold, ticket.id, dice.randrange(1, 50), books.NOON, key=f"key:{number}")
            if number % 4 == 1:
                consumption.give_back(ticket.id, "A mistake.", unit="incidents")
            db.session.commit()
    consumption.draw_incident(versions[2].contract_id, tickets[3].id, datetime(2026, 9, 1, tzinfo=UTC))
    db.session.commit()


def _credits(world: World, tickets: list, dice: random.Random) -> None:
    version = agreed.contract(world.olive.organization_id)
    clause = db.session.query(Clause).filter_by(contract_version_id=version.id).one()
    for number, state in enumerate(("proposed", "posted", "excused", "posted")):
        at = datetime(2026, 8, 15, 23, 30, tzinfo=UTC) + timedelta(days=30 * number)
        broken = agreed.broken(tickets[number], clause, cycle=number + 1, broken_at=at, due_at=at)
        db.session.add(
            Credit(
                commitment_id=broken.id,
                contract_id=version.contract_id,
                amount_cents=45_000 + number,
                currency="USD",
                rule={},
                state=state,
                created_at=books.NOON,
            )
        )
    db.session.commit()


def run(folder: Path) -> subprocess.CompletedProcess:
    script = [sys.executable, "-I", verify_money.__file__, str(folder)]
    return subprocess.run(script, capture_output=True, text=True, check=False, env={})


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    head = path.read_text().splitlines()[0].split(",")
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, head)
        out.writeheader()
        out.writerows(rows)


class TestBooks:
    def test_say_the_same_as_the_script_to_the_cent(self, folder: Path) -> None:
        found = run(folder)
        assert (found.stdout.strip().splitlines()[-1:], found.stderr, found.returncode) == (
            [f"{len(table(folder / 'figures.csv'))} figures are what the facts say, to the cent."], "", 0,
        )  # fmt: skip
        kinds = {row["kind"] for row in table(folder / "figures.csv")}
        assert kinds == {"work", "night", "standby", "credit", "fee", "prepaid", "expired", "billed", "untimed"}
        assert {row["currency"] for row in table(folder / "figures.csv")} >= {"USD", "EUR"}
        assert any(int(row["unknown"]) for row in table(folder / "figures.csv") if row["kind"] == "fee")

    @pytest.mark.parametrize(
        ("file", "column", "by"),
        [
            ("figures", "cents", 1), ("figures", "unknown", 1), ("time", "minutes", 3), ("rates", "cents", 100),
            ("credits", "cents", 1), ("prices", "cents", 1000), ("balances", "cents", 100), ("drawn", "amount", 1),
        ],
    )  # fmt: skip
    def test_with_a_wrong_row_differ(self, folder: Path, file: str, column: str, by: int) -> None:
        path = folder / f"{file}.csv"
        rows = table(path)
        row = next(one for one in rows if one[column] and one.get("state") != "excused")
        row[column] = str(int(row[column]) + by)
        write(path, rows)
        found = run(folder)
        assert (found.returncode, bool(found.stdout), found.stderr) == (1, True, "")

    @pytest.mark.parametrize("file", ["time", "pages", "shifts", "replies", "timed", "credits", "members"])
    def test_with_rows_missing_differ(self, folder: Path, file: str) -> None:
        path = folder / f"{file}.csv"
        rows = table(path)
        write(path, rows[len(rows) // 2 + 1 :])
        assert run(folder).returncode == 1

    def test_of_another_format_are_refused(self, folder: Path) -> None:
        rows = table(folder / "period.csv")
        rows[0]["format"] = "kept-money-facts/2"
        write(folder / "period.csv", rows)
        assert "reads kept-money-facts/1" in run(folder).stderr


class TestExport:
    @pytest.fixture
    def found(self, world: World, tmp_path: Path) -> Path:
        books.settle()
        rate("work", 6000)
        worked(world.ticket(), world.ben, 60, "2026-11-10")
        return tmp_path

    def test_is_of_one_instant_whatever_is_noted_while_it_is_written(self, found: Path) -> None:
        noted = []

        def note(*_: object) -> None:
            if (found / "rates.csv").exists() and not noted:  # the figures are worked out by now
                noted.append("more")
                with db.engine.begin() as other:
                    other.execute(text("UPDATE time_entry SET minutes = 90"))

        sa_event.listen(db.engine, "before_cursor_execute", note)
        try:
            exporting.export(periods.between("2026-11-01", "2026-11-30", periods.house()), found, books.NOON)
        finally:
            sa_event.remove(db.engine, "before_cursor_execute", note)
        assert noted
        assert run(found).returncode == 0
        assert [row["minutes"] for row in table(found / "time.csv")] == ["60"]

    def test_shows_no_words_that_a_spreadsheet_would_run(self, found: Path) -> None:
        db.session.execute(text("UPDATE time_entry SET what = '＝1+1'"))
        db.session.commit()
        exporting.export(periods.between("2026-11-01", "2026-11-30", periods.house()), found, books.NOON)
        assert [row["what"] for row in table(found / "time.csv")] == ["'＝1+1"]


class TestCommand:
    def test_writes_the_files(self, world: World, tmp_path: Path) -> None:
        books.settle()
        rate("work", 6000)
        worked(world.ticket(), world.ben, 60, "2026-11-10")
        runner = world.app.test_cli_runner()
        done = runner.invoke(
            args=["reports", "money", "--from", "2026-11-01", "--to", "2026-11-30", "--csv", str(tmp_path)]
        )
        assert done.exit_code == 0, done.output
        assert run(tmp_path).returncode == 0
        assert {path.stem for path in tmp_path.glob("*.csv")} >= {"time", "shifts", "credits", "prices", "figures"}

    def test_says_what_is_wrong_in_words(self, world: World, tmp_path: Path) -> None:
        runner = world.app.test_cli_runner()
        done = runner.invoke(args=["reports", "money", "--period", "decade", "--csv", str(tmp_path)])
        assert (done.exit_code, "Choose today, week" in done.output) == (1, True)
        (tmp_path / "file").write_text("")
        done = runner.invoke(args=["reports", "money", "--csv", str(tmp_path / "file" / "in")])
        assert (done.exit_code, "cannot be written" in done.output) == (1, True)
