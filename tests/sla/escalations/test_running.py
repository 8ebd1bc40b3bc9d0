"""A promise in danger wakes the right person, once, and stops when somebody is on it."""

from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.outbox import Delivery, State
from helpdesk.tickets import lifecycle
from helpdesk.tickets.models import Ticket
from sla.commitments import sweep
from sla.escalations import acknowledging, paging, running, starting
from sla.escalations.callees import Callee
from sla.escalations.models import ContactMethod, Escalation, Page, PageAttempt, PageReason, QuietHours
from sla.escalations.paging import Call
from tests.plugins.world import mail
from tests.sla import rotas
from tests.sla.rotas import minutes, step

NIGHT = rotas.at("2026-11-21T07:14:00+00:00")
"""Saturday 02:14 in New York."""


def arrive(world, at=NIGHT, **more):
    with travel(to=at):
        world.arrive(mail(**more))
        return db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


def in_two_rounds(night):
    """A ticket whose promise rings Ben, Ada ten minutes later, and both again after forty."""
    rotas.policy(
        step(0, rotas.person(night.ben)),
        step(minutes(10), rotas.person(night.ada)),
        causes=["warning"],
        repeats=1,
        round=minutes(40),
    )
    db.session.commit()
    return arrive(night)


def tick(at):
    """What the scheduler does every second, at one of them."""
    with travel(to=at):
        sweep.tick()
        running.tick()
        paging.tick()
        db.session.rollback()


def run_of(ticket, cause="warning"):
    found = select(Escalation).where(Escalation.ticket_id == ticket.id, Escalation.cause == cause)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def rung():
    """Whose turn came, in order; a page that was called off before it rang is none."""
    pages = select(Page).where(Page.begun_at.is_not(None), or_(Page.end != "called_off", Page.attempts.any()))
    return [page.name.split()[0] for page in db.session.scalars(pages.order_by(Page.id))]


def letters():
    return db.session.scalars(select(Delivery).where(Delivery.purpose == "page").order_by(Delivery.id)).all()


def after(count):
    return NIGHT + timedelta(minutes=count)


WARNED = after(45) + timedelta(seconds=1)
"""The sweep after three quarters of the hour."""


class TestStarting:
    def test_a_warning_rings_who_is_first(self, night, steps):
        arrive(night)
        tick(WARNED)
        assert rung() == ["Ben"]
        assert [one.recipients[0].address for one in letters()] == [night.ben.email]

    def test_ringing_twice_for_the_same_step_is_harmless(self, night, steps):
        arrive(night)
        for _ in range(3):
            tick(WARNED)
        assert rung() == ["Ben"]

    def test_the_backup_is_rung_when_nobody_says_on_it(self, night, steps):
        arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(minutes=9, seconds=59))
        assert rung() == ["Ben"]
        tick(WARNED + timedelta(minutes=10))
        assert rung() == ["Ben", "Ada"]

    def test_a_break_begins_a_run_of_its_own(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        tick(after(61))
        assert run_of(ticket, "break").state == "running"
        assert rung() == ["Ben", "Ben"]
        assert run_of(ticket).reason == "overtaken"

    def test_a_policy_for_others_does_not_start(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), starts={"priorities": [4]})
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == []

    def test_an_arrival_at_night_rings_and_one_in_hours_does_not(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"], runs="out_of_hours")
        db.session.commit()
        by_day = rotas.at("2026-11-20T15:00:00+00:00")
        arrive(night, by_day)
        tick(by_day)
        assert rung() == []
        arrive(night)
        tick(NIGHT)
        assert rung() == ["Ben"]

    def test_a_holiday_is_night_all_day(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"], runs="out_of_hours")
        db.session.commit()
        thanksgiving = rotas.at("2026-11-26T15:00:00+00:00")
        arrive(night, thanksgiving)
        tick(thanksgiving)
        assert rung() == ["Ben"]

    def test_what_arrived_long_ago_wakes_nobody(self, night):
        """As an import tells it."""
        ticket = arrive(night)
        rotas.policy(step(0, rotas.rota(night.rota)), causes=["arrival"])
        db.session.commit()
        opened = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.opened")
        for minute, runs in ((15, 0), (14, 1)):
            with travel(to=after(minute)):
                starting.arrived(db.session.scalars(opened.options(joinedload(Event.ticket))).one())
                db.session.commit()
            assert len(db.session.scalars(select(Escalation)).all()) == runs


class TestNobody:
    def test_the_next_step_is_taken_at_once(self, night):
        empty = rotas.schedule([], name="Nobody")
        rotas.policy(step(0, rotas.rota(empty)), step(minutes(10), rotas.rota(night.rota, 2)))
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        assert rung() == ["Ada"]
        told = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind == "escalation.paged"))
        assert [one.data["names"] for one in told] == [[], [night.ada.name]]

    def test_the_fallback_of_the_rota_stands_in_and_the_steps_keep_their_times(self, night):
        empty = rotas.schedule([], name="Nobody", fallback="+13125550100")
        rotas.policy(step(0, rotas.rota(empty)), step(minutes(10), rotas.rota(night.rota, 2)))
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == ["Duty"]
        attempt = db.session.scalars(select(PageAttempt)).one()
        assert (attempt.kind, attempt.address) == ("call", "+13125550100")
        told = db.session.scalars(select(Event).where(Event.kind == "escalation.paged")).one()
        assert (told.data["names"], told.data["stands_in"]) == (["Duty phone"], True)

    def test_whoever_has_no_verified_method_counts_as_nobody(self, night):
        mine = update(ContactMethod).where(ContactMethod.agent_id == night.ben.id)
        db.session.execute(mine.values(verified_at=None))
        rotas.policy(step(0, rotas.person(night.ben)), step(minutes(10), rotas.person(night.ada)))
        db.session.commit()
        arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(seconds=1))
        assert [page.end for page in db.session.scalars(select(Page).order_by(Page.id))] == ["failed", ""]
        assert rung() == ["Ben", "Ada"]

    def test_a_person_whose_every_method_failed_is_followed_by_the_next_at_once(self, night, steps):
        arrive(night)
        tick(WARNED)
        letter = letters()[0]
        letter.state, letter.reason = State.FAILED, "Nobody there."
        db.session.commit()
        tick(WARNED + timedelta(seconds=2))
        tick(WARNED + timedelta(seconds=3))
        assert rung() == ["Ben", "Ada"]


class TestRounds:
    def test_it_begins_again_from_the_top_as_often_as_said(self, night):
        rotas.policy(step(0, rotas.person(night.ben)), causes=["warning"], repeats=2, round=minutes(15))
        db.session.commit()
        ticket = arrive(night)
        for minute in range(0, 80, 5):
            tick(WARNED + timedelta(minutes=minute))
        assert [page.name for page in pages_of(run_of(ticket))] == [night.ben.name] * 3
        assert (run_of(ticket).state, run_of(ticket).reason, run_of(ticket).next_at) == ("running", "exhausted", None)

    def test_what_was_due_while_nothing_ran_is_done_once_and_the_rest_in_its_own_time(self, night):
        ticket = in_two_rounds(night)
        tick(WARNED)
        tick(WARNED + timedelta(minutes=25))
        assert rung().count("Ada") == 1
        assert run_of(ticket).next_at == WARNED + timedelta(minutes=40)

    def test_a_round_that_began_while_nothing_ran_keeps_the_times_of_its_steps(self, night):
        ticket = in_two_rounds(night)
        for minute in (0, 10, 45):
            tick(WARNED + timedelta(minutes=minute))
        assert rung() == ["Ben", "Ada", "Ben"]
        assert run_of(ticket).next_at == WARNED + timedelta(minutes=50)

    def test_a_step_may_tell_the_customer_that_we_are_late(self, night):
        rotas.policy(step(0, rotas.person(night.ben)), step(minutes(5), rotas.person(night.ada), tells_customer=True))
        db.session.commit()
        ticket = arrive(night)
        told = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind == "ticket.delayed")
        tick(WARNED)
        assert db.session.scalars(told).all() == []
        tick(WARNED + timedelta(minutes=5))
        tick(WARNED + timedelta(minutes=6))
        assert db.session.scalars(told).all() == ["ticket.delayed"]


class TestAcknowledging:
    def test_nobody_else_is_rung(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        acknowledge(ticket, night.ben, WARNED + timedelta(minutes=3))
        tick(WARNED + timedelta(minutes=11))
        assert rung() == ["Ben"]
        assert db.session.get(Ticket, ticket.id, populate_existing=True).assignee_id == night.ben.id

    def test_somebody_who_is_not_on_call_is_heard_as_well(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        acknowledge(ticket, night.ada, WARNED)
        assert run_of(ticket).acknowledged_by_id == night.ada.id

    def test_the_customer_writing_again_wakes_nobody_and_a_break_does(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        acknowledge(ticket, night.ben, WARNED)
        with travel(to=WARNED + timedelta(minutes=2)):
            night.arrive(mail(text="Are you there?", references=[], subject=f"Re: {ticket.subject}"))
        tick(WARNED + timedelta(minutes=2))
        assert rung() == ["Ben"]

    def test_who_does_not_say_that_they_still_are_loses_it_to_the_next(self, night):
        rotas.policy(
            step(0, rotas.person(night.ben)),
            step(minutes(10), rotas.person(night.ada)),
            causes=["warning"],
            remind=minutes(30),
            lapse=minutes(5),
        )
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        acknowledge(ticket, night.ben, WARNED)
        tick(WARNED + timedelta(minutes=30))
        assert run_of(ticket).asked_at is not None
        tick(WARNED + timedelta(minutes=35))
        assert rung()[-1] == "Ada"

    def test_passing_on_rings_the_next_at_once(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            acknowledging.pass_on(acknowledging.open_of_ticket(ticket.id), by=night.ben)
            db.session.commit()
        tick(WARNED + timedelta(minutes=1))
        assert rung() == ["Ben", "Ada"]


class TestEnding:
    def test_a_public_answer_ends_it_once_it_cannot_be_taken_back(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            night.reply(db.session.get(Ticket, ticket.id))
        tick(WARNED + timedelta(minutes=2))
        tick(WARNED + timedelta(minutes=30))
        assert run_of(ticket).reason == "answered"
        assert rung() == ["Ben"]

    def test_a_public_answer_ends_the_run_of_an_arrival(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), step(minutes(10), rotas.person(night.ada)), causes=["arrival"])
        db.session.commit()
        ticket = arrive(night)
        tick(NIGHT)
        with travel(to=after(1)):
            night.reply(db.session.get(Ticket, ticket.id))
        tick(after(2))
        tick(after(11))
        assert run_of(ticket, "arrival").reason == "answered"
        assert rung() == ["Ben"]

    def test_solving_ends_it(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED + timedelta(minutes=1)):
            lifecycle.resolve(db.session.get(Ticket, ticket.id), by=night.ben)
            db.session.commit()
        tick(WARNED + timedelta(minutes=1, seconds=29))
        assert run_of(ticket).state == "running"
        tick(WARNED + timedelta(minutes=1, seconds=31))
        assert run_of(ticket).state == "ended"

    def test_when_hours_begin_the_day_has_it_without_a_second_page(self, night):
        rotas.policy(step(0, rotas.rota(night.rota)), step(minutes(10), rotas.person(night.ada)), runs="out_of_hours")
        db.session.commit()
        early = rotas.at("2026-11-23T13:10:00+00:00")  # Monday 08:10 in New York, doors open at nine
        ticket = arrive(night, early)
        tick(early + timedelta(minutes=45, seconds=1))
        assert rung() == ["Ben"]
        tick(early + timedelta(minutes=50, seconds=1))
        assert run_of(ticket).reason == "hours"
        tick(early + timedelta(minutes=56))
        assert rung() == ["Ben"]


class TestBundling:
    def test_fifty_tickets_of_one_outage_are_one_page_with_a_count(self, night, steps):
        with travel(to=NIGHT):
            night.arrive(*[mail(subject=f"Down {number}") for number in range(50)])
        tick(WARNED)
        assert rung() == ["Ben"]
        assert len(letters()) == 1
        assert letters()[0].content["subject"].startswith("50 tickets")

    def test_what_comes_within_the_minute_waits_for_its_end_together(self, night, steps):
        for seconds in (0, 10, 20):
            arrive(night, NIGHT + timedelta(seconds=seconds), subject=f"At {seconds}")
        for seconds in range(0, 90, 5):
            tick(WARNED + timedelta(seconds=seconds))
        assert [one.content["subject"][:9] for one in letters()][1:] == ["2 tickets"]
        assert len(letters()) == 2

    def test_quiet_hours_hold_what_is_not_urgent(self, night):
        db.session.add(QuietHours(agent_id=night.ben.id, begins="22:00", ends="07:00"))
        night.ben.zone = "America/New_York"
        rotas.policy(step(0, rotas.person(night.ben)), urgent=False)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        assert rung() == []
        tick(rotas.at("2026-11-21T12:00:00+00:00"))
        assert rung() == ["Ben"]

    def test_a_method_is_tried_after_its_delay_unless_somebody_was_on_it(self, night, steps):
        rotas.method(night.ben, "sms", "+13125550123", after=60)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        tick(WARNED + timedelta(seconds=59))
        assert [one.kind for one in letters()] == ["email"]
        tick(WARNED + timedelta(seconds=60))
        assert [one.kind for one in letters()] == ["email", "phone"]

    def test_the_next_method_is_tried_at_once_when_one_fails(self, night, steps):
        rotas.method(night.ben, "sms", "+13125550123", after=300)
        db.session.commit()
        arrive(night)
        tick(WARNED)
        letters()[0].state = State.FAILED
        db.session.commit()
        tick(WARNED + timedelta(seconds=2))
        tick(WARNED + timedelta(seconds=3))
        assert [one.kind for one in letters()] == ["email", "phone"]
        assert rung() == ["Ben"]

    def test_a_text_the_company_says_reached_nobody_is_followed_by_the_next_person(self, night, steps):
        mine = update(ContactMethod).where(ContactMethod.agent_id == night.ben.id)
        db.session.execute(mine.values(kind="sms", address="+13125550123"))
        db.session.commit()
        arrive(night)
        tick(WARNED)
        [letter] = letters()
        letter.state, letter.sent_at, letter.recipients[0].progress = State.SENT, WARNED, "undelivered"
        db.session.commit()
        tick(WARNED + timedelta(seconds=2))
        tick(WARNED + timedelta(seconds=3))
        attempt = db.session.scalars(select(PageAttempt).order_by(PageAttempt.id).limit(1)).one()
        assert (attempt.state, attempt.reason) == ("failed", "undelivered")
        assert rung() == ["Ben", "Ada"]

    def test_a_step_that_is_told_twice_rings_once(self, night, steps):
        ticket = arrive(night)
        tick(WARNED)
        with travel(to=WARNED):
            call = Call(run_of(ticket), 0, 0, Callee(night.ben.name, night.ben.id))
            paging.ring([call, call], WARNED)
            db.session.commit()
        assert len(db.session.scalars(select(PageReason)).all()) == 1

    def test_no_further_method_is_tried_once_somebody_is_on_it(self, night, steps):
        rotas.method(night.ben, "sms", "+13125550123", after=60)
        db.session.commit()
        ticket = arrive(night)
        tick(WARNED)
        acknowledge(ticket, night.ben, WARNED + timedelta(seconds=30))
        tick(WARNED + timedelta(seconds=60))
        assert [one.kind for one in letters()] == ["email"]


def acknowledge(ticket, agent, at):
    with travel(to=at):
        acknowledging.acknowledge(acknowledging.open_of_ticket(ticket.id), by=agent, how="inbox")
        db.session.commit()


def pages_of(run):
    reasons = select(PageReason.page_id).where(PageReason.escalation_id == run.id)
    return db.session.scalars(select(Page).where(Page.id.in_(reasons)).order_by(Page.id)).all()
