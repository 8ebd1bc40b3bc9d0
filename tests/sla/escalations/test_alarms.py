"""Alarms of machines wake whoever is on call, by a policy of their own, and have the promise of their unit."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from helpdesk import events
from helpdesk.db import db
from helpdesk.now import travel
from helpdesk.people.models import Contact
from helpdesk.tickets import conversing, lifecycle
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import Ticket
from sla.escalations.models import Escalation
from tests.sla import rotas
from tests.sla.escalations.test_running import NIGHT, rung, tick
from tests.sla.rotas import step


def alarm(night, at=NIGHT) -> Ticket:
    """A machine opens a ticket, as `channels.alarming` does."""
    with travel(to=at):
        machine = Contact(name="CRAC-07", kind="device", created_at=at)
        db.session.add(machine)
        db.session.flush()
        incoming = Incoming("Pressure high", "27.4 bar", "27.4 bar", channel_kind="device", author_name="CRAC-07")
        ticket = conversing.open_ticket(machine, incoming)
        conversing.receive(ticket, machine, incoming)
        db.session.commit()
    return ticket


def again(ticket: Ticket, at) -> None:
    with travel(to=at):
        machine = db.session.get_one(Contact, ticket.contact_id)
        lifecycle.resolve(ticket, by=machine)
        db.session.commit()
        tick(at + timedelta(minutes=1))
    with travel(to=at + timedelta(minutes=2)):
        lifecycle.reopen(ticket, by=machine)
        events.record(ticket, "fault.returned", by=machine, reopened=True, fault="x", unit=None)
        db.session.commit()


def runs() -> list[tuple[str, str]]:
    return [(one.cause, one.state) for one in db.session.scalars(select(Escalation).order_by(Escalation.id))]


class TestAnAlarm:
    def test_rings_by_the_policy_for_alarms(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["device"])
        db.session.commit()
        alarm(night)
        tick(NIGHT)
        assert (rung(), runs()) == (["Ben"], [("device", "running")])

    def test_rings_once_where_a_policy_for_arrivals_is_there_too(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"], name="Arrivals", rank=1)
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["device"], name="Alarms", rank=2)
        db.session.commit()
        alarm(night)
        tick(NIGHT)
        assert (rung(), runs()) == (["Ben"], [("device", "running")])

    def test_is_an_arrival_where_no_policy_is_for_alarms(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"])
        db.session.commit()
        alarm(night)
        tick(NIGHT)
        assert runs() == [("arrival", "running")]

    def test_that_comes_back_rings_again(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["device"])
        db.session.commit()
        ticket = alarm(night)
        tick(NIGHT)
        again(ticket, NIGHT + timedelta(minutes=10))
        tick(NIGHT + timedelta(minutes=13))
        assert runs() == [("device", "ended"), ("device", "running")]
        assert rung() == ["Ben", "Ben"]


class TestAPolicyForAlarms:
    def test_is_offered_on_the_page(self, world):
        shown = world.browser(world.mei).get("/on-call/escalations/new").text
        assert "a machine raised an alarm" in shown.lower()
