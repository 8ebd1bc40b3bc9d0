"""Fees by the day: every period adds up to its price to the cent, and a change counts from its day on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from helpdesk.db import db
from sla.money import fees
from sla.money.kinds import spread
from sla.money.models import MoneyRate
from sla.money.rates import held
from tests.plugins.world import World
from tests.sla.money import books
from tests.sla.money.books import fee


def earned(since: str, until: str, **of: int) -> int:
    """Cents; both days counted."""
    db.session.expire_all()
    found = fees.earned(date.fromisoformat(since), date.fromisoformat(until) + timedelta(days=1), **of)
    assert all(one.cents is not None for one in found)
    return sum(one.cents or 0 for one in found)


class TestSpreading:
    @pytest.mark.parametrize("cents", [0, 1, 364, 365, 366, 1_000_003, 10**12 + 7])
    @pytest.mark.parametrize("days", [1, 28, 31, 90, 365, 366])
    def test_days_add_up_to_the_whole_and_differ_by_a_cent_at_most(self, cents: int, days: int) -> None:
        each = [spread(cents, days, day, day + 1) for day in range(days)]
        assert sum(each) == spread(cents, days, 0, days) == cents
        assert max(each) - min(each) <= 1
        assert each == sorted(each, reverse=True)

    def test_by_hand(self) -> None:
        assert [spread(100, 7, day, day + 1) for day in range(7)] == [15, 15, 14, 14, 14, 14, 14]
        assert spread(100, 7, 1, 4) == 15 + 14 + 14


class TestEarning:
    def test_a_year_of_each_month_adds_up_to_the_fee(self, world: World) -> None:
        gold = fee("Orchard Dairy", 1_000_003, starts_on=date(2026, 1, 15), ends_on=date(2027, 1, 14))
        found = fees.earned(date(2025, 1, 1), date(2028, 1, 1), agreement=gold.contract_id)
        assert sum(one.cents or 0 for one in found) == 1_000_003
        assert [one.month for one in found][::12] == [date(2026, 1, 1), date(2027, 1, 1)]

    def test_days_by_hand(self, world: World) -> None:
        fee("Orchard Dairy", 10_000, period="month", starts_on=date(2026, 1, 31))
        # 31 Jan to 28 Feb are 29 days of 344 cents, and 24 of them one more
        assert earned("2026-01-31", "2026-01-31") == 345
        assert earned("2026-02-24", "2026-02-28") == 344 * 5
        assert earned("2026-01-31", "2026-02-28") == 10_000
        # 1 to 30 March: 333 cents, and 10 of them one more
        assert earned("2026-03-01", "2026-03-11") == 334 * 10 + 333

    def test_a_leap_year_and_a_quarter(self, world: World) -> None:
        fee("Orchard Dairy", 9_100, period="quarter", starts_on=date(2028, 1, 1), ends_on=date(2028, 12, 31))
        assert earned("2028-02-29", "2028-02-29") == 100  # of 91 days
        assert earned("2028-04-01", "2028-12-31") == 3 * 9_100

    def test_a_price_that_changes_counts_from_its_day_on_with_its_own_parts(self, world: World) -> None:
        gold = fee("Orchard Dairy", 3_000, period="month", zone="America/New_York")
        books.next_version(gold, datetime(2026, 4, 16, 3, 59, tzinfo=UTC), value_cents=6_000)  # 15 April, 23:59 there
        assert earned("2026-04-01", "2026-04-14") == 14 * 100
        assert earned("2026-04-15", "2026-04-30") == 16 * 200

    def test_of_two_changes_of_a_day_the_last_counts(self, world: World) -> None:
        gold = fee("Orchard Dairy", 3_000, period="month")
        second = books.next_version(gold, datetime(2026, 4, 15, 12, tzinfo=UTC), value_cents=6_000)
        books.next_version(second, datetime(2026, 4, 15, 15, tzinfo=UTC), value_cents=9_000)
        assert earned("2026-04-14", "2026-04-15") == 100 + 300

    @pytest.mark.parametrize("state", ["suspended", "cancelled", "draft", "renewed"])
    def test_only_days_in_force_earn(self, world: World, state: str) -> None:
        gold = fee("Orchard Dairy", 3_000, period="month")
        second = books.next_version(gold, books.midnight("2026-04-11"), state=state)
        books.next_version(second, books.midnight("2026-04-21"), state="active")
        assert earned("2026-04-01", "2026-04-30") == 20 * 100

    def test_ends_with_the_term_unless_it_renews_itself(self, world: World) -> None:
        days = {"period": "month", "starts_on": date(2026, 1, 1), "ends_on": date(2026, 3, 31)}
        fee("Orchard Dairy", 3_100, **days)
        assert earned("2026-01-01", "2026-12-31") == 3 * 3_100
        fee("St. Brigid Hospital", 3_100, renewal="tacit", **days)
        assert earned("2026-04-01", "2026-12-31") == 9 * 3_100

    def test_without_a_price_it_is_not_known_and_a_fee_of_nothing_is(self, world: World) -> None:
        none, free = fee("Orchard Dairy", None), fee("St. Brigid Hospital", 0)
        [one] = fees.earned(date(2026, 4, 1), date(2026, 5, 1), agreement=none.contract_id)
        [other] = fees.earned(date(2026, 4, 1), date(2026, 5, 1), agreement=free.contract_id)
        assert (one.cents, other.cents) == (None, 0)
        whole = books.money("2026-04-01", "2026-04-30").whole
        assert (whole.income.unknown, books.cents(whole.income)) == (1, {"USD": 0})

    def test_is_of_one_customer_or_agreement_where_these_are_asked_for(self, world: World) -> None:
        gold, silver = fee("Orchard Dairy", 3_000, period="month"), fee("St. Brigid Hospital", 6_000, period="month")
        assert earned("2026-04-01", "2026-04-30", agreement=gold.contract_id) == 3_000
        assert earned("2026-04-01", "2026-04-30", customer=world.nora.organization_id) == 6_000
        assert earned("2026-04-01", "2026-04-30") == 9_000
        assert books.money("2026-04-01", "2026-04-30", agreement=0).whole.is_empty
        assert silver.contract_id != gold.contract_id


class TestRates:
    def test_of_people_without_any_are_none(self) -> None:
        rows = [MoneyRate(kind="work", agent_id=1, valid_from=date(2026, 1, 1), cents=100, currency="USD")]
        assert [(one.kind, one.agent_id, one.since) for one in held(rows, [1, 2], {})] == [
            ("work", 1, date(2026, 1, 1))
        ]

    def test_a_gap_is_filled_by_the_next_that_has_one(self) -> None:
        rows = [
            MoneyRate(kind="work", agent_id=1, valid_from=date(2026, 1, 1), cents=100, currency="USD"),
            MoneyRate(kind="work", team_id=7, valid_from=date(2026, 2, 1), cents=200, currency="EUR"),
            MoneyRate(kind="work", agent_id=1, valid_from=date(2026, 3, 1), cents=None, currency="USD"),
        ]
        found = [(one.since.month, one.until.month, one.cents, one.currency) for one in held(rows, [1], {1: [7]})]
        assert found == [(1, 2, 100, "USD"), (2, 3, 100, "USD"), (3, 12, 200, "EUR")]
