"""Rows of the edge table that no other test names: hand-overs between steps, gaps by an override, urgent in the night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from helpdesk.db import db
from sla.escalations.models import PageAttempt, QuietHours
from sla.oncall.models import OnCallOverride
from tests.sla import rotas
from tests.sla.escalations.test_running import NIGHT, WARNED, arrive, run_of, rung, tick
from tests.sla.rotas import minutes, step


def override(rota, kind, **more):
    span = {"starts_at": NIGHT - timedelta(hours=1), "ends_at": NIGHT + timedelta(hours=8), "created_at": NIGHT}
    db.session.add(OnCallOverride(schedule_id=rota.id, kind=kind, **span, **more))


class TestWhoIsOnCall:
    def test_is_asked_at_the_own_instant_of_each_step(self, night):
        rota = rotas.schedule([night.ben, night.ada], name="By turns")
        rotas.policy(
            step(0, rotas.rota(rota)), step(minutes(9), rotas.rota(rota)), step(minutes(20), rotas.rota(rota)),
            causes=["arrival"],
        )  # fmt: skip
        db.session.commit()
        arrived = rotas.at("2026-11-23T12:50:00+00:00")  # Monday 07:50 in New York, ten minutes before they hand over
        arrive(night, arrived)
        for after in range(0, 25, 1):
            tick(arrived + timedelta(minutes=after))
        first, second, third = rung()
        assert first == second != third

    def test_is_the_fallback_when_an_override_leaves_nobody(self, night):
        rota = rotas.schedule([night.ben], name="Alone", fallback="+13125550100")
        override(rota, "remove", replaced_id=night.ben.id)
        rotas.policy(step(0, rotas.rota(rota)))
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == ["Duty"]

    def test_is_nobody_when_an_override_leaves_nobody_and_no_fallback_is_there(self, night):
        rota = rotas.schedule([night.ben], name="Alone")
        override(rota, "remove", replaced_id=night.ben.id)
        rotas.policy(step(0, rotas.rota(rota)), step(minutes(30), rotas.person(night.ada)))
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        assert rung() == ["Ada"]
        assert run_of(ticket).step == 2

    def test_is_whoever_replaces_them(self, night):
        override(night.rota, "replace", agent_id=night.mei.id, replaced_id=night.ben.id)
        rotas.method(night.mei)
        rotas.policy(step(0, rotas.rota(night.rota)))
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == ["Mei"]


class TestQuietHours:
    def asleep(self, night, agent):
        db.session.add(QuietHours(agent_id=agent.id, begins="22:00", ends="07:00"))
        agent.zone = "America/New_York"

    def test_hold_nothing_that_is_urgent(self, night):
        self.asleep(night, night.ben)
        rotas.policy(step(0, rotas.person(night.ben)), urgent=True)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == ["Ben"]

    def test_end_for_what_waits_when_something_urgent_joins_it(self, night):
        self.asleep(night, night.ben)
        rotas.policy(step(0, rotas.person(night.ben)), urgent=False, name="Calm", rank=2)
        rotas.policy(step(0, rotas.person(night.ben)), starts={"priorities": [4]}, name="Urgent", rank=1)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == []
        arrive(night, NIGHT + timedelta(minutes=5), subject="Worse", X_Priority="1").priority = 4
        db.session.commit()
        tick(WARNED + timedelta(minutes=5))
        assert rung() == ["Ben"]
        assert len(db.session.scalars(select(PageAttempt)).all()) == 1


class TestADeployInTheMiddle:
    def test_takes_what_was_due_meanwhile_once_and_keeps_the_times_of_the_rest(self, night):
        rotas.policy(
            *(step(minutes(10 * place), rotas.person(one)) for place, one in enumerate((night.ben, night.ada)))
        )
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        for seconds in (780, 781, 790):  # the scheduler was away for thirteen minutes
            tick(WARNED + timedelta(seconds=seconds))
        assert rung() == ["Ben", "Ada"]
        assert run_of(ticket).round_started_at == WARNED
