"""What would have been, had a draft been in force."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.tickets import lifecycle, triage
from helpdesk.tickets.models import Priority
from sla.commitments import whatif
from sla.commitments.models import Commitment, WhatIf
from sla.entitlements import resolving
from sla.policies import drafting, editing, standing
from sla.policies.matching import Condition
from sla.policies.models import Clause, PolicyVersion, SLAPolicy
from tests.plugins.product import queries
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
LATER = MONDAY + timedelta(days=3)


@pytest.fixture
def policy(world):
    hours = promising.calendar()
    version = promising.policy("Default", promising.clause("resolution", 14400, "Fixed soon.", calendar_id=hours.id))
    db.session.commit()
    return db.session.get_one(SLAPolicy, version.policy_id)


def answered(world, minutes):
    """A ticket of Monday that was done after so many minutes."""
    with travel(to=MONDAY):
        ticket = world.ticket()
    with travel(to=MONDAY + timedelta(minutes=minutes)):
        lifecycle.resolve(ticket, by=world.ben)
        db.session.commit()
    return ticket


def said(policy):
    return drafting.read(standing.shown_in(standing.versions(policy)))


def stricter(policy, seconds, **more):
    before = said(policy)
    return replace(before, promises=tuple(replace(one, target_seconds=seconds, **more) for one in before.promises))


def changed(**counts):
    return {"later": 0, "sooner": 0, "joined": 0, "left": 0} | counts


def asking(policy, *conditions):
    return replace(said(policy), conditions=conditions)


def ran(policy, draft, *, at=LATER):
    with travel(to=at):
        run = whatif.start(policy, draft, by=None)
        db.session.commit()
        whatif.work(run.id)
    return db.session.get_one(WhatIf, run.id)


class TestReplay:
    def test_an_unchanged_policy_changes_nothing(self, world, policy):
        for minutes in (30, 200, 300):
            answered(world, minutes)
        run = ran(policy, said(policy))
        assert (run.state, run.done, run.total) == ("done", 3, 3)
        assert run.result["now"] == run.result["then"] == {"kept": 2, "late": 1}
        assert run.result["changed"] == changed()

    def test_a_shorter_target_names_the_tickets_that_would_have_been_late(self, world, policy):
        answered(world, 30)
        late = [answered(world, minutes) for minutes in (130, 180)]
        run = ran(policy, stricter(policy, 7200))
        assert run.result["later"] == [ticket.id for ticket in late]
        assert run.result["changed"] == changed(later=2)
        assert whatif.share(run.result["now"]) == 100
        assert run.result["then"] == {"kept": 1, "late": 2}

    def test_a_longer_target_names_those_that_would_have_been_kept(self, world, policy):
        ticket = answered(world, 300)
        run = ran(policy, stricter(policy, 28800))
        assert run.result["sooner"] == [ticket.id]

    def test_another_calendar_counts_by_its_own_hours(self, world, policy):
        with travel(to=MONDAY + timedelta(hours=6)):  # 16:00
            ticket = world.ticket()
        with travel(to=MONDAY + timedelta(hours=23)):  # 09:00 the next day
            lifecycle.resolve(ticket, by=world.ben)
            db.session.commit()
        run = ran(policy, stricter(policy, 14400, calendar_id=None))
        assert run.result["later"] == [ticket.id]

    def test_a_priority_has_its_own_target(self, world, policy):
        ticket = answered(world, 130)
        run = ran(policy, stricter(policy, 14400, targets={"normal": 7200}))
        assert run.result["later"] == [ticket.id]

    def test_a_promise_that_is_new_is_judged_from_the_arrival(self, world, policy):
        ticket = answered(world, 130)
        before = said(policy)
        new = replace(before.promises[0], metric="work", target_seconds=600)
        run = ran(policy, replace(before, promises=(*before.promises, new)))
        assert run.result["later"] == [ticket.id]

    def test_writes_nothing_but_the_run(self, world, policy):
        answered(world, 130)
        rows = select(Commitment.id, Commitment.outcome, Commitment.due_at, Commitment.clause_id)
        before = db.session.execute(rows).all()
        ran(policy, stricter(policy, 60))
        assert db.session.execute(rows).all() == before

    def test_tickets_of_long_ago_and_of_other_policies_stay_out(self, world, policy):
        answered(world, 130)
        assert ran(policy, said(policy), at=MONDAY + timedelta(days=91)).total == 0
        other = promising.policy("Other", promising.clause("resolution", 60), rank=99)
        other = db.session.get_one(SLAPolicy, other.policy_id)
        assert ran(other, stricter(other, 30)).total == 0


class TestWhomItIsFor:
    URGENT = Condition("priority", ("urgent",))

    def test_a_narrower_draft_names_those_it_would_no_longer_be_promised_to(self, world, policy):
        usual, urgent = answered(world, 130), answered(world, 130)
        triage.prioritise(urgent, Priority.URGENT, by=world.ben)
        db.session.commit()
        run = ran(policy, asking(policy, self.URGENT))
        assert (run.result["left"], run.result["joined"]) == ([usual.id], [])
        assert run.result["changed"] == changed(left=1)
        assert (run.result["now"], run.result["then"]) == ({"kept": 2, "late": 0}, {"kept": 1, "late": 0})

    def test_a_ticket_goes_to_the_next_policy_and_is_judged_by_that(self, world, policy):
        promising.policy("Next", promising.clause("resolution", 60, "Fixed at once."), rank=99)
        db.session.commit()
        ticket = answered(world, 130)
        run = ran(policy, asking(policy, self.URGENT))
        assert (run.result["left"], run.result["later"]) == ([ticket.id], [ticket.id])

    def test_a_wider_draft_names_those_it_would_be_promised_to_too(self, world, policy):
        mine = promising.policy("Urgent", promising.clause("resolution", 60), conditions=[self.URGENT.stored()], rank=1)
        db.session.commit()
        ticket = answered(world, 130)
        urgent = db.session.get_one(SLAPolicy, mine.policy_id)
        run = ran(urgent, asking(urgent))
        assert (run.result["joined"], run.result["later"]) == ([ticket.id], [ticket.id])
        assert (run.result["now"], run.result["then"]) == ({"kept": 0, "late": 0}, {"kept": 0, "late": 1})

    def test_one_never_in_force_is_tried_on_every_ticket(self, world, policy):
        ticket = answered(world, 130)
        behind = editing.create("Behind", said(policy), by=None)
        assert ran(behind, said(behind)).result["changed"] == changed()
        first = editing.create("First", stricter(policy, 60), by=None)
        first.rank = 0
        run = ran(first, said(first))
        assert (run.total, run.result["joined"]) == (1, [ticket.id])

    def test_what_an_agent_chose_stays(self, world, policy):
        with travel(to=MONDAY):
            ticket = world.ticket()
            resolving.correct(ticket, resolving.choices(ticket)[0].key, by=world.ben)
            db.session.commit()
        assert ran(policy, asking(policy, self.URGENT)).result["changed"] == changed()

    def test_writes_nothing_but_the_run(self, world, policy):
        answered(world, 130)
        counted = [
            db.session.scalar(select(func.count()).select_from(one)) for one in (SLAPolicy, PolicyVersion, Clause)
        ]
        ran(policy, asking(policy, self.URGENT))
        assert counted == [
            db.session.scalar(select(func.count()).select_from(one)) for one in (SLAPolicy, PolicyVersion, Clause)
        ]

    def test_a_batch_takes_as_many_queries_as_one_ticket(self, world, policy):
        counts = []
        for _ in range(3):  # the first also reads what a process keeps: policies, calendars
            for _ in range(3):
                answered(world, 30)
            with queries() as seen:
                ran(policy, asking(policy, self.URGENT))
            counts.append(len(seen))
        assert counts[1] == counts[2]


class TestRunning:
    def test_a_batch_takes_as_many_queries_as_one_ticket(self, world, policy, monkeypatch):
        counts = []
        for _ in range(3):  # the first also reads what a process keeps: policies, calendars
            for _ in range(3):
                answered(world, 30)
            with queries() as seen:
                ran(policy, said(policy))
            counts.append(len(seen))
        assert counts[1] == counts[2]

    def test_goes_on_from_batch_to_batch(self, world, policy, monkeypatch):
        monkeypatch.setattr(whatif, "BATCH", 2)
        for _ in range(5):
            answered(world, 30)
        run = ran(policy, said(policy))
        assert (run.done, run.result["now"]) == (5, {"kept": 5, "late": 0})

    def test_stopped_it_goes_no_further(self, world, policy):
        answered(world, 30)
        run = whatif.start(policy, said(policy), by=None)
        whatif.stop(run)
        db.session.commit()
        whatif.work(run.id)
        assert (db.session.get_one(WhatIf, run.id).state, run.done) == ("stopped", 0)

    def test_a_new_one_stops_the_one_before(self, world, policy):
        first = whatif.start(policy, said(policy), by=None)
        second = whatif.start(policy, said(policy), by=None)
        assert (first.state, second.state) == ("stopped", "running")
        assert whatif.latest(policy.id) is second

    def test_one_whose_worker_went_away_goes_on(self, world, policy):
        answered(world, 30)
        with travel(to=LATER):
            run = whatif.start(policy, said(policy), by=None)
            db.session.execute(db.text("DELETE FROM procrastinate_jobs"))
            db.session.commit()
        with travel(to=LATER + timedelta(minutes=2)):
            whatif.revive()
            assert (
                db.session.scalar(db.text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'what_if'")) == 1
            )
            whatif.work(run.id)
        assert db.session.get_one(WhatIf, run.id).state == "done"
