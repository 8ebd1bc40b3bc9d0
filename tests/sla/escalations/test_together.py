"""Many runs at once: few statements however many are due, one that fails takes nobody along, and bundles end as one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.tickets.models import Status, Ticket
from sla.commitments import sweep
from sla.escalations import acknowledging, running, starting
from sla.escalations.models import ContactMethod, Escalation, Page, PageAttempt
from tests.plugins.product import queries
from tests.plugins.world import mail
from tests.sla import rotas
from tests.sla.escalations.test_running import NIGHT, WARNED, arrive, letters, run_of, tick
from tests.sla.rotas import minutes, step


def outage(world, count):
    """So many tickets at once, whose runs begin with the next tick."""
    with travel(to=NIGHT):
        world.arrive(*[mail(subject=f"Down {number}") for number in range(count)])
    with travel(to=WARNED):
        sweep.tick()


def solved(world):
    tick(WARNED)
    db.session.execute(update(Ticket).values(status=Status.RESOLVED, resolved_at=NIGHT))


def acknowledged(world):
    tick(WARNED)
    db.session.execute(
        update(Escalation).values(state="acknowledged", acknowledged_by_id=world.ben.id, acknowledged_at=NIGHT)
    )


def untouched(world):
    """The first step is due."""


class TestStatements:
    @pytest.mark.parametrize("before", [untouched, solved, acknowledged])
    def test_are_as_many_for_forty_runs_as_for_four(self, night, before):
        rotas.policy(
            step(0, rotas.rota(night.rota)),
            step(minutes(10), rotas.rota(night.rota, 2)),
            causes=["warning"],
            remind=minutes(5),
            lapse=minutes(5),
        )
        db.session.commit()
        asked = []
        for count in (1, 4, 40):  # the first also reads what a process keeps: rotas, calendars
            outage(night, count)
            before(night)
            db.session.execute(update(Escalation).where(Escalation.ended_at.is_(None)).values(next_at=WARNED))
            db.session.commit()
            with travel(to=WARNED + timedelta(minutes=2)), queries() as seen:
                assert running.tick() == count
            asked.append([statement[:70] for statement in seen])
            db.session.execute(update(Escalation).values(state="ended", ended_at=WARNED, next_at=None))
            db.session.commit()
        assert len(asked[2]) <= len(asked[1]) < 20


class TestPages:
    def test_of_the_last_minute_and_those_that_wait_are_found_by_index(self, night, steps):
        """However many there were: of the thousands that ended long ago a tick reads none."""
        asked = []

        def note(_, __, statement, parameters, *___):
            if statement.startswith("SELECT page."):
                asked.append((statement.removesuffix(" FOR UPDATE"), parameters))

        outage(night, 2)
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            tick(WARNED)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        assert asked
        with db.engine.connect() as connection, connection.begin() as undone:
            connection.execute(text(PAGES_OF_LAST_YEAR))
            connection.execute(text("ANALYZE page"))
            read = [rows_read(connection, *one) for one in asked]
            undone.rollback()
        assert max(read) < 10, list(zip(read, asked, strict=True))


PAGES_OF_LAST_YEAR = """
    INSERT INTO page (target, name, is_test, is_urgent, made_at, not_before, begun_at, ended_at, "end")
    SELECT 'agent:' || n % 40, 'Ada', false, true, at, at, at, at, 'acknowledged'
    FROM (SELECT n, timestamptz '2025-11-01' + n * interval '1 hour' AS at FROM generate_series(1, 5000) AS n) AS past
"""


def rows_read(connection, statement, parameters):
    """Rows of pages a statement looks at, those it finds and those it leaves."""
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    return sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in nodes(plan["Plan"])
        if node.get("Relation Name") == "page"
    )


def nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


class TestBeginning:
    @pytest.mark.parametrize("at", [WARNED, WARNED + timedelta(minutes=15)], ids=["warned", "broken"])
    def test_asks_as_often_for_forty_promises_as_for_four(self, night, steps, at):
        asked = []
        for count in (4, 40):
            with travel(to=NIGHT):
                night.arrive(*[mail(subject=f"Down {number}") for number in range(count)])
            with travel(to=at), queries() as seen:
                assert sweep.tick() == count
            asked.append([statement[:60] for statement in seen])
        begun = db.session.scalar(select(func.count(Escalation.id)))
        assert begun == 44
        assert len(asked[1]) <= len(asked[0]) < 40

    def test_again_for_the_same_promise_begins_nothing(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        run = run_of(ticket)
        with travel(to=WARNED):
            starting.warned(Event(ticket_id=ticket.id, data={"commitment": run.commitment_id}))
            db.session.commit()
        told = select(func.count(Event.id)).where(Event.ticket_id == ticket.id, Event.kind == "escalation.started")
        assert (db.session.scalar(told), run_of(ticket).id) == (1, run.id)


class TestOneThatFails:
    def test_lets_the_others_ring_and_is_tried_again_in_a_minute(self, night, steps, caplog):
        outage(night, 3)
        broken = db.session.scalars(select(Escalation).order_by(Escalation.id).offset(1).limit(1)).one()
        plan, broken.plan = broken.plan, {"steps": []}
        number = broken.id
        db.session.commit()
        tick(WARNED)
        assert [one.content["subject"][:9] for one in letters()] == ["2 tickets"]
        broken = db.session.get(Escalation, number, populate_existing=True)
        assert (broken.step, broken.next_at) == (0, WARNED + timedelta(minutes=1))
        assert [one.escalation for one in caplog.records if one.message == "escalation_stuck"] == [number]
        broken.plan = plan
        db.session.commit()
        tick(WARNED + timedelta(minutes=1))
        assert len(letters()) == 2


class TestABundle:
    def test_of_questions_that_is_answered_asks_by_no_further_way(self, night):
        rotas.policy(step(0, rotas.person(night.ben)), causes=["warning"], remind=minutes(5), lapse=minutes(5))
        rotas.method(night.ben, "sms", "+13125550123", after=60)
        db.session.commit()
        outage(night, 2)
        acknowledged(night)
        asked_at = WARNED + timedelta(minutes=5)
        db.session.execute(update(Escalation).values(acknowledged_at=WARNED, next_at=asked_at))
        db.session.commit()
        tick(asked_at)
        question = db.session.scalars(select(Page).order_by(Page.id.desc()).limit(1)).one()
        with travel(to=asked_at + timedelta(seconds=10)):
            acknowledging.acknowledge(acknowledging.of_page(question), by=night.ben, how="link")
            db.session.commit()
        tick(asked_at + timedelta(minutes=2))
        of_question = select(PageAttempt.kind, PageAttempt.state).where(PageAttempt.page_id == question.id)
        assert dict(db.session.execute(of_question).all()) == {"email": "leaving", "sms": "skipped"}


class TestAPageThatRangNobody:
    def test_does_not_keep_the_next_waiting_for_a_minute(self, night):
        mine = update(ContactMethod).where(ContactMethod.agent_id == night.ben.id)
        db.session.execute(mine.values(verified_at=None))
        rotas.policy(step(0, rotas.person(night.ben)), step(minutes(10), rotas.person(night.ada)), causes=["warning"])
        db.session.commit()
        arrive(night)
        second = arrive(night, NIGHT + timedelta(seconds=20), subject="Another")
        tick(WARNED)
        tick(WARNED + timedelta(seconds=20))
        tick(WARNED + timedelta(seconds=21))
        assert run_of(second).step == 2
