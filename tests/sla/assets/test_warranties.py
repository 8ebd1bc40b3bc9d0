"""The rules of warranties, as a table: when they begin, how long, for what, and what an exchange leaves of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sla.assets import months, warranties
from sla.assets.models import Asset, Warranty
from sla.assets.warranties import FOREVER, Cover

MADE = datetime(2024, 1, 1, tzinfo=UTC)


def unit(**values) -> Asset:
    defaults = {"id": 1, "organization_id": 7, "serial": "KX40-2291-0875", "model": "KX-40", "created_at": MADE}
    asset = Asset(**{**defaults, **values})
    asset.warranties = values.get("warranties", [])
    return asset


def rule(**values) -> Warranty:
    defaults = {
        "name": "Maker's warranty",
        "starts": "install",
        "starts_on": None,
        "parts_months": 36,
        "labour_months": 24,
        "travel_months": None,
        "transferable": True,
        "restarts_when_replaced": False,
        "least_days_when_replaced": 0,
        "holder_id": 7,
        "voided_at": None,
    }
    return Warranty(**{**defaults, **values})


def day(text: str) -> date:
    return date.fromisoformat(text)


class TestMonths:
    @pytest.mark.parametrize(
        ("start", "count", "end"),
        [
            ("2027-01-31", 1, "2027-02-28"),
            ("2028-01-31", 1, "2028-02-29"),
            ("2027-01-31", 2, "2027-03-31"),
            ("2027-01-31", 3, "2027-04-30"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2028-02-29", 48, "2032-02-29"),
            ("2026-12-15", 1, "2027-01-15"),
            ("2026-01-15", -1, "2025-12-15"),
            ("2026-03-31", -1, "2026-02-28"),
        ],
    )
    def test_are_clipped_to_the_month_and_anchored_to_the_day(self, start, count, end):
        assert months.after(day(start), count) == day(end)

    def test_never_leave_the_calendar(self):
        assert months.after(day("2026-01-01"), 12 * 9000) == date.max

    @pytest.mark.parametrize(
        ("start", "end", "count"),
        [
            ("2026-01-31", "2026-02-27", 0),
            ("2026-01-31", "2026-02-28", 1),
            ("2026-02-10", "2026-02-09", -1),
            ("2025-02-10", "2026-02-10", 12),
        ],
    )
    def test_between_two_days_are_whole(self, start, end, count):
        assert months.between(day(start), day(end)) == count


DAYS = {
    "purchased_on": day("2025-01-10"),
    "shipped_on": day("2025-02-10"),
    "installed_on": day("2025-03-10"),
    "manufactured_on": day("2024-12-10"),
}


class TestStart:
    @pytest.mark.parametrize(
        ("starts", "expected"),
        [
            ("purchase", "2025-01-10"),
            ("ship", "2025-02-10"),
            ("install", "2025-03-10"),
            ("manufacture", "2024-12-10"),
            ("earliest", "2024-12-10"),
        ],
    )
    def test_follows_the_rule(self, starts, expected):
        given = warranties.cover(rule(starts=starts), unit(**DAYS))
        assert given is not None
        assert given.starts_on == day(expected)

    def test_is_the_earliest_of_the_days_that_are_known(self):
        given = warranties.cover(rule(starts="earliest"), unit(shipped_on=day("2025-02-10")))
        assert given is not None
        assert given.starts_on == day("2025-02-10")

    @pytest.mark.parametrize("starts", ["purchase", "ship", "install", "manufacture", "earliest"])
    def test_without_its_day_covers_nothing(self, starts):
        assert warranties.cover(rule(starts=starts), unit()) is None

    def test_can_be_a_day_of_its_own(self):
        given = warranties.cover(rule(starts="date", starts_on=day("2026-02-01")), unit(**DAYS))
        assert given is not None
        assert given.starts_on == day("2026-02-01")


class TestCover:
    def test_holds_for_parts_when_labour_has_ended(self):
        given = warranties.cover(rule(), unit(installed_on=day("2024-02-01")))
        assert given is not None
        assert given.covers(day("2025-06-01")) == {"parts", "labour"}
        assert given.covers(day("2026-06-01")) == {"parts"}
        assert given.covers(day("2027-06-01")) == frozenset()

    def test_counts_the_first_and_the_last_day_in(self):
        given = Cover(day("2024-02-01"), day("2027-02-01"), day("2026-02-01"), None)
        assert given.covers(day("2024-01-31")) == frozenset()
        assert given.covers(day("2024-02-01")) == {"parts", "labour"}
        assert given.covers(day("2026-02-01")) == {"parts", "labour"}
        assert given.covers(day("2026-02-02")) == {"parts"}
        assert given.covers(day("2027-02-01")) == {"parts"}
        assert given.covers(day("2027-02-02")) == frozenset()

    def test_of_a_year_from_a_leap_day_ends_on_the_28th(self):
        given = warranties.cover(rule(parts_months=12), unit(installed_on=day("2028-02-29")))
        assert given is not None
        assert given.parts_until == day("2029-02-28")

    def test_can_be_for_life(self):
        given = warranties.cover(rule(parts_months=-1), unit(installed_on=day("2024-02-01")))
        assert given is not None
        assert given.parts_until == FOREVER
        assert given.covers(day("2090-01-01")) == {"parts"}

    def test_of_nothing_is_none(self):
        assert (
            warranties.cover(rule(parts_months=None, labour_months=None), unit(installed_on=day("2024-02-01"))) is None
        )

    def test_ends_when_it_is_voided(self):
        assert warranties.cover(rule(voided_at=MADE), unit(installed_on=day("2024-02-01"))) is None

    def test_gave_what_it_gave_until_then(self):
        void = datetime(2026, 5, 5, 14, tzinfo=UTC)
        freezer = unit(installed_on=day("2024-02-01"), warranties=[rule(voided_at=void)])
        assert warranties.covers(freezer, at=void - timedelta(seconds=1))
        assert warranties.covers(freezer, at=void) == []
        assert warranties.covers(freezer) == []

    def test_goes_with_the_unit_to_another_owner_only_where_it_may(self):
        sold = unit(installed_on=day("2024-02-01"), organization_id=8)
        assert warranties.cover(rule(transferable=True), sold) is not None
        assert warranties.cover(rule(transferable=False), sold) is None
        assert warranties.cover(rule(transferable=False, holder_id=8), sold) is not None


class TestReplacement:
    LEFT = Cover(day("2024-02-01"), day("2027-02-01"), day("2026-02-01"), None)

    def given(self, installed="2026-11-20", **values) -> Cover | None:
        return warranties.cover(rule(**values), unit(installed_on=day(installed)), self.LEFT)

    def test_keeps_what_the_old_unit_had_left(self):
        assert self.given() == Cover(day("2026-11-20"), day("2027-02-01"), day("2026-02-01"), None)

    def test_starts_anew_where_the_rule_says_so(self):
        assert self.given(restarts_when_replaced=True) == Cover(
            day("2026-11-20"), day("2029-11-20"), day("2028-11-20"), None
        )

    def test_has_at_least_so_many_days(self):
        given = self.given(least_days_when_replaced=90)
        assert given == Cover(day("2026-11-20"), day("2027-02-18"), day("2027-02-18"), None)

    def test_with_more_left_than_the_least_keeps_what_is_left(self):
        given = self.given(installed="2025-01-01", least_days_when_replaced=90)
        assert given == Cover(day("2025-01-01"), day("2027-02-01"), day("2026-02-01"), None)

    def test_of_a_replacement_keeps_the_rest_of_the_first(self):
        first = unit(id=1, installed_on=day("2024-02-01"), warranties=[rule()])
        second = unit(id=2, installed_on=day("2025-02-01"), replaces_id=1, warranties=[rule()])
        third = unit(id=3, installed_on=day("2026-02-01"), replaces_id=2, warranties=[rule(), rule(name="Ours")])
        found = {w.name: c for w, c in warranties.covers(third, {1: first, 2: second})}
        assert found["Maker's warranty"] == Cover(day("2026-02-01"), day("2027-02-01"), day("2026-02-01"), None)
        assert found["Ours"].parts_until == day("2029-02-01")

    def test_in_a_ring_ends(self):
        first = unit(id=1, installed_on=day("2024-02-01"), replaces_id=2, warranties=[rule()])
        second = unit(id=2, installed_on=day("2025-02-01"), replaces_id=1, warranties=[rule()])
        assert warranties.covers(first, {1: first, 2: second})
