"""What must not go wrong between the steps: events that end nothing, second thoughts, ends taken back, parallel hands."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.outbox import State
from helpdesk.tickets import conversing, lifecycle, triage, unsending
from helpdesk.tickets.models import Message, Ticket
from sla.commitments import sweep
from sla.commitments.models import Commitment
from sla.escalations import acknowledging, paging, running
from sla.escalations.models import Escalation, Page, PageReason
from sla.policies.models import Clause
from tests.plugins.world import mail
from tests.sla import promising, rotas
from tests.sla.escalations.test_running import (
    NIGHT,
    WARNED,
    acknowledge,
    arrive,
    letters,
    run_of,
    rung,
    tick,
)
from tests.sla.rotas import minutes, step


def seconds(count):
    return timedelta(seconds=count)


@pytest.fixture
def slow(night):
    """A promise that an answer does not end: solved within the hour."""
    promising.policy("Solved", promising.clause("resolution", minutes(60), "Solved within the hour."), rank=1)
    rotas.policy(
        step(0, rotas.person(night.ben)),
        step(minutes(10), rotas.person(night.ada)),
        starts={"metrics": ["resolution"]},
        causes=["warning"],
        name="Slow",
        rank=0,
        remind=minutes(30),
        lapse=minutes(5),
    )
    db.session.commit()
    return night


def reopened(ticket):
    return db.session.get(Ticket, ticket.id, populate_existing=True)


class TestAnEventThatEndsNothing:
    def test_asks_nobody_early_whether_they_still_are_on_it(self, slow):
        ticket = arrive(slow)
        tick(WARNED)
        acknowledge(ticket, slow.ben, WARNED)
        with travel(to=WARNED + seconds(60)):
            slow.reply(reopened(ticket))
        tick(WARNED + seconds(90))
        assert (run_of(ticket).state, run_of(ticket).asked_at) == ("acknowledged", None)
        tick(WARNED + timedelta(minutes=30))
        assert run_of(ticket).asked_at is not None

    def test_takes_it_from_nobody_who_is_never_asked(self, night):
        rotas.policy(step(0, rotas.person(night.ben)), step(minutes(10), rotas.person(night.ada)), causes=["arrival"])
        db.session.commit()
        ticket = arrive(night)
        tick(NIGHT)
        acknowledge(ticket, night.ben, NIGHT)
        with travel(to=NIGHT + seconds(60)):
            conversing.receive(reopened(ticket), night.olive, night.words(text="Hello?"))
            db.session.commit()
        tick(NIGHT + seconds(90))
        tick(NIGHT + timedelta(hours=3))
        assert run_of(ticket, "arrival").state == "acknowledged"
        assert rung() == ["Ben"]

    def test_delays_no_step(self, slow):
        slow.ben.undo_seconds = 3600
        db.session.commit()
        ticket = arrive(slow)
        tick(WARNED)
        with travel(to=WARNED + seconds(60)):
            slow.reply(reopened(ticket))
        tick(WARNED + timedelta(minutes=10))
        assert rung() == ["Ben", "Ada"]


class TestWhatMayBeTakenBack:
    def test_a_step_due_in_the_undo_window_of_an_answer_rings_nobody_and_forgets_nothing(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + seconds(595)):
            message = night.reply(reopened(ticket))
        tick(WARNED + seconds(600))
        assert (rung(), run_of(ticket).state) == (["Ben"], "running")
        with travel(to=WARNED + seconds(601)):
            row = db.session.get(Message, message.id)
            unsending.unsend(row, night.delivery(row), by=night.ben)
            db.session.commit()
        tick(WARNED + seconds(606))
        assert rung() == ["Ben", "Ada"]

    def test_done_and_undone_within_the_window_goes_on(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + seconds(590)):
            lifecycle.resolve(reopened(ticket), by=night.ben)
            db.session.commit()
        tick(WARNED + seconds(601))
        assert rung() == ["Ben"]
        with travel(to=WARNED + seconds(610)):
            lifecycle.reopen(reopened(ticket), by=night.ben)
            db.session.commit()
        tick(WARNED + seconds(611))
        assert rung() == ["Ben", "Ada"]


class TestAPause:
    def test_holds_it_and_the_customers_answer_lets_it_go_on(self, night):
        clause = promising.clause("resolution", minutes(60), "Solved within the hour.", pauses=["customer"])
        promising.policy("Solved", clause, rank=1)
        rotas.policy(
            step(0, rotas.person(night.ben)),
            step(minutes(10), rotas.person(night.ada)),
            starts={"metrics": ["resolution"]},
        )
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + seconds(60)):
            triage.wait_for(reopened(ticket), "customer", by=night.ben)
            db.session.commit()
        tick(WARNED + seconds(61))
        tick(WARNED + timedelta(minutes=20))
        assert (run_of(ticket).state, rung()) == ("holding", ["Ben"])
        with travel(to=WARNED + timedelta(minutes=30)):
            conversing.receive(reopened(ticket), night.olive, night.words(text="Here it is."))
            db.session.commit()
        tick(WARNED + timedelta(minutes=30, seconds=1))
        assert run_of(ticket).state == "running"
        tick(WARNED + timedelta(minutes=40, seconds=2))
        assert rung() == ["Ben", "Ada"]


class TestHolding:
    def test_waits_for_the_hours_whatever_happens_meanwhile(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"], holds=True)
        db.session.commit()
        ticket = arrive(night)
        tick(NIGHT)
        with travel(to=NIGHT + seconds(60)):
            conversing.receive(reopened(ticket), night.olive, night.words(text="Hello?"))
            db.session.commit()
        tick(NIGHT + seconds(61))
        assert rung() == []
        tick(rotas.at("2026-11-23T14:00:00+00:00"))  # Monday nine in New York
        assert rung()[0] == "Ben"


class TestTheSecondTime:
    def test_start_again_rings_everybody_again_by_the_policy_as_it_is_now(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(minutes=10))
        for again in (1, 2):
            with travel(to=WARNED + timedelta(minutes=20 * again)):
                [run] = acknowledging.open_of_ticket(ticket.id)
                acknowledging.reapply(run, by=night.mei)
                db.session.commit()
            tick(WARNED + timedelta(minutes=20 * again))
            tick(WARNED + timedelta(minutes=20 * again + 10))
        assert rung() == ["Ben", "Ada"] * 3

    def test_an_edited_policy_counts_for_a_run_only_once_it_is_started_again(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        steps.plan = {**steps.plan, "steps": [step(0, rotas.rota(night.rota, 2))]}
        db.session.commit()
        tick(WARNED + timedelta(minutes=10))
        assert rung() == ["Ben", "Ada"]
        with travel(to=WARNED + timedelta(minutes=12)):
            [run] = acknowledging.open_of_ticket(ticket.id)
            acknowledging.reapply(run, by=night.mei)
            db.session.commit()
        tick(WARNED + timedelta(minutes=12))
        assert rung() == ["Ben", "Ada", "Ada"]

    def test_start_again_goes_by_the_hours_of_the_promise_as_it_is_now(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            [run] = acknowledging.open_of_ticket(ticket.id)
            clause = db.session.scalars(select(Clause).join(Commitment).where(Commitment.id == run.commitment_id)).one()
            clause.calendar_id = promising.calendar("Other hours").id
            acknowledging.reapply(run, by=night.mei)
            assert run.calendar_id == clause.calendar_id
            clause.calendar_id = None
            acknowledging.reapply(run, by=night.mei)
            assert run.calendar_id == night.office.id

    def test_the_duty_phone_is_asked_whether_it_still_is_on_it(self, night):
        empty = rotas.schedule([], name="Nobody", fallback="+1 312 555 0100")
        rotas.policy(
            step(0, {"kind": "fallback", "id": empty.id}),
            step(minutes(30), rotas.person(night.ada)),
            causes=["warning"],
            remind=minutes(20),
            lapse=minutes(5),
        )
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            acknowledging.acknowledge(acknowledging.open_of_ticket(ticket.id), by=None, how="call", name="Duty phone")
            db.session.commit()
        tick(WARNED + timedelta(minutes=21))
        asked = db.session.scalars(select(Page).order_by(Page.id.desc())).first()
        assert (asked.target, rung()) == ("fallback:call:+13125550100", ["Duty", "Duty"])
        assert "Still on it?" in letters()[-1].content["speech"]
        assert run_of(ticket).state == "acknowledged"
        tick(WARNED + timedelta(minutes=26))
        assert rung()[-1] == "Ada"

    def test_somebody_asked_twice_is_rung_twice(self, slow):
        ticket = arrive(slow)
        tick(WARNED)
        for again in range(2):
            said_at = WARNED + timedelta(minutes=31 * again)
            acknowledge(ticket, slow.ben, said_at)
            tick(said_at + timedelta(minutes=30))
        assert rung() == ["Ben"] * 3
        assert letters()[-1].content["subject"].startswith("Still on it?")


class TestOnlyTheLastStepHurries:
    def test_a_page_that_failed_late_does_not_hurry_who_was_rung_since(self, night):
        rotas.policy(
            step(0, rotas.person(night.ben)),
            step(minutes(5), rotas.person(night.ada)),
            step(minutes(30), rotas.person(night.mei)),
            causes=["warning"],
        )
        rotas.method(night.mei)
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(minutes=5))
        letter = letters()[0]
        letter.state, letter.reason = State.FAILED, "Nobody there."
        db.session.commit()
        tick(WARNED + timedelta(minutes=6))
        assert rung() == ["Ben", "Ada"]
        assert run_of(ticket).next_at == WARNED + timedelta(minutes=30)


class TestChoosing:
    def test_a_policy_for_the_night_leaves_the_day_to_the_next(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"], runs="out_of_hours", name="Nights", rank=1)
        rotas.policy(step(0, rotas.person(night.ada)), causes=["arrival"], name="Days", rank=2)
        office = promising.calendar("Day shift")
        night.rota.calendar_id = office.id
        db.session.commit()
        by_day = rotas.at("2026-11-20T15:00:00+00:00")
        arrive(night, by_day)
        tick(by_day)
        assert rung() == ["Ada"]

    def test_a_break_that_wakes_nobody_leaves_the_warning_running(self, night):
        rotas.policy(step(0, rotas.person(night.ben)), causes=["warning"], name="Warned", rank=1)
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["break"], runs="out_of_hours", name="Broken", rank=2)
        db.session.commit()
        by_day = rotas.at("2026-11-20T15:00:00+00:00")
        ticket = arrive(night, by_day)
        tick(by_day + timedelta(minutes=46))
        tick(by_day + timedelta(minutes=61))
        assert run_of(ticket).state == "running"


class TestATestPage:
    def test_keeps_no_real_page_from_ringing(self, night, steps):
        with travel(to=WARNED):
            db.session.add(
                Page(
                    target=f"agent:{night.ben.id}",
                    agent_id=night.ben.id,
                    name=night.ben.name,
                    is_test=True,
                    made_at=WARNED,
                    not_before=WARNED,
                )
            )
            db.session.commit()
        arrive(night)
        tick(WARNED + seconds(2))
        assert [one.content["subject"][:4] for one in letters()] == ["Test", "#" + letters()[1].content["subject"][1:4]]
        assert all(one.state == "queued" for one in letters())


class TestParallelHands:
    def test_a_step_waits_for_nobody_who_writes_in_its_ticket(self, night, steps):
        """A reply holds its ticket and then wants its runs; a tick that held a run and wanted the ticket never ends."""
        ticket = arrive(night)
        tick(WARNED)
        with db.engine.begin() as other:
            other.execute(text("SELECT id FROM ticket WHERE id = :id FOR UPDATE"), {"id": ticket.id})
            tick(WARNED + timedelta(minutes=10))
            other.execute(text("UPDATE escalation SET next_at = next_at WHERE ticket_id = :id"), {"id": ticket.id})
        assert rung() == ["Ben"]
        tick(WARNED + timedelta(minutes=10, seconds=1))
        assert rung() == ["Ben", "Ada"]

    def test_a_page_nobody_can_get_leaves_a_run_that_is_held_for_later(self, night):
        rotas.policy(step(0, rotas.person(night.mei)), step(minutes(10), rotas.person(night.ada)), causes=["warning"])
        db.session.commit()
        ticket = arrive(night)
        with travel(to=WARNED):
            from_sweep(night)
        with db.engine.begin() as other:
            other.execute(text("SELECT id FROM escalation WHERE ticket_id = :id FOR UPDATE"), {"id": ticket.id})
            with travel(to=WARNED):
                paging.tick()
        assert rung() == []
        tick(WARNED + seconds(1))
        tick(WARNED + seconds(2))
        assert rung() == ["Mei", "Ada"]

    def test_two_schedulers_and_a_telephone_at_once_ring_each_once(self, night, steps, product):
        with travel(to=NIGHT):
            night.arrive(*[mail(subject=f"Down {number}") for number in range(30)])
        tick(WARNED)
        failed: list[BaseException] = []

        def work(act):
            with product.app_context():
                try:
                    for _ in range(4):
                        act()
                except BaseException as error:
                    failed.append(error)
                finally:
                    db.session.rollback()

        def answer():
            page = db.session.scalars(select(Page).order_by(Page.id).limit(1)).one()
            acknowledging.acknowledge(acknowledging.of_page(page), by=None, how="link", name="Duty")
            db.session.commit()

        with travel(to=WARNED + timedelta(minutes=10)):
            acts = (running.tick, running.tick, paging.tick, paging.tick, answer)
            threads = [threading.Thread(target=work, args=(act,)) for act in acts]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        assert failed == []
        assert not db.session.scalar(select(Escalation.id).where(Escalation.state != "acknowledged").limit(1))
        once = select(PageReason.escalation_id, PageReason.step, PageReason.target)
        found = db.session.execute(once).all()
        assert len(found) == len(set(found)) <= 60


def from_sweep(world):
    """The warning and its run, and the step, but no page begun."""
    sweep.tick()
    running.tick()
    db.session.rollback()
