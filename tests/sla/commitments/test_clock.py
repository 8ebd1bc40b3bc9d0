"""The clocks of a ticket: the table of edge cases, and what holds for any history."""

import itertools
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.calendars.hours import Hours
from sla.calendars.rules import Rules, Window
from sla.calendars.timeline import Segment, Timeline
from sla.commitments.clock import Clocks, fold
from sla.commitments.facts import Fact, Terms
from sla.commitments.ledger import ledger
from sla.commitments.metrics import METRICS
from sla.commitments.replaying import replay

TABLE = tomllib.loads((Path(__file__).parents[2] / "cases" / "clocks.toml").read_text())


@pytest.mark.parametrize("case", TABLE["case"], ids=[case["name"] for case in TABLE["case"]])
def test_the_clock_stands_as_it_must(case):
    asked = {
        "calendar": TABLE["calendars"]["C"],
        "calendars": TABLE["calendars"],
        "policy": {"clauses": case["clauses"]},
        "events": [{"at": at, "kind": kind, **(more[0] if more else {})} for at, kind, *more in case["events"]],
    }
    if "at" in case:
        asked["at"] = case["at"]
    answer = replay(asked)
    assert "error" not in answer, answer
    found, count = {}, {}
    for cycle in answer["cycles"]:
        count[cycle["metric"]] = count.get(cycle["metric"], 0) + 1
        found[f"{cycle['metric']}.{count[cycle['metric']]}"] = cycle
    for name in case.get("absent", []):
        assert name not in found
    if "only" in case:
        assert sorted(found) == case["only"]
    for name, expected in case.get("expect", {}).items():
        assert {key: found[name][key] for key in expected} == expected
    for cycle in found.values():
        _adds_up(cycle)


def _adds_up(cycle):
    """The ledger of a due instant counts exactly the target, without a hole or an overlap."""
    entries = [entry for entry in cycle["ledger"] if entry["kind"] != "change"]
    for earlier, later in itertools.pairwise(entries):
        assert earlier["to"] == later["from"]
    if cycle["due"]:
        assert sum(entry["seconds"] for entry in entries) == pytest.approx(cycle["target_seconds"], abs=1e-4)


OFFICE = Rules(
    ZoneInfo("America/New_York"),
    weekly=(*[(Window(9 * 3600, 12 * 3600), Window(13 * 3600, 17 * 3600))] * 5, (), ()),
)
BEGAN = datetime(2026, 10, 26, 8, tzinfo=UTC)
CALENDARS = {
    "office": Timeline([Segment(0, Hours(OFFICE, around=BEGAN.date()))]),
    "always": Timeline(
        [Segment(0, Hours(Rules(ZoneInfo("UTC"), weekly=((Window(0, 86_400),),) * 7), around=BEGAN.date()))]
    ),
}

terms = st.builds(
    Terms,
    clause=st.just(0),
    metric=st.sampled_from(sorted(METRICS)),
    target=st.integers(0, 3 * 86_400),
    calendar=st.sampled_from(sorted(CALENDARS)),
    targets=st.dictionaries(st.sampled_from(["low", "high", "urgent"]), st.integers(0, 86_400), max_size=2),
    pauses=st.frozensets(st.sampled_from(["customer", "part", "someone"])),
)
clauses = st.lists(terms, min_size=1, max_size=5, unique_by=lambda one: one.metric).map(
    lambda found: tuple(Terms(i, t.metric, t.target, t.calendar, t.targets, t.pauses) for i, t in enumerate(found, 1))
)
happening = st.sampled_from([
    ("heard", {}), ("answered", {}), ("waits", {"whom": "customer"}), ("waits", {"whom": "part"}), ("waits", {"whom": ""}),
    ("resolved", {}), ("reopened", {"by_customer": True}), ("reopened", {}), ("restored", {}), ("planned", {}),
    ("prioritised", {"priority": "urgent"}), ("prioritised", {"priority": "normal"}), ("assigned", {"owned": True}),
    ("handed_over", {"team": 2}), ("spam", {"on": True}), ("spam", {"on": False}), ("dispatched", {"visit": "a"}),
    ("arrived", {"visit": "a"}), ("refused", {"visit": "a"}),
])  # fmt: skip
steps = st.lists(st.tuples(st.integers(0, 2 * 86_400), happening), max_size=14)


def history(promised, happened):
    at = BEGAN
    facts = [
        Fact(at.timestamp(), "promised", terms=promised),
        Fact(at.timestamp(), "opened", since=at.timestamp()),
        Fact(at.timestamp(), "heard"),
    ]
    for after, (kind, more) in happened:
        at += timedelta(seconds=after)
        facts.append(Fact(at.timestamp(), kind, **more))
    return facts


class TestFold:
    @given(clauses, steps, st.integers(0, 5 * 86_400))
    def test_every_ledger_adds_up(self, promised, happened, later):
        facts = history(promised, happened)
        at = facts[-1].at + later
        for cycle in fold(facts, CALENDARS, at=at):
            entries = [entry for entry in ledger(cycle, facts, at=at) if entry.kind != "change"]
            if cycle.due is not None:
                assert sum(entry.seconds for entry in entries) == pytest.approx(cycle.target, abs=1e-3)
            for earlier, after in itertools.pairwise(entries):
                assert earlier.end == after.start

    @given(clauses, steps, st.integers(0, 5 * 86_400))
    def test_reading_in_between_changes_nothing(self, promised, happened, later):
        """The sweep, which records breaks as time passes, and a replay years later say the same."""
        facts = history(promised, happened)
        at = facts[-1].at + later
        watched = Clocks(CALENDARS)
        for fact in facts:
            watched.read(fact.at)
            watched.apply(fact)
            watched.read(fact.at)
        seen = [(c.clause, c.number, c.outcome, c.due, c.broken, c.elapsed) for c in watched.read(at)]
        assert seen == [
            (c.clause, c.number, c.outcome, c.due, c.broken, c.elapsed) for c in fold(facts, CALENDARS, at=at)
        ]

    @given(clauses, steps, st.integers(0, 5 * 86_400))
    def test_kept_is_within_the_target_and_broken_beyond_it(self, promised, happened, later):
        facts = history(promised, happened)
        for cycle in fold(facts, CALENDARS, at=facts[-1].at + later):
            if cycle.outcome == "kept":
                assert cycle.elapsed <= cycle.target + 1e-3
            if cycle.outcome == "broken" and not any(fact.kind == "prioritised" for fact in facts):
                assert cycle.elapsed > cycle.target - 1e-3

    @given(clauses, steps)
    def test_a_break_is_never_erased(self, promised, happened):
        facts = history(promised, happened)
        broken: dict[tuple[int, int], float] = {}
        clocks = Clocks(CALENDARS)
        for fact in facts:
            clocks.apply(fact)
            for cycle in clocks.read(fact.at):
                key = (cycle.clause, cycle.number)
                if key in broken:
                    assert cycle.broken == broken[key]
                if cycle.broken is not None:
                    broken[key] = cycle.broken


class TestReplay:
    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ([], "Give one object"),
            ({"events": []}, "at least one"),
            ({"events": [{"at": "today", "kind": "opened"}]}, "today"),
            ({"events": [{"at": "2026-11-20T09:00:00", "kind": "opened"}]}, "offset"),
            ({"events": [{"at": "2026-11-20T09:00:00Z", "kind": "opened"}], "policy": {"clauses": []}}, "policy"),
            (
                {
                    "events": [{"at": "2026-11-20T09:00:00Z", "kind": "opened"}],
                    "policy": {"clauses": [{"metric": "first_response", "target_seconds": -1}]},
                },
                "target_seconds",
            ),
            (
                {
                    "events": [{"at": "2026-11-20T09:00:00Z", "kind": "sneezed"}],
                    "policy": {"clauses": [{"metric": "first_response", "target_seconds": 1}]},
                },
                "sneezed",
            ),
        ],
    )
    def test_says_what_is_wrong(self, asked, says):
        assert says in replay(asked)["error"]
