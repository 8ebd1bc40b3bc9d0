"""Terms: how long a contract runs, and how it goes on when it renews itself."""

from datetime import UTC, date, datetime

import pytest

from sla.contracts import terms
from sla.contracts.models import ContractVersion
from sla.contracts.terms import Term


def day(text: str) -> date:
    return date.fromisoformat(text)


def version(starts: str, ends: str, **values) -> ContractVersion:
    defaults = {"name": "Gold 24x7", "state": "active", "zone": "America/Chicago", "renewal": "never"}
    return ContractVersion(starts_on=day(starts), ends_on=day(ends), **{**defaults, **values})


class TestTerm:
    @pytest.mark.parametrize(
        ("starts", "ends", "on", "expected"),
        [
            ("2026-02-01", "2027-01-31", "2026-06-01", ("2026-02-01", "2027-01-31")),
            ("2026-02-01", "2027-01-31", "2027-01-31", ("2026-02-01", "2027-01-31")),
            ("2026-02-01", "2027-01-31", "2027-02-01", ("2027-02-01", "2028-01-31")),
            ("2026-02-01", "2027-01-31", "2030-01-31", ("2029-02-01", "2030-01-31")),
            ("2026-01-31", "2026-02-28", "2026-03-01", ("2026-03-01", "2026-03-30")),
            ("2026-01-31", "2026-02-28", "2026-03-31", ("2026-03-31", "2026-04-30")),
            ("2026-01-31", "2026-02-28", "2026-05-01", ("2026-05-01", "2026-05-30")),
            ("2028-02-29", "2029-02-28", "2029-03-01", ("2029-03-01", "2030-02-28")),
            ("2028-02-29", "2029-02-28", "2032-02-29", ("2032-02-29", "2033-02-28")),
            ("2026-01-01", "2026-01-10", "2026-01-25", ("2026-01-21", "2026-01-30")),
        ],
    )
    def test_that_renews_itself_goes_on_anchored_to_its_first_day(self, starts, ends, on, expected):
        assert terms.of(version(starts, ends, renewal="tacit"), day(on)) == Term(*map(day, expected))

    def test_follow_one_another_without_a_gap_or_a_day_twice(self):
        month = version("2026-01-31", "2026-02-28", renewal="tacit")
        term = terms.of(month, day("2026-01-31"))
        for _ in range(48):
            after = terms.following(month, term.ends_on)
            assert (after.starts_on - term.ends_on).days == 1
            assert terms.of(month, after.starts_on) == terms.of(month, after.ends_on) == after
            term = after
        assert term == Term(day("2030-01-31"), day("2030-02-28"))

    def test_of_another_kind_of_renewal_ends(self):
        assert terms.of(version("2026-02-01", "2027-01-31"), day("2028-01-01")).ends_on == day("2027-01-31")


class TestTrouble:
    @pytest.mark.parametrize(
        ("values", "on", "expected"),
        [
            ({}, "2026-01-31", "Gold 24x7 begins on 1 Feb 2026"),
            ({}, "2026-02-01", ""),
            ({}, "2027-01-31", ""),
            ({}, "2027-02-01", "Gold 24x7 ended on 31 Jan 2027"),
            ({"renewal": "express"}, "2027-02-01", "Gold 24x7 ended on 31 Jan 2027"),
            ({"renewal": "tacit"}, "2027-02-01", ""),
            ({"state": "draft"}, "2026-06-01", "Gold 24x7 is a draft and not in force"),
            ({"state": "suspended"}, "2026-06-01", "Gold 24x7 is suspended"),
            ({"state": "cancelled"}, "2026-06-01", "Gold 24x7 was cancelled"),
            ({"state": "renewed"}, "2026-06-01", "Gold 24x7 was renewed and is over"),
        ],
    )
    def test_says_why_it_promises_nothing(self, values, on, expected):
        assert terms.trouble(version("2026-02-01", "2027-01-31", **values), day(on)) == expected


class TestDay:
    def test_is_the_one_where_the_contract_is_at_home(self):
        chicago = version("2026-02-01", "2027-01-31")
        assert terms.day(chicago, datetime(2027, 2, 1, 5, 59, 59, tzinfo=UTC)) == day("2027-01-31")
        assert terms.day(chicago, datetime(2027, 2, 1, 6, 0, tzinfo=UTC)) == day("2027-02-01")
        assert terms.opening(chicago, day("2027-02-01")) == datetime(2027, 2, 1, 6, 0, tzinfo=UTC)
