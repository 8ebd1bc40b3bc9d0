"""Policies are drafted, put in force from an instant on, ordered and set aside; what counted stays as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.now import now, travel
from sla.policies import drafting, editing, standing
from sla.policies.drafting import Draft
from sla.policies.inputs import CreditRule, Promise
from sla.policies.loading import in_force
from sla.policies.matching import Condition
from sla.policies.models import Clause, PolicyVersion, SLAPolicy
from tests.sla import promising

ANSWER = Promise("A person answers within two working hours.", "first_response", 7200)
FIX = Promise("Fixed within a day.", "resolution", 28800, pauses=("customer",), targets={"urgent": 3600})
SILVER = Condition("agreement", ("Silver",))


def made(*promises, name="Silver", conditions=()):
    return editing.create(name, Draft(tuple(conditions), promises or (ANSWER,)), by=None)


def counted(*promises, **more):
    policy = made(*promises, **more)
    editing.put_in_force(policy)
    return policy


def said(policy):
    return drafting.read(standing.shown_in(standing.versions(policy)))


def judged(policy, at=None):
    found = [one for one in in_force(at or now()) if one.policy_id == policy.id]
    return drafting.read(found[0]) if found else None


class TestCreating:
    def test_what_was_written_is_read_again(self, world):
        draft = Draft((SILVER, Condition("tag", ("quote",), negated=True)), (ANSWER, FIX))
        policy = editing.create("Silver", draft, by=world.mei)
        assert said(policy) == draft

    def test_a_new_policy_promises_nothing_and_is_tried_last(self, world):
        first, second = made(name="One"), made(name="Two")
        assert judged(first) is None
        assert [one.policy_id for one in standing.everything()] == [first.id, second.id]

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb\x00", "SILVER"])
    def test_a_name_that_does_not_do_is_refused(self, world, name):
        made()
        with pytest.raises(Invalid) as wrong:
            editing.create(name, Draft(), by=None)
        assert "name" in wrong.value.fields

    def test_another_name_can_be_given_later(self, world):
        policy, other = made(), made(name="Gold")
        editing.rename(policy, "Silver Plus")
        assert policy.name == "Silver Plus"
        with pytest.raises(Invalid):
            editing.rename(other, "silver plus")


BAD = {
    "words": ({"words": ""}, "promises-0-words"),
    "words of two lines": ({"words": "a\nb"}, "promises-0-words"),
    "negative target": ({"target_seconds": -3600}, "promises-0-target"),
    "no target": ({"target_seconds": 0}, "promises-0-target"),
    "target of a lifetime": ({"target_seconds": 10**12}, "promises-0-target"),
    "metric": ({"metric": "joy"}, "promises-0-metric"),
    "priority": ({"targets": {"dire": 60}}, "promises-0-targets"),
    "priority without time": ({"targets": {"high": 0}}, "promises-0-targets"),
    "waiting": ({"pauses": ("weather",)}, "promises-0-pauses"),
    "warn too early": ({"warn_percent": 0}, "promises-0-warn_percent"),
    "warn too late": ({"warn_percent": 101}, "promises-0-warn_percent"),
    "zone": ({"zone_source": "moon"}, "promises-0-zone_source"),
    "calendar": ({"calendar_id": 999}, "promises-0-calendar_id"),
    "credit": ({"credit": CreditRule("percent", 200)}, "promises-0-credit"),
}
BAD_CONDITIONS = {
    "field": Condition("mood", ("good",)),
    "no values": Condition("agreement", ()),
    "empty value": Condition("agreement", (" ",)),
    "unreadable": Condition("tag", ("a\x00b",)),
    "priority": Condition("priority", ("dire",)),
    "cover": Condition("cover", ("luck",)),
    "both covers": Condition("cover", ("contract", "warranty")),
    "team by name": Condition("team", ("Service",)),
    "team": Condition("team", ("999",)),
    "customer": Condition("customer", ("999",)),
    "site": Condition("site", ("999",)),
}


class TestBadInput:
    @pytest.mark.parametrize(("values", "field"), BAD.values(), ids=BAD)
    def test_a_promise_is_refused_at_its_field(self, world, values, field):
        policy = made(FIX)
        with pytest.raises(Invalid) as wrong:
            editing.revise(policy, Draft((), (replace(ANSWER, **values),)), by=None)
        assert list(wrong.value.fields) == [field]
        assert said(policy).promises == (FIX,)

    @pytest.mark.parametrize("condition", BAD_CONDITIONS.values(), ids=BAD_CONDITIONS)
    def test_a_condition_is_refused_at_its_place(self, world, condition):
        with pytest.raises(Invalid) as wrong:
            made(conditions=[SILVER, condition])
        assert list(wrong.value.fields) == ["conditions-1"]

    def test_one_metric_twice_is_refused(self, world):
        with pytest.raises(Invalid) as wrong:
            made(ANSWER, replace(ANSWER, words="Sooner."))
        assert set(wrong.value.fields) == {"promises-0-metric", "promises-1-metric"}

    def test_a_policy_without_promises_cannot_be_put_in_force(self, world):
        policy = editing.create("Silver", Draft(), by=None)
        with pytest.raises(Invalid) as wrong:
            editing.put_in_force(policy)
        assert list(wrong.value.fields) == ["promises"]

    def test_too_many_conditions_are_refused(self, world):
        with pytest.raises(Invalid):
            made(conditions=[Condition("tag", (str(n),)) for n in range(21)])


class TestDrafts:
    def test_an_edit_begins_a_draft_and_leaves_what_counts(self, world):
        policy = counted(ANSWER)
        before = standing.in_force_in(standing.versions(policy))
        clauses = [clause.id for clause in before.clauses]
        editing.revise(policy, Draft((SILVER,), (ANSWER, FIX)), by=world.mei)
        assert judged(policy) == Draft((), (ANSWER,))
        assert [clause.id for clause in standing.in_force_in(standing.versions(policy)).clauses] == clauses
        assert drafting.changes(judged(policy), said(policy)) == 2

    def test_there_is_one_however_often_it_is_edited(self, world):
        policy = counted(ANSWER)
        for seconds in (60, 120):
            editing.revise(policy, Draft((), (replace(ANSWER, target_seconds=seconds),)), by=None)
        assert [one.number for one in standing.versions(policy)] == [1, 2]
        assert said(policy).promises[0].target_seconds == 120

    def test_two_editors_do_not_overwrite_each_other(self, world):
        policy = made(ANSWER)
        seen = drafting.fingerprint(said(policy))
        editing.revise(policy, Draft((), (FIX,)), by=None, seen=seen)
        with pytest.raises(Conflict):
            editing.revise(policy, Draft((), (ANSWER, FIX)), by=None, seen=seen)
        with pytest.raises(Conflict):
            editing.put_in_force(policy, seen=seen)

    def test_discarded_it_is_gone_with_its_promises(self, world):
        policy = counted(ANSWER)
        editing.revise(policy, Draft((), (FIX,)), by=None)
        editing.discard(policy)
        assert said(policy) == judged(policy) == Draft((), (ANSWER,))
        assert db.session.scalars(select(Clause.metric)).all() == ["first_response"]
        with pytest.raises(Conflict):
            editing.discard(policy)

    def test_the_only_one_is_emptied(self, world):
        policy = made(ANSWER)
        editing.discard(policy)
        assert said(policy) == Draft()


class TestPuttingInForce:
    def test_counts_for_what_arrives_from_then_on(self, world):
        policy = counted(ANSWER)
        before = now()
        with travel(hours=1):
            editing.revise(policy, Draft((), (FIX,)), by=None)
            editing.put_in_force(policy)
            assert judged(policy) == Draft((), (FIX,))
        assert judged(policy, before) == Draft((), (ANSWER,))

    def test_from_a_later_day_the_old_one_counts_until_then(self, world):
        policy = counted(ANSWER)
        editing.revise(policy, Draft((), (FIX,)), by=None)
        day = now() + timedelta(days=3)
        editing.put_in_force(policy, valid_from=day)
        assert judged(policy) == Draft((), (ANSWER,))
        assert judged(policy, day) == Draft((), (FIX,))

    def test_what_waits_can_be_taken_back(self, world):
        policy = counted(ANSWER)
        editing.revise(policy, Draft((), (FIX,)), by=None)
        editing.put_in_force(policy, valid_from=now() + timedelta(days=3))
        editing.withdraw(policy)
        assert judged(policy, now() + timedelta(days=4)) == Draft((), (ANSWER,))
        assert standing.draft_in(standing.versions(policy)) is not None
        with pytest.raises(Conflict):
            editing.withdraw(policy)

    def test_only_one_waits_at_a_time(self, world):
        policy = counted(ANSWER)
        editing.revise(policy, Draft((), (FIX,)), by=None)
        editing.put_in_force(policy, valid_from=now() + timedelta(days=3))
        editing.revise(policy, Draft((), (ANSWER, FIX)), by=None)
        with pytest.raises(Conflict):
            editing.put_in_force(policy)
        with pytest.raises(Conflict):
            editing.withdraw(policy)

    @pytest.mark.parametrize("away", [timedelta(seconds=-1), timedelta(days=3000)])
    def test_neither_in_the_past_nor_far_away(self, world, away):
        policy = made()
        with pytest.raises(Invalid) as wrong:
            editing.put_in_force(policy, valid_from=now() + away)
        assert list(wrong.value.fields) == ["valid_from"]

    def test_what_changes_nothing_is_refused(self, world):
        policy = counted(ANSWER)
        with pytest.raises(Conflict):
            editing.put_in_force(policy)
        editing.revise(policy, Draft((), (ANSWER,)), by=None)
        with pytest.raises(Conflict):
            editing.put_in_force(policy)


class TestOrder:
    def test_moves_one_place_within_its_level(self, world):
        one, two, three = (counted(name=name) for name in ("One", "Two", "Three"))
        silver = counted(name="Silver", conditions=[SILVER])
        editing.move(three, up=True)
        assert [version.policy.name for version in standing.everything()] == ["Silver", "One", "Three", "Two"]
        editing.move(one, up=True)
        editing.move(silver, up=False)
        editing.move(two, up=False)
        assert [version.policy.name for version in standing.everything()] == ["Silver", "One", "Three", "Two"]
        assert [version.policy.name for version in in_force(now())] == ["Silver", "One", "Three", "Two"]

    def test_set_aside_it_promises_nothing_until_it_is_taken_back(self, world):
        policy = counted()
        editing.archive(policy)
        assert (judged(policy), standing.everything()) == (None, [])
        with pytest.raises(Conflict):
            editing.move(policy, up=True)
        editing.unarchive(policy)
        assert judged(policy) == Draft((), (ANSWER,))

    def test_nothing_that_counted_is_ever_deleted(self, world):
        promising.calendar()
        policy = counted(ANSWER)
        for promise in (FIX, ANSWER):
            editing.revise(policy, Draft((), (promise,)), by=None)
            editing.put_in_force(policy)
            editing.revise(policy, Draft((), ()), by=None)
            editing.discard(policy)
        assert len(db.session.scalars(select(PolicyVersion.id)).all()) == 3
        assert len(db.session.scalars(select(SLAPolicy.id)).all()) == 1
