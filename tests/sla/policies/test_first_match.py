"""Which policy a request gets: the table, and that the order they are tried in is total and stable."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.policies import matching
from sla.policies.matching import LEVELS, Facts
from sla.policies.models import PolicyVersion, SLAPolicy

CASES = tomllib.loads((Path(__file__).parents[2] / "cases/policies.toml").read_text())["case"]


def version(policy_id: int, rank: int, conditions: list[dict[str, Any]], name: str = "") -> PolicyVersion:
    policy = SLAPolicy(id=policy_id, name=name or f"Policy {policy_id}", rank=rank)
    return PolicyVersion(policy=policy, policy_id=policy_id, number=1, conditions={"all": conditions})


def written(policies: list[dict[str, Any]]) -> list[PolicyVersion]:
    return [version(place, one["rank"], one["all"], one["name"]) for place, one in enumerate(policies, 1)]


def known(facts: dict[str, Any]) -> Facts:
    return Facts(**{**facts, "tags": frozenset(facts.get("tags", ()))})


class TestTable:
    @pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
    def test_names_the_winner(self, case: dict[str, Any]):
        versions = written(case["policies"])
        found = matching.first(versions, known(case["facts"]), case.get("levels"))
        assert (found.policy.name if found else "") == case["wins"]

    @pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
    def test_agrees_with_what_the_tester_shows(self, case: dict[str, Any]):
        levels = case.get("levels", LEVELS)
        told = matching.explain(written(case["policies"]), known(case["facts"]))
        matched = [one.version.policy.name for one in told if one.matches and matching.level(one.version) in levels]
        assert len(told) == len(case["policies"])
        assert (matched[0] if matched else "") == case["wins"]


AGREEMENTS, TAGS, IDS = ("Silver", "Gold"), ("quote", "leak"), (1, 2)
CONDITION = st.one_of(
    st.tuples(st.just("agreement"), st.sampled_from(AGREEMENTS)),
    st.tuples(st.just("cover"), st.just("warranty")),
    st.tuples(st.sampled_from(["customer", "team", "site"]), st.sampled_from(["1", "2"])),
    st.tuples(st.just("tag"), st.sampled_from(TAGS)),
).flatmap(lambda pair: st.sampled_from(["is", "not"]).map(lambda how: {"field": pair[0], how: [pair[1]]}))
POLICIES = st.lists(st.tuples(st.integers(1, 4), st.lists(CONDITION, max_size=3)), max_size=8).map(
    lambda many: [version(place, rank, conditions) for place, (rank, conditions) in enumerate(many, 1)]
)
FACTS = st.builds(
    Facts,
    agreement=st.sampled_from(["", *AGREEMENTS]),
    cover=st.sampled_from(["", "warranty"]),
    organization_id=st.sampled_from([None, *IDS]),
    team_id=st.sampled_from([None, *IDS]),
    site_id=st.sampled_from([None, *IDS]),
    tags=st.frozensets(st.sampled_from(TAGS)),
)


class TestOrder:
    @given(POLICIES, FACTS, st.randoms(use_true_random=False))
    def test_is_the_same_however_the_policies_come(
        self, versions: list[PolicyVersion], facts: Facts, shuffle: random.Random
    ):
        otherwise = shuffle.sample(versions, len(versions))
        assert matching.first(otherwise, facts) is matching.first(versions, facts)
        tried = [one.version.policy_id for one in matching.explain(versions, facts)]
        assert [one.version.policy_id for one in matching.explain(otherwise, facts)] == tried

    @given(POLICIES, FACTS)
    def test_holds_every_policy_once_by_level_then_rank_then_age(self, versions: list[PolicyVersion], facts: Facts):
        tried = [one.version for one in matching.explain(versions, facts)]
        places = [(LEVELS.index(matching.level(one)), one.policy.rank, one.policy_id) for one in tried]
        assert places == sorted(set(places))
        assert len(places) == len(versions)

    @given(POLICIES, FACTS)
    def test_lets_none_before_the_winner_match(self, versions: list[PolicyVersion], facts: Facts):
        told = matching.explain(versions, facts)
        found = matching.first(versions, facts)
        before = [one for one in told if found is None or told.index(one) < [v.version for v in told].index(found)]
        assert not any(one.matches for one in before)
        assert found is None or matching.verdict(found, facts).matches

    @given(POLICIES, FACTS)
    def test_gives_every_verdict_its_sentence(self, versions: list[PolicyVersion], facts: Facts):
        for one in matching.explain(versions, facts):
            assert one.why.endswith(".")
            assert one.why[0].isupper()
            assert one.matches or one.why.startswith("It asks that ")

    def test_keeps_the_capitals_of_what_it_repeats(self):
        asked = [{"field": "agreement", "is": ["Silver"]}, {"field": "tag", "not": ["quote"]}]
        told = matching.verdict(version(1, 1, asked), Facts(agreement="Silver"))
        assert told.why == "The agreement is Silver and the request is not quote."
