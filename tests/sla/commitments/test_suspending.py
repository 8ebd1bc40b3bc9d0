"""A suspended agreement: where it says so, running promises stand still until it goes on; each ticket says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import travel
from helpdesk.tickets import lifecycle, timeline
from sla.commitments import explaining, sweep, verifying
from sla.commitments.models import Commitment
from sla.contracts import agreements, loading, versions
from sla.contracts.models import Contract
from sla.entitlements import resolving, suspending
from tests.sla import promising

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def deal(world):
    """An hour for an answer, round the clock; its promises pause while it is suspended."""
    version = promising.contract(
        "Orchard Dairy", "Gold", promising.clause("first_response", 3600), pauses_when_suspended=True
    )
    db.session.commit()
    return db.session.get_one(Contract, version.contract_id)


@pytest.fixture
def ticket(world, deal):
    with travel(to=NOON):
        return world.ticket()


def promise(ticket) -> Commitment:
    db.session.expire_all()
    rows = select(Commitment).where(Commitment.ticket_id == ticket.id).order_by(Commitment.id.desc())
    return db.session.scalars(rows.limit(1)).one()


def does(what, contract, world, *, minutes: int) -> None:
    with travel(to=NOON + timedelta(minutes=minutes)):
        what(contract, by=world.mei)
        db.session.commit()


class TestSuspended:
    def test_stands_still_and_goes_on_with_what_was_left(self, world, deal, ticket):
        does(suspending.suspend, deal, world, minutes=20)
        assert (promise(ticket).outcome, promise(ticket).due_at) == ("paused", None)
        with travel(to=NOON + 5 * HOUR):
            sweep.tick()
        assert promise(ticket).broken_at is None
        does(suspending.resume, deal, world, minutes=320)
        assert promise(ticket).due_at == NOON + 6 * HOUR
        with travel(to=NOON + timedelta(minutes=330)):
            assert list(verifying.verify(verifying.Verified())) == []

    def test_is_said_on_the_ticket_and_in_its_ledger(self, world, deal, ticket):
        does(suspending.suspend, deal, world, minutes=20)
        with travel(to=NOON + HOUR):
            kinds = [one.event.kind for one in timeline.page(ticket).entries if isinstance(one, timeline.Happening)]
            explained = explaining.explain(ticket, promise(ticket), at=NOON + HOUR)
        assert "agreement.suspended" in kinds
        assert [one.why for one in explained.entries if one.kind == "paused"] == ["suspended"]

    def test_stands_still_as_well_when_it_comes_back_meanwhile(self, world, deal, ticket):
        with travel(to=NOON + timedelta(minutes=10)):
            lifecycle.resolve(ticket, by=world.ben)
            db.session.commit()
        does(suspending.suspend, deal, world, minutes=20)
        with travel(to=NOON + timedelta(minutes=30)):
            lifecycle.reopen(ticket, by=world.ben)
            db.session.commit()
        assert promise(ticket).outcome == "paused"
        does(suspending.resume, deal, world, minutes=60)
        assert promise(ticket).due_at == NOON + timedelta(minutes=60 + 50)
        with travel(to=NOON + timedelta(minutes=70)):
            assert list(verifying.verify(verifying.Verified())) == []

    def test_is_told_once_when_it_was_done_and_came_back_meanwhile(self, world, deal, ticket):
        does(suspending.suspend, deal, world, minutes=20)
        with travel(to=NOON + timedelta(minutes=30)):
            lifecycle.resolve(ticket, by=world.ben)
            lifecycle.reopen(ticket, by=world.ben)
            db.session.commit()
        told = select(func.count()).select_from(Event).where(Event.kind == "agreement.suspended")
        assert db.session.scalar(told) == 1
        assert promise(ticket).outcome == "paused"

    def test_stands_still_when_it_was_no_spam_after_all(self, world, deal, ticket):
        with travel(to=NOON + timedelta(minutes=10)):
            lifecycle.mark_spam(ticket, by=world.ben)
            db.session.commit()
        does(suspending.suspend, deal, world, minutes=20)
        with travel(to=NOON + timedelta(minutes=30)):
            lifecycle.unmark_spam(ticket, by=world.ben)
            db.session.commit()
        assert promise(ticket).outcome == "paused"

    def test_twice_is_harmless(self, world, deal, ticket):
        for minutes in (20, 25):
            does(suspending.suspend, deal, world, minutes=minutes)
        for minutes in (30, 35):
            does(suspending.resume, deal, world, minutes=minutes)
        assert promise(ticket).due_at == NOON + HOUR + timedelta(minutes=10)

    def test_runs_on_where_the_agreement_does_not_say_so(self, world, deal, ticket):
        with travel(to=NOON + timedelta(minutes=5)):
            agreed = versions.agreed(loading.newest(deal.id))
            agreements.edit(deal, replace(agreed, pauses_when_suspended=False), by=world.mei)
            db.session.commit()
        does(suspending.suspend, deal, world, minutes=20)
        assert promise(ticket).due_at == NOON + HOUR

    def test_runs_again_when_it_is_cancelled_because_what_was_promised_stays(self, world, deal, ticket):
        does(suspending.suspend, deal, world, minutes=20)
        does(suspending.cancel, deal, world, minutes=50)
        assert promise(ticket).due_at == NOON + HOUR + timedelta(minutes=30)

    def test_runs_again_when_the_ticket_is_covered_otherwise(self, world, deal, ticket):
        promising.policy("Default", promising.clause("first_response", 7200))
        does(suspending.suspend, deal, world, minutes=20)
        with travel(to=NOON + timedelta(minutes=40)):
            other = next(one for one in resolving.choices(ticket) if one.source == "policy")
            resolving.correct(ticket, other.key, by=world.mei)
            db.session.commit()
        assert promise(ticket).outcome == "running"
        assert promise(ticket).due_at == NOON + 2 * HOUR + timedelta(minutes=20)
