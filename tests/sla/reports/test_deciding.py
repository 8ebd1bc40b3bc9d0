"""What needs a decision, and what becomes of it: given to somebody, promised again, left alone on purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import NotAllowed
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.tickets.models import Message
from sla.commitments import sweep
from sla.commitments.models import Commitment
from sla.reports import deciding, figures, risk
from sla.reports.hours import House
from sla.reports.models import PromiseDecision
from sla.reports.periods import Period
from tests.sla import promising

HOUSE = House(ZoneInfo("UTC"))
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)
TODAY = Period("days", MONDAY.date(), MONDAY.date() + timedelta(days=1), HOUSE)


@pytest.fixture
def office(world):
    """An answer in two hours, and done in three, day and night."""
    promising.policy(
        "Default",
        promising.clause("first_response", 7200, "A person answers within two hours."),
        promising.clause("resolution", 10_800, "Fixed in three hours."),
    )
    db.session.commit()
    return world


def arrive(office, count=1, at=MONDAY):
    with travel(to=at):
        return [office.ticket(f"Number {place}") for place in range(count)]


def at_risk(office, at, **filters):
    db.session.expire_all()
    return [(one.ticket.subject, one.words) for one in risk.most(office.mei, filters, at)]


def first_of(ticket):
    rows = select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.metric == "first_response")
    return db.session.scalars(rows).one()


class TestTheList:
    def test_has_the_soonest_promise_of_each_ticket_and_seven_at_most(self, office):
        for minute in range(9):
            arrive(office, at=MONDAY + timedelta(minutes=minute))
        found = at_risk(office, MONDAY + timedelta(minutes=10))
        assert found == [("Number 0", "A person answers within two hours.")] * 7

    def test_keeps_what_is_past_for_a_day_and_drops_what_was_kept(self, office):
        (ticket,) = arrive(office)
        assert at_risk(office, MONDAY + timedelta(hours=25)) != []
        assert at_risk(office, MONDAY + timedelta(hours=27, minutes=1)) == []
        with travel(to=MONDAY + timedelta(hours=1)):
            office.reply(ticket)
        assert at_risk(office, MONDAY + timedelta(hours=1)) == [("Number 0", "Fixed in three hours.")]

    def test_can_be_asked_by_customer_and_kind(self, office):
        arrive(office)
        at = MONDAY + timedelta(hours=1)
        assert at_risk(office, at, customer=str(office.olive.organization_id), kind="resolution") == [
            ("Number 0", "Fixed in three hours.")
        ]
        assert at_risk(office, at, customer="") == []


class TestPromisingAgain:
    def test_tells_the_customer_and_counts_the_first_promise_as_it_was(self, office):
        (ticket,) = arrive(office)
        browser = office.browser(office.mei)
        late = MONDAY + timedelta(hours=3)
        with travel(to=late):
            sweep.tick()
            one = first_of(ticket)
            form = {"words": "We are late. Tom calls you by tomorrow evening.", "until": "2026-11-24T21:00"}
            answer = browser.post(f"/promises/open/{one.id}/again", form)
        assert answer.status_code == 303
        office.fresh()
        sent = db.session.scalars(
            select(Message).where(Message.ticket_id == ticket.id, Message.direction == "out")
        ).one()
        assert sent.body_text == form["words"]
        assert figures.share(TODAY, {}).broken >= 1
        assert first_of(ticket).outcome == "broken"
        kinds = db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id)).all()
        assert "commitment.promised" in kinds

    def test_comes_back_when_the_new_time_is_near(self, office):
        (ticket,) = arrive(office)
        resolution = select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.metric == "resolution")
        with travel(to=MONDAY + timedelta(hours=1)):
            office.reply(ticket)
            one = db.session.scalars(resolution).one()
            deciding.promise_again(ticket, one, by=office.mei, words="By Wednesday.", until=MONDAY + timedelta(days=2))
            db.session.commit()
        assert at_risk(office, MONDAY + timedelta(hours=2)) == []
        assert at_risk(office, MONDAY + timedelta(hours=46)) == [("Number 0", "By Wednesday.")]

    def test_asks_for_a_sentence_and_a_time_to_come_and_keeps_what_was_typed(self, office):
        (ticket,) = arrive(office)
        with travel(to=MONDAY + timedelta(hours=1)):
            answer = office.browser(office.mei).post(
                f"/promises/open/{first_of(ticket).id}/again", {"words": "Tomorrow.", "until": "2026-11-20T10:00"}
            )
        assert answer.status_code == 422
        assert "Choose a time to come." in answer.text
        assert ">Tomorrow.</textarea>" in answer.text
        assert db.session.scalars(select(PromiseDecision)).all() == []


class TestLeavingAlone:
    def test_takes_it_off_the_list_with_a_reason_until_it_is_taken_up_again(self, office):
        (ticket,) = arrive(office)
        at, browser = MONDAY + timedelta(hours=1), office.browser(office.mei)
        with travel(to=at):
            one = first_of(ticket)
            assert browser.post(f"/promises/open/{one.id}/left", {"reason": ""}).status_code == 422
            assert browser.post(f"/promises/open/{one.id}/left", {"reason": "They test us."}).status_code == 303
            assert at_risk(office, at) == [("Number 0", "Fixed in three hours.")]
            assert "They test us." in browser.get("/promises/open").text
            assert browser.post(f"/promises/open/{one.id}/back").status_code == 303
        assert at_risk(office, at) == [("Number 0", "A person answers within two hours.")]
        rows = db.session.scalars(select(PromiseDecision)).all()
        assert [row.undone_at is not None for row in rows] == [True]

    def test_is_for_managers(self, office):
        (ticket,) = arrive(office)
        one = first_of(ticket)
        with pytest.raises(NotAllowed):
            deciding.leave_alone(ticket, one, by=office.ben, reason="No.")
        answer = office.browser(office.ben).post(f"/promises/open/{one.id}/left", {"reason": "No."})
        assert answer.status_code == 403
        assert db.session.scalars(select(PromiseDecision)).all() == []


class TestAssigning:
    def test_gives_the_ticket_to_somebody(self, office):
        (ticket,) = arrive(office)
        one = first_of(ticket)
        answer = office.browser(office.mei).post(f"/promises/open/{one.id}/assignment", {"agent": str(office.ben.id)})
        assert answer.status_code == 303
        office.fresh()
        assert ticket.assignee_id == office.ben.id
