"""One version of each contract, the one that holds at an instant, in as many queries for twenty as for one."""

from datetime import UTC, datetime

import pytest

from sla.contracts import loading
from tests.plugins.product import queries
from tests.sla.contracts import agreed

JULY = datetime(2026, 7, 1, tzinfo=UTC)


class TestInForce:
    def test_is_the_newest_version_that_holds_by_then(self, world):
        first = agreed.contract(world.olive.organization_id)
        agreed.version(first.contract_id, 2, valid_from=JULY, name="Platinum")
        agreed.version(first.contract_id, 3, valid_from=JULY, name="Platinum, corrected")
        agreed.version(first.contract_id, 4, valid_from=datetime(2027, 1, 1, tzinfo=UTC), name="Iron")
        at = {
            datetime(2025, 12, 31, tzinfo=UTC): [],
            datetime(2026, 6, 30, tzinfo=UTC): ["Gold 24x7"],
            JULY: ["Platinum, corrected"],
            datetime(2028, 1, 1, tzinfo=UTC): ["Iron"],
        }
        for instant, names in at.items():
            found = loading.in_force(world.olive.organization_id, instant)
            assert [version.name for version in found] == names

    def test_takes_each_contract_of_the_customer_whatever_its_state_and_nobody_else_s(self, world):
        agreed.contract(world.olive.organization_id, "C-1")
        agreed.contract(world.olive.organization_id, "C-2", state="draft", name="Offer")
        agreed.contract(world.nora.organization_id, "C-3", name="Silver")
        found = loading.in_force(world.olive.organization_id, JULY)
        assert [version.name for version in found] == ["Gold 24x7", "Offer"]

    def test_asks_as_often_for_twenty_as_for_one(self, world):
        counts = []
        for number in range(20):
            agreed.contract(world.olive.organization_id, f"C-{number}")
            if number in {0, 19}:
                with queries() as asked:
                    for version in loading.in_force(world.olive.organization_id, JULY):
                        assert version.contract.number
                        assert version.lines[0].name == "Everything"
                        assert version.clauses[0].calendar is None
                counts.append(len(asked))
        assert counts[0] == counts[1] <= 4


class TestNewest:
    def test_is_the_last_one_written(self, world):
        first = agreed.contract(world.olive.organization_id)
        agreed.version(first.contract_id, 2, valid_from=datetime(2027, 1, 1, tzinfo=UTC), name="Iron")
        assert loading.newest(first.contract_id).name == "Iron"

    def test_of_no_contract_is_an_error(self, world):
        with pytest.raises(LookupError):
            loading.newest(4711)
