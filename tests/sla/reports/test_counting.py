"""A promise that is decided is counted in the same transaction, once, for whom it was then."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.people.models import Brand, Team
from helpdesk.tickets import conversing, lifecycle, unsending
from helpdesk.tickets.inputs import Answer
from helpdesk.tickets.models import Ticket
from sla.commitments import excusing, sweep
from sla.commitments.models import Commitment
from sla.reports import checking, counting, figures, tallying
from sla.reports.hours import House
from sla.reports.models import PromiseOutcome
from sla.reports.periods import Period
from tests.plugins.world import mail
from tests.sla import promising

HOUSE = House(ZoneInfo("UTC"))
MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
WEEK = Period("days", date(2026, 11, 23), date(2026, 11, 30), HOUSE)


@pytest.fixture
def office(world):
    """A first answer in two working hours, for everybody."""
    hours = promising.calendar()
    promising.policy("Default", promising.clause("first_response", 7200, calendar_id=hours.id))
    db.session.commit()
    return world


def asked(office, at=MONDAY):
    with travel(to=at):
        office.arrive(mail())
    return db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()


def answered(office, ticket, after):
    with travel(to=MONDAY + after):
        return office.reply(ticket)


def counted(ticket):
    rows = select(PromiseOutcome).where(PromiseOutcome.ticket_id == ticket.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def shares():
    """Of the week, read before the tallies are written and after; they never differ."""
    before = figures.share(WEEK, {}), figures.by("channel", WEEK, {})
    tallying.tick()
    assert (figures.share(WEEK, {}), figures.by("channel", WEEK, {})) == before
    assert list(checking.verify()) == []
    return before[0].kept, before[0].broken, before[0].excused


def day_and_night():
    teams = Team(name="Day", brand_id=1), Team(name="Night", brand_id=1)
    db.session.add_all(teams)
    db.session.flush()
    return teams


class TestDecided:
    def test_many_in_one_transaction_are_counted_as_one_by_one(self, office):
        tickets = [asked(office) for _ in range(12)]
        with travel(to=MONDAY + timedelta(hours=1)):
            for ticket in tickets:
                conversing.reply(ticket, Answer(body="We are on our way."), by=office.ben)
            db.session.commit()
        assert shares() == (12, 0, 0)

    def test_what_is_asked_and_answered_in_one_transaction_is_counted(self, office):
        with travel(to=MONDAY):
            ticket = conversing.open_ticket(office.olive, office.words())
            conversing.receive(ticket, office.olive, office.words())
            conversing.reply(ticket, Answer(body="We are on our way."), by=office.ben)
            db.session.commit()
        assert [one.outcome for one in counted(ticket)] == ["kept"]
        assert shares() == (1, 0, 0)

    def test_what_was_late_before_it_was_read_is_counted(self, office):
        with travel(to=MONDAY):
            late = office.words(received_at=MONDAY - timedelta(days=3))
            ticket = conversing.open_ticket(office.olive, late)
            conversing.receive(ticket, office.olive, late)
            db.session.commit()
        (row,) = db.session.scalars(select(Commitment).where(Commitment.ticket_id == ticket.id))
        told = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "commitment.broken")
        assert db.session.scalars(told).one().data["commitment"] == row.id
        assert row.broken_at == datetime(2026, 11, 20, 17, tzinfo=UTC)
        assert [(one.commitment_id, one.outcome) for one in counted(ticket)] == [(row.id, "broken")]

    def test_a_promise_that_runs_is_not_counted(self, office):
        assert counted(asked(office)) == []
        assert shares() == (0, 0, 0)

    def test_an_answer_in_time_is_kept_on_the_day_it_was_given(self, office):
        ticket = asked(office)
        answered(office, ticket, timedelta(hours=1))
        (one,) = counted(ticket)
        assert (one.outcome, one.settled_at, one.day) == ("kept", MONDAY + timedelta(hours=1), date(2026, 11, 23))
        assert (one.channel_kind, one.agent_id, one.left_seconds) == ("email", ticket.assignee_id, 3600)
        assert shares() == (1, 0, 0)

    def test_a_break_counts_once_at_its_instant_however_late_the_answer(self, office):
        ticket = asked(office)
        with travel(to=MONDAY + timedelta(hours=3)):
            sweep.tick()
        assert shares() == (0, 1, 0)
        answered(office, ticket, timedelta(days=1))
        (one,) = counted(ticket)
        assert (one.outcome, one.settled_at) == ("broken", MONDAY + timedelta(hours=2))
        assert shares() == (0, 1, 0)

    def test_an_answer_taken_back_takes_its_count_along(self, office):
        ticket = asked(office)
        message = answered(office, ticket, timedelta(hours=1))
        assert shares() == (1, 0, 0)
        with travel(to=MONDAY + timedelta(hours=1, seconds=2)):
            unsending.unsend(message, office.delivery(message), by=office.ben)
            db.session.commit()
        assert shares() == (0, 0, 0)

    def test_an_excused_break_stays_broken_and_is_said_to_be_excused(self, office):
        ticket = asked(office)
        with travel(to=MONDAY + timedelta(hours=3)):
            sweep.tick()
            db.session.expire_all()
            excusing.excuse(ticket, db.session.scalars(select(Commitment)).one(), by=office.ada, reason="Their router.")
            db.session.commit()
        assert shares() == (0, 1, 1)

    def test_junk_is_promised_nothing(self, office):
        ticket = asked(office)
        with travel(to=MONDAY + timedelta(hours=3)):
            sweep.tick()
        ticket = asked(office, MONDAY + timedelta(hours=3))
        with travel(to=MONDAY + timedelta(hours=3, minutes=1)):
            lifecycle.mark_spam(ticket, by=office.ben)
            db.session.commit()
        with travel(to=MONDAY + timedelta(days=2)):
            sweep.tick()
        assert shares() == (0, 1, 0)


class TestWithWhom:
    def test_is_who_had_it_when_it_was_decided(self, office):
        ticket = asked(office)
        team = Team(name="Night", brand_id=1)
        db.session.add(team)
        db.session.flush()
        ticket.team_id = team.id
        answered(office, ticket, timedelta(hours=1))
        ticket.team_id, ticket.organization_id = None, None
        with travel(to=MONDAY + timedelta(hours=4)):
            office.reply(ticket, "And again.")
        (one,) = counted(ticket)
        assert (one.team_id, one.organization_id) == (team.id, office.olive.organization_id)
        assert [row.key for row in figures.by("team", WEEK, {}).rows] == [str(team.id)]

    def test_stays_so_where_it_is_taken_back_and_decided_at_that_instant_again(self, office):
        ticket = asked(office)
        day, night = day_and_night()
        ticket.team_id = day.id
        db.session.commit()
        with travel(to=MONDAY + timedelta(hours=3)):
            sweep.tick()
        ticket.team_id = night.id
        for hours, junk in ((4, True), (5, False)):
            with travel(to=MONDAY + timedelta(hours=hours)):
                (lifecycle.mark_spam if junk else lifecycle.unmark_spam)(ticket, by=office.ben)
                db.session.commit()
            (one,) = counted(ticket)
            assert one.outcome == ("void" if junk else "broken")
            assert shares() == (0, 0 if junk else 1, 0)
            assert checking.rebuild() == 0
        assert (one.settled_at, one.team_id) == (MONDAY + timedelta(hours=2), day.id)

    def test_is_who_has_it_then_where_it_is_decided_at_another_instant(self, office):
        ticket = asked(office)
        day, night = day_and_night()
        ticket.team_id = day.id
        message = answered(office, ticket, timedelta(hours=1))
        with travel(to=MONDAY + timedelta(hours=1, seconds=2)):
            unsending.unsend(message, office.delivery(message), by=office.ben)
            ticket.team_id = night.id
            db.session.commit()
        answered(office, ticket, timedelta(minutes=90))
        (one,) = counted(ticket)
        assert (one.outcome, one.settled_at, one.team_id) == ("kept", MONDAY + timedelta(minutes=90), night.id)
        assert shares() == (1, 0, 0)


class TestDays:
    def test_begin_where_the_company_is(self, office):
        late = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # half past eight on Tuesday, in Sydney
        db.session.execute(update(Brand).values(zone="Australia/Sydney"))
        ticket = asked(office, late)
        with travel(to=late + timedelta(minutes=5)):
            office.reply(ticket)
        (one,) = counted(ticket)
        assert one.day == date(2026, 11, 24)

    def test_one_that_moves_to_another_day_leaves_the_first(self, office):
        ticket = asked(office)
        answered(office, ticket, timedelta(hours=1))
        assert shares() == (1, 0, 0)
        (one,) = counted(ticket)
        one.day, one.is_tallied = date(2026, 12, 1), False
        db.session.commit()
        before = figures.share(WEEK, {})
        tallying.tick()
        assert before == figures.share(WEEK, {}) == figures.Share()


class TestFilters:
    def test_one_and_several_say_what_the_outcomes_say(self, office):
        for hours in (1, 3, 1):
            ticket = asked(office)
            answered(office, ticket, timedelta(hours=hours))
        customer = str(office.olive.organization_id)
        for _ in range(2):
            assert figures.share(WEEK, {"customer": customer}) == figures.Share(2, 1)
            assert figures.share(WEEK, {"customer": customer, "channel": "email"}) == figures.Share(2, 1)
            assert figures.share(WEEK, {"customer": customer, "channel": "slack"}) == figures.Share()
            assert figures.share(WEEK, {"customer": ""}) == figures.Share()
            assert figures.by("customer", WEEK, {"channel": "email"}).rows == [
                figures.Row(customer, figures.Share(2, 1))
            ]
            tallying.tick()

    def test_what_is_counted_of_a_ticket_goes_with_it(self, office):
        ticket = asked(office)
        answered(office, ticket, timedelta(hours=1))
        assert shares() == (1, 0, 0)
        counting.forget(Event(ticket_id=ticket.id))
        db.session.execute(delete(Commitment))
        db.session.commit()
        assert shares() == (0, 0, 0)


class TestVerify:
    def test_finds_a_tally_and_an_outcome_that_differ(self, office):
        ticket = asked(office)
        answered(office, ticket, timedelta(hours=1))
        tallying.tick()
        db.session.execute(update(PromiseOutcome).values(outcome="broken"))
        found = list(checking.verify())
        assert {"promised": "kept", "counted": "broken"}.items() <= found[0].items()
        assert {(one["dimension"], one["kept"], one["counted_kept"]) for one in found[1:]} >= {("all", 1, 0)}

    def test_rebuilding_mends_it(self, office):
        ticket = asked(office)
        answered(office, ticket, timedelta(hours=1))
        db.session.execute(update(PromiseOutcome).values(outcome="broken", is_tallied=True))
        assert checking.rebuild() == 1
        assert list(checking.verify()) == []
        assert figures.share(WEEK, {}) == figures.Share(1)
