"""Agreements through their life: every change is a version, and nothing is half saved."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.now import now
from helpdesk.people.models import Organization
from sla.assets import equipment
from sla.assets.inputs import Unit
from sla.contracts import agreements, loading, versions
from sla.contracts.inputs import Agreed, Bought, CreditRule, Line, Outcome, Promise
from sla.contracts.models import Contract, ContractVersion

ANSWER = Promise("A person answers within 30 minutes.", "first_response", 1800, number="4.1")
GOLD = Agreed(
    name="Gold 24x7",
    kind="support",
    starts_on=date(2026, 2, 1),
    ends_on=date(2027, 1, 31),
    zone="America/Chicago",
    renewal="express",
    value_cents=5_820_000,
    outcome=Outcome("Rooms below −18 °C", "99.5 % of hours", ""),
    lines=(Line(), Line("Repairs", works=("repair",), starts_on=date(2026, 3, 31))),
    clauses=(
        ANSWER,
        Promise(
            "An engineer on site within 4 hours.",
            "on_site",
            14_400,
            targets={"urgent": 7200},
            pauses=("customer",),
            credit=CreditRule("percent", 2.5, 45_000),
            line=1,
        ),
    ),
)
AUTUMN = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_autumn(travel):
    with travel(to=AUTUMN):
        yield


@pytest.fixture
def dairy(world) -> Organization:
    return db.session.get_one(Organization, world.olive.organization_id)


@pytest.fixture
def contract(world, dairy) -> Contract:
    made = agreements.draft(dairy, GOLD, by=world.ada)
    agreements.put_in_force(made, by=world.ada, valid_from=datetime(2026, 2, 1, 6, tzinfo=UTC))
    db.session.commit()
    return made


def state(contract: Contract, at: datetime | None = None) -> str:
    found = [v for v in loading.in_force(contract.organization_id, at or now()) if v.contract_id == contract.id]
    return found[0].state if found else ""


def fields(call, *arguments, **keywords) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        call(*arguments, **keywords)
    return caught.value.fields


class TestDraft:
    def test_says_what_was_agreed(self, world, dairy):
        contract = agreements.draft(dairy, GOLD, by=world.ada)
        assert versions.agreed(loading.newest(contract.id)) == GOLD
        assert contract.number == f"A-{1000 + contract.id}"

    def test_promises_nothing(self, world, dairy):
        contract = agreements.draft(dairy, GOLD, by=world.ada)
        assert state(contract) == "draft"

    def test_can_be_put_in_force_from_an_earlier_day(self, contract):
        assert state(contract, datetime(2026, 2, 1, 5, 59, tzinfo=UTC)) == "draft"
        assert state(contract, datetime(2026, 2, 1, 6, 0, tzinfo=UTC)) == "active"

    def test_edited_stays_a_draft_even_when_its_term_moves(self, world, dairy):
        contract = agreements.draft(dairy, GOLD, by=world.ada)
        agreements.edit(contract, replace(GOLD, starts_on=date(2025, 1, 1)), by=world.ada)
        agreements.put_in_force(contract, by=world.ada, valid_from=datetime(2025, 1, 1, 6, tzinfo=UTC))
        assert state(contract, datetime(2025, 6, 1, tzinfo=UTC)) == "active"

    def test_without_a_promise_cannot_be_put_in_force(self, world, dairy):
        contract = agreements.draft(dairy, replace(GOLD, clauses=()), by=world.ada)
        assert set(fields(agreements.put_in_force, contract, by=world.ada)) == {"clauses"}

    def test_is_put_in_force_once(self, world, contract):
        with pytest.raises(Conflict):
            agreements.put_in_force(contract, by=world.ada)

    def test_with_a_number_in_use_is_refused(self, world, dairy, contract):
        assert set(fields(agreements.draft, dairy, GOLD, by=world.ada, number=contract.number)) == {"number"}

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "a\0b"}, "name"),
            ({"kind": "handshake"}, "kind"),
            ({"ends_on": date(2026, 1, 31)}, "ends_on"),
            ({"zone": "Mars/Olympus"}, "zone"),
            ({"zone": "../etc/passwd"}, "zone"),
            ({"renewal": "maybe"}, "renewal"),
            ({"notice_months": -1}, "notice_months"),
            ({"value_cents": -1}, "value"),
            ({"value_cents": 10**13}, "value"),
            ({"currency": "usd"}, "currency"),
            ({"period": "week"}, "period"),
            ({"credit_cap_percent": 101}, "credit_cap_percent"),
            ({"lines": (), "clauses": ()}, "lines"),
            ({"lines": (Line(""),), "clauses": ()}, "lines-0-name"),
            ({"lines": (Line(), Line("B", starts_on=date(2026, 5, 1), ends_on=date(2026, 4, 1)))}, "lines-1-ends_on"),
            ({"lines": (Line(), Line("B", asset_ids=(4711,)))}, "lines-1-asset_ids"),
            ({"lines": (Line(), Line("B", site_ids=(4711,)))}, "lines-1-site_ids"),
            ({"lines": (Line(), Line("B", calendar_id=4711))}, "lines-1-calendar_id"),
            ({"clauses": (replace(ANSWER, words=""),)}, "clauses-0-words"),
            ({"clauses": (replace(ANSWER, metric="happiness"),)}, "clauses-0-metric"),
            ({"clauses": (replace(ANSWER, target_seconds=0),)}, "clauses-0-target"),
            ({"clauses": (replace(ANSWER, target_seconds=-60),)}, "clauses-0-target"),
            ({"clauses": (replace(ANSWER, targets={"urgent": 0}),)}, "clauses-0-targets"),
            ({"clauses": (replace(ANSWER, targets={"panic": 60}),)}, "clauses-0-targets"),
            ({"clauses": (replace(ANSWER, zone_source="moon"),)}, "clauses-0-zone_source"),
            ({"clauses": (replace(ANSWER, pauses=("lunch",)),)}, "clauses-0-pauses"),
            ({"clauses": (replace(ANSWER, warn_percent=0),)}, "clauses-0-warn_percent"),
            ({"clauses": (replace(ANSWER, calendar_id=4711),)}, "clauses-0-calendar_id"),
            ({"clauses": (replace(ANSWER, line=7),)}, "clauses-0-line"),
            ({"clauses": (replace(ANSWER, credit=CreditRule("favour", 1)),)}, "clauses-0-credit"),
            ({"clauses": (replace(ANSWER, credit=CreditRule("percent", 101)),)}, "clauses-0-credit"),
            ({"clauses": (replace(ANSWER, credit=CreditRule("amount", 0)),)}, "clauses-0-credit"),
            ({"clauses": (replace(ANSWER, credit=CreditRule("amount", 5, 0)),)}, "clauses-0-cap"),
        ],
    )
    def test_names_the_field_that_does_not_fit_and_saves_nothing(self, world, dairy, wrong, field):
        assert set(fields(agreements.draft, dairy, replace(GOLD, **wrong), by=world.ada)) == {field}
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Contract)) == 0

    def test_covers_no_unit_of_somebody_else(self, world, dairy):
        hospital = db.session.get_one(Organization, world.nora.organization_id)
        theirs = equipment.create(hospital, Unit("KX40-1", "KX-40"))
        agreed = replace(GOLD, lines=(Line(), Line("Theirs", asset_ids=(theirs.id,))))
        assert set(fields(agreements.draft, dairy, agreed, by=world.ada)) == {"lines-1-asset_ids"}


class TestEdit:
    def test_writes_a_version_and_leaves_the_one_before(self, world, dairy, contract):
        agreements.edit(contract, replace(GOLD, name="Platinum"), by=world.ben)
        before, after = AUTUMN - timedelta(seconds=1), AUTUMN
        assert [loading.in_force(dairy.id, at)[0].name for at in (before, after)] == ["Gold 24x7", "Platinum"]
        newest = loading.newest(contract.id)
        assert (newest.number, newest.state, newest.created_by_id) == (3, "active", world.ben.id)

    def test_can_hold_from_a_later_day(self, world, dairy, contract):
        january = datetime(2027, 1, 1, 6, tzinfo=UTC)
        agreements.edit(contract, replace(GOLD, name="Platinum"), by=world.ada, valid_from=january)
        assert loading.in_force(dairy.id, now())[0].name == "Gold 24x7"
        assert loading.in_force(dairy.id, january)[0].name == "Platinum"
        assert fields(agreements.edit, contract, GOLD, by=world.ada) == {
            "valid_from": "A change is written for 1 Jan 2027 already. Choose that day or a later one."
        }

    def test_never_changes_what_tickets_were_judged_by(self, world, contract):
        yesterday = AUTUMN - timedelta(days=1)
        assert set(fields(agreements.edit, contract, GOLD, by=world.ada, valid_from=yesterday)) == {"valid_from"}

    def test_that_does_not_fit_writes_no_version(self, world, contract):
        assert fields(agreements.edit, contract, replace(GOLD, ends_on=date(2025, 1, 1)), by=world.ada)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(ContractVersion)) == 2


class TestState:
    def test_goes_to_suspended_and_back(self, world, contract, travel):
        agreements.suspend(contract, by=world.ada)
        assert state(contract) == "suspended"
        with travel(days=1):
            agreements.resume(contract, by=world.ada)
            assert state(contract) == "active"
        assert state(contract, AUTUMN) == "suspended"

    def test_twice_is_harmless(self, world, contract):
        first = agreements.suspend(contract, by=world.ada)
        assert agreements.suspend(contract, by=world.ada).number == first.number
        first = agreements.cancel(contract, by=world.ada)
        assert agreements.cancel(contract, by=world.ada).number == first.number

    def test_of_what_is_over_cannot_be_resumed(self, world, contract):
        agreements.cancel(contract, by=world.ada)
        with pytest.raises(Conflict):
            agreements.resume(contract, by=world.ada)
        with pytest.raises(Conflict):
            agreements.suspend(contract, by=world.ada)

    def test_holds_for_changes_that_were_written_for_later(self, world, contract):
        january = datetime(2027, 1, 1, 6, tzinfo=UTC)
        agreements.edit(contract, replace(GOLD, name="Platinum"), by=world.ada, valid_from=january)
        agreements.cancel(contract, by=world.ada)
        assert state(contract, now()) == state(contract, january) == "cancelled"


class TestRenew:
    def test_is_the_next_term_as_an_agreement_of_its_own(self, world, contract):
        new = agreements.renew(contract, by=world.ada)
        version = loading.newest(new.id)
        assert (version.starts_on, version.ends_on) == (date(2027, 2, 1), date(2028, 1, 31))
        assert version.lines[1].starts_on == date(2027, 3, 31)
        assert [clause.words for clause in version.clauses] == [clause.words for clause in GOLD.clauses]
        assert new.renews_id == contract.id

    def test_leaves_the_old_one_in_force_to_its_last_instant(self, world, contract):
        new = agreements.renew(contract, by=world.ada)
        end = datetime(2027, 2, 1, 6, tzinfo=UTC)
        assert state(contract, end - timedelta(seconds=1)) == "active"
        assert state(contract, end) == "renewed"
        assert state(new, end) == "active"

    def test_happens_once_and_only_to_what_ends(self, world, dairy, contract):
        agreements.renew(contract, by=world.ada)
        with pytest.raises(Conflict):
            agreements.renew(contract, by=world.ada)
        tacit = agreements.draft(dairy, replace(GOLD, renewal="tacit"), by=world.ada)
        agreements.put_in_force(tacit, by=world.ada)
        with pytest.raises(Conflict):
            agreements.renew(tacit, by=world.ada)


class TestFind:
    def test_knows_no_agreement_of_somebody_else(self, world, contract):
        assert agreements.find(contract.id, world.olive.organization_id) is contract
        with pytest.raises(NotFound):
            agreements.find(contract.id, world.nora.organization_id)


class TestBuy:
    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"unit": "hugs"}, "unit"),
            ({"bought": 0}, "bought"),
            ({"expires_on": date(2026, 1, 31)}, "expires_on"),
            ({"round_to": 0}, "round_to"),
            ({"grace": -1}, "grace"),
            ({"warn_percent": 101}, "warn_percent"),
        ],
    )
    def test_names_the_field_that_does_not_fit(self, contract, wrong, field):
        bought = replace(Bought("incidents", 12, date(2026, 2, 1)), **wrong)
        assert set(fields(agreements.buy, contract, bought)) == {field}

    def test_puts_it_on_the_ledger(self, contract):
        balance = agreements.buy(contract, Bought("incidents", 12, date(2026, 2, 1), date(2027, 1, 31)))
        assert (balance.contract_id, balance.bought, balance.expires_on) == (contract.id, 12, date(2027, 1, 31))
