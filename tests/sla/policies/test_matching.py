"""Conditions: what they hold for, what they are called, and how specific they make a policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.policies import matching
from sla.policies.matching import FIELDS, Condition, Facts
from sla.policies.models import PolicyVersion, SLAPolicy

values = st.sampled_from(["1", "2", "contract", "warranty", "email", "quote"])
conditions = st.builds(
    Condition, st.sampled_from(sorted(FIELDS)), st.lists(values, min_size=1, max_size=2).map(tuple), st.booleans()
)
requests = st.builds(
    Facts,
    agreement=st.sampled_from(["", "1", "quote"]),
    cover=st.sampled_from(["", "contract", "warranty"]),
    organization_id=st.sampled_from([None, 1, 2]),
    team_id=st.sampled_from([None, 1, 2]),
    channel=st.sampled_from(["", "email"]),
    tags=st.frozensets(values, max_size=2),
    site_id=st.sampled_from([None, 1]),
)


class TestConditions:
    @given(conditions)
    def test_are_read_as_they_were_written(self, asked):
        assert Condition.read(asked.stored()) == asked

    @given(conditions, requests)
    def test_hold_exactly_when_their_opposite_does_not(self, asked, facts):
        opposite = Condition(asked.field, asked.values, not asked.negated)
        assert asked.holds(facts) is not opposite.holds(facts)

    def test_without_a_value_hold_for_nothing(self):
        assert not Condition("channel", ()).holds(Facts(channel="email"))

    def test_say_ids_by_name(self):
        asked = Condition("team", ("3", "4"), negated=True)
        version = PolicyVersion(policy=SLAPolicy(name="Others", rank=1), conditions={"all": [asked.stored()]})
        told = matching.verdict(version, Facts(team_id=3), {("team", "3"): "Field service"})
        assert told.why == "It asks that the team is not Field service or 4."


LEVELS = {
    "agreement": (Condition("agreement", ("Gold",)),),
    "agreement by cover": (Condition("cover", ("contract",)),),
    "warranty": (Condition("cover", ("warranty",)), Condition("team", ("3",))),
    "customer": (Condition("customer", ("7",)),),
    "customer by site": (Condition("site", ("7",)), Condition("team", ("3",))),
    "team": (Condition("team", ("3",)), Condition("tag", ("quote",))),
    "default": (Condition("tag", ("quote",)),),
    "default by ruling out": (Condition("agreement", ("Gold",), negated=True), Condition("team", ("3",), negated=True)),
}


@pytest.mark.parametrize(("name", "asked"), LEVELS.items(), ids=LEVELS)
def test_the_most_specific_thing_named_is_the_level(name, asked):
    assert matching.level_of(asked) == name.partition(" ")[0]
