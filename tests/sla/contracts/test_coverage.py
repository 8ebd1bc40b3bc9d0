"""Which line of which contract covers a request: as a table of requests, and why the others lost."""

from datetime import UTC, date, datetime

import pytest

from sla.assets.models import Asset
from sla.contracts import coverage
from sla.contracts.models import Contract, ContractVersion, CoverageLine

NOON = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
FREEZER = 11
JOLIET = 3


def line(name="Everything", **values) -> CoverageLine:
    defaults = {"id": 1, "position": 1, "site_ids": [], "asset_ids": [], "models": [], "works": []}
    return CoverageLine(name=name, **{**defaults, **values})


def version(*lines: CoverageLine, **values) -> ContractVersion:
    defaults = {
        "id": 1,
        "contract_id": 1,
        "name": "Gold 24x7",
        "state": "active",
        "zone": "America/Chicago",
        "starts_on": date(2026, 2, 1),
        "ends_on": date(2027, 1, 31),
        "renewal": "never",
    }
    made = ContractVersion(**{**defaults, **values})
    made.contract = Contract(id=made.contract_id, organization_id=7, number="C-1")
    made.lines = list(lines)
    return made


def unit(**values) -> Asset:
    return Asset(**{"id": FREEZER, "organization_id": 7, "model": "KX-40", "site_id": JOLIET, **values})


def judge(*versions: ContractVersion, **request):
    defaults = {"asset": None, "site_id": None, "works": frozenset(), "at": NOON, "is_open": lambda *_: True}
    return coverage.covering(versions, **{**defaults, **request})


def lost(*versions: ContractVersion, **request) -> list[str]:
    found, why = judge(*versions, **request)
    assert found == []
    return [one.why for one in why]


class TestSpecificity:
    LINES = (
        line("Everything", id=4, position=1),
        line("Joliet", id=3, position=2, site_ids=[JOLIET]),
        line("All KX-40", id=2, position=3, models=["kx-40"]),
        line("Freezer 2", id=1, position=4, asset_ids=[FREEZER]),
    )

    def test_puts_the_unit_before_its_model_its_site_and_the_customer(self):
        found, _ = judge(version(*self.LINES), asset=unit())
        assert [(one.line.name, one.specificity) for one in found] == [
            ("Freezer 2", 0),
            ("All KX-40", 1),
            ("Joliet", 2),
            ("Everything", 3),
        ]

    def test_without_a_unit_leaves_what_names_one_out(self):
        found, why = judge(version(*self.LINES), site_id=JOLIET)
        assert [one.line.name for one in found] == ["Joliet", "Everything"]
        assert [one.why for one in why] == [
            "Gold 24x7, All KX-40 covers the model kx-40, and this is about something else",
            "Gold 24x7, Freezer 2 covers listed equipment, and this is about something else",
        ]

    def test_takes_the_unit_s_site_unless_the_request_names_one(self):
        line_of_site = version(line("Joliet", site_ids=[JOLIET]))
        assert judge(line_of_site, asset=unit())[0]
        assert not judge(line_of_site, asset=unit(), site_id=99)[0]
        assert not judge(line_of_site, asset=unit(site_id=None))[0]

    def test_never_reaches_a_unit_of_somebody_else(self):
        found, _ = judge(version(*self.LINES), asset=unit(organization_id=8))
        assert [one.line.name for one in found] == ["Everything"]

    def test_then_goes_by_position_then_by_what_ends_first_then_by_id(self):
        second = version(line("B", id=8, position=2), line("A", id=9, position=1), name="Late")
        early = version(line("C", id=10, position=1), name="Early", contract_id=2, ends_on=date(2026, 12, 31))
        same = version(line("D", id=7, position=1), name="Same", contract_id=3, ends_on=date(2026, 12, 31))
        found, _ = judge(second, early, same)
        assert [one.line.name for one in found] == ["D", "C", "A", "B"]

    def test_of_overlapping_contracts_the_most_specific_wins_whatever_ends_first(self):
        wide = version(line("Everything", id=1), ends_on=date(2026, 11, 30))
        narrow = version(line("Freezer 2", id=2, position=9, asset_ids=[FREEZER]), name="Silver", contract_id=2)
        found, _ = judge(wide, narrow, asset=unit())
        assert [one.version.name for one in found] == ["Silver", "Gold 24x7"]


class TestTerm:
    @pytest.mark.parametrize(
        ("at", "covered"),
        [
            (datetime(2026, 2, 1, 5, 59, 59, tzinfo=UTC), False),
            (datetime(2026, 2, 1, 6, 0, tzinfo=UTC), True),
            (datetime(2027, 2, 1, 5, 59, 59, tzinfo=UTC), True),
            (datetime(2027, 2, 1, 6, 0, tzinfo=UTC), False),
        ],
    )
    def test_runs_from_midnight_to_midnight_in_the_contract_s_zone(self, at, covered):
        assert bool(judge(version(line()), at=at)[0]) is covered

    def test_once_over_is_said(self):
        assert lost(version(line()), at=datetime(2027, 2, 2, tzinfo=UTC)) == ["Gold 24x7 ended on 31 Jan 2027"]

    @pytest.mark.parametrize(
        ("state", "why"),
        [
            ("draft", "Gold 24x7 is a draft and not in force"),
            ("suspended", "Gold 24x7 is suspended"),
            ("cancelled", "Gold 24x7 was cancelled"),
            ("renewed", "Gold 24x7 was renewed and is over"),
        ],
    )
    def test_in_another_state_promises_nothing_new(self, state, why):
        assert lost(version(line(), state=state)) == [why]

    def test_of_a_line_can_be_narrower(self):
        summer = line("Summer", starts_on=date(2026, 6, 1), ends_on=date(2026, 8, 31))
        assert lost(version(summer)) == ["Gold 24x7 ended on 31 Aug 2026"]
        assert lost(version(summer), at=datetime(2026, 6, 1, 4, 59, tzinfo=UTC)) == ["Gold 24x7 begins on 1 Jun 2026"]
        assert judge(version(summer), at=datetime(2026, 9, 1, 4, 59, tzinfo=UTC))[0]

    def test_without_lines_covers_nothing(self):
        assert lost(version()) == ["Gold 24x7 says nothing about what it covers"]


class TestWork:
    def test_limits_a_line_to_its_kinds(self):
        repairs = version(line("Repairs", works=["repair", "Callout"]))
        assert judge(repairs, works=frozenset({"callout"}))[0]
        assert lost(repairs, works=frozenset({"training"})) == ["Gold 24x7 covers only repair and Callout"]
        assert lost(repairs) == ["Gold 24x7 covers only repair and Callout"]


class TestHours:
    def test_are_judged_by_the_calendar_at_arrival(self):
        asked = []

        def is_open(calendar_id: int, at: datetime) -> bool:
            asked.append((calendar_id, at))
            return False

        assert lost(version(line(calendar_id=5)), is_open=is_open) == [
            "Gold 24x7 does not cover the hour it arrived in"
        ]
        assert asked == [(5, NOON)]
        assert judge(version(line(calendar_id=5)))[0]

    def test_beside_a_line_around_the_clock_leave_that_one(self):
        both = version(line("Day", id=1, calendar_id=5), line("Night", id=2, position=2))
        found, why = judge(both, is_open=lambda *_: False)
        assert [one.line.name for one in found] == ["Night"]
        assert [one.what for one in why] == ["Gold 24x7, Day"]
