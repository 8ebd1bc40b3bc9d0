"""Credits: what a break costs, never past the cap, once for an incident, decided by a manager with a reason."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid, NotAllowed
from sla.contracts import credits  # noqa: A004 - the word of the domain
from sla.contracts.models import ContractVersion, Credit
from sla.contracts.terms import Term
from sla.policies.models import Clause
from tests.sla.contracts import agreed


def version(**values) -> ContractVersion:
    defaults = {"value_cents": 1_000_000, "credit_cap_percent": 10, "period": "year", "starts_on": date(2026, 2, 1)}
    return ContractVersion(**{**defaults, **values})


class TestAmount:
    @pytest.mark.parametrize(
        ("rule", "already", "owed"),
        [
            ({}, 0, 0),
            ({"kind": "amount", "value": 45_000}, 0, 45_000),
            ({"kind": "amount", "value": 45_000}, 55_000, 45_000),
            ({"kind": "amount", "value": 45_000}, 60_000, 40_000),
            ({"kind": "amount", "value": 45_000}, 100_000, 0),
            ({"kind": "amount", "value": 45_000}, 120_000, 0),
            ({"kind": "amount", "value": 45_000, "cap": 30_000}, 0, 30_000),
            ({"kind": "percent", "value": 5}, 0, 50_000),
            ({"kind": "percent", "value": 5, "cap": 20_000}, 0, 20_000),
            ({"kind": "percent", "value": 50}, 0, 100_000),
            ({"kind": "percent", "value": 0.00005}, 0, 1),
        ],
    )
    def test_never_exceeds_a_cap(self, rule, already, owed):
        assert credits.amount(rule, version(), already) == owed

    def test_without_a_fee_keeps_to_the_rule_s_own_cap(self):
        free = version(value_cents=0)
        assert credits.amount({"kind": "amount", "value": 45_000}, free, 1_000_000) == 45_000
        assert credits.amount({"kind": "percent", "value": 5}, free, 0) == 0


class TestPeriod:
    @pytest.mark.parametrize(
        ("length", "on", "expected"),
        [
            ("year", "2026-07-04", ("2026-02-01", "2027-01-31")),
            ("quarter", "2026-07-04", ("2026-05-01", "2026-07-31")),
            ("month", "2026-07-04", ("2026-07-01", "2026-07-31")),
            ("month", "2026-02-01", ("2026-02-01", "2026-02-28")),
        ],
    )
    def test_counts_from_the_first_day_of_the_contract(self, length, on, expected):
        found = credits.period(version(period=length), date.fromisoformat(on))
        assert found == Term(*map(date.fromisoformat, expected))


@pytest.fixture
def gold(world) -> ContractVersion:
    return agreed.contract(world.olive.organization_id, credit_cap_percent=1)


def clause_of(version: ContractVersion) -> Clause:
    return db.session.scalars(select(Clause).where(Clause.contract_version_id == version.id)).one()


@pytest.fixture
def credit(world, gold) -> Credit:
    proposed = credits.propose(agreed.broken(world.ticket(), clause_of(gold)), gold)
    assert proposed is not None
    return proposed


class TestPropose:
    def test_keeps_the_numbers_it_was_reckoned_from(self, credit):
        assert (credit.state, credit.amount_cents, credit.currency) == ("proposed", 45_000, "USD")
        assert credit.rule["fee_cents"] == 5_820_000
        assert credit.rule["period"] == ["2026-02-01", "2027-01-31"]

    def test_twice_gives_the_same(self, world, gold):
        commitment = agreed.broken(world.ticket(), clause_of(gold))
        assert credits.propose(commitment, gold) is credits.propose(commitment, gold)

    def test_stops_at_the_contract_s_share_of_its_fee(self, world, gold):
        owed = [credits.propose(agreed.broken(world.ticket(), clause_of(gold)), gold) for _ in range(3)]
        assert [one and one.amount_cents for one in owed] == [45_000, 13_200, None]

    def test_begins_anew_with_the_next_period(self, world, gold):
        for _ in range(2):
            credits.propose(agreed.broken(world.ticket(), clause_of(gold)), gold)
        later = agreed.broken(world.ticket(), clause_of(gold), broken_at=datetime(2027, 3, 1, tzinfo=UTC))
        again = credits.propose(later, gold)
        assert again is not None
        assert again.amount_cents == 45_000

    def test_credits_an_incident_once_for_a_metric(self, world, gold):
        ticket = world.ticket()
        assert credits.propose(agreed.broken(ticket, clause_of(gold)), gold) is not None
        assert credits.propose(agreed.broken(ticket, clause_of(gold), cycle=2), gold) is None

    def test_gives_nothing_for_what_was_kept_excused_or_never_priced(self, world, gold):
        kept = agreed.broken(world.ticket(), clause_of(gold), broken_at=None, outcome="kept")
        assert credits.propose(kept, gold) is None
        excused = agreed.broken(world.ticket(), clause_of(gold), excused_at=agreed.BEGAN)
        assert credits.propose(excused, gold) is None
        bare = agreed.contract(world.olive.organization_id, "C-200", credit={})
        assert credits.propose(agreed.broken(world.ticket(), clause_of(bare)), bare) is None


class TestPost:
    def test_is_a_manager_s_decision(self, world, credit):
        with pytest.raises(NotAllowed):
            credits.post(credit, world.ben)
        assert credit.state == "proposed"
        credits.post(credit, world.ada)
        assert (credit.state, credit.decided_by_id) == ("posted", world.ada.id)

    def test_twice_is_harmless(self, world, credit):
        first = credits.post(credit, world.ada).decided_at
        assert credits.post(credit, world.ada).decided_at == first

    def test_of_an_excused_one_is_refused(self, world, credit):
        credits.excuse(credit, world.ada, "A power cut in the whole town")
        with pytest.raises(Conflict):
            credits.post(credit, world.ada)


class TestExcuse:
    def test_needs_a_manager_and_a_reason(self, world, credit):
        with pytest.raises(NotAllowed):
            credits.excuse(credit, world.ben, "A power cut")
        with pytest.raises(Invalid):
            credits.excuse(credit, world.ada, "  ")
        assert credit.state == "proposed"

    def test_of_a_break_stays_to_be_seen_with_its_credit(self, world, gold):
        commitment = agreed.broken(world.ticket(), clause_of(gold))
        credit = credits.propose(commitment, gold)
        credits.excuse(commitment, world.ada, "A power cut in the whole town")
        db.session.commit()
        assert (commitment.outcome, commitment.excuse, commitment.excused_by_id) == (
            "broken",
            "A power cut in the whole town",
            world.ada.id,
        )
        assert credit is not None
        assert (credit.state, credit.reason) == ("excused", "A power cut in the whole town")

    def test_frees_its_place_below_the_cap(self, world, gold, credit):
        credits.excuse(credit, world.ada, "A power cut in the whole town")
        again = credits.propose(agreed.broken(world.ticket(), clause_of(gold)), gold)
        assert again is not None
        assert again.amount_cents == 45_000
