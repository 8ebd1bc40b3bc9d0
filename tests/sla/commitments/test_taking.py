"""Open tickets and a version put in force: what the preview says would move is what then moves, and why is on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.db import db
from helpdesk.errors import Conflict
from helpdesk.events import Event
from helpdesk.tickets import lifecycle, triage
from sla.commitments import moving, sweep, verifying
from sla.commitments.models import Commitment
from sla.contracts import agreements, loading, versions
from sla.contracts.inputs import Bought
from sla.contracts.models import Contract, PrepaidEntry
from sla.entitlements import resolving, taking
from sla.entitlements.models import Entitlement
from sla.policies import drafting, editing, standing
from sla.policies.inputs import Promise
from sla.policies.matching import Condition
from sla.policies.models import SLAPolicy
from tests.plugins.world import NORA
from tests.sla import promising
from tests.sla.web import scene

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York
NOON = MONDAY + timedelta(hours=2)


@pytest.fixture
def office(world, travel):
    with travel(to=MONDAY):
        hours = promising.calendar()
        version = promising.policy(
            "Everybody", promising.clause("resolution", 6 * 3600, "Fixed in six hours.", calendar_id=hours.id)
        )
        db.session.commit()
        yield db.session.get_one(SLAPolicy, version.policy_id)


def drafted(policy, seconds, *, conditions=()):
    known = standing.versions(policy)
    said = drafting.read(standing.shown_in(known))
    promises = tuple(replace(one, target_seconds=seconds, words="Fixed sooner.") for one in said.promises)
    editing.revise(policy, replace(said, promises=promises, conditions=tuple(conditions)), by=None)
    return standing.draft_in(standing.versions(policy))


def taken(policy, by):
    version = editing.put_in_force(policy)
    count = taking.take(version, by=by)
    db.session.commit()
    return count


def due(ticket):
    db.session.expire_all()
    rows = select(Commitment.due_at).where(Commitment.ticket_id == ticket.id, Commitment.ended_at.is_(None))
    return db.session.scalars(rows).one_or_none()


def decided(ticket):
    rows = select(Entitlement).where(Entitlement.ticket_id == ticket.id).order_by(Entitlement.id)
    return db.session.scalars(rows).all()


class TestPreview:
    def test_is_what_comes_true(self, world, office, travel):
        ticket, done = world.ticket("Freezer"), world.ticket("Done")
        lifecycle.resolve(done, by=world.ben)
        db.session.commit()
        assert due(ticket) == MONDAY + timedelta(hours=6)
        with travel(to=NOON):
            draft = drafted(office, 4 * 3600)
            found = moving.preview_taking(draft)
            [move] = of(found, ticket)
            assert not of(found, done)
            assert (move.was, move.becomes) == (MONDAY + timedelta(hours=6), MONDAY + timedelta(hours=4))
            assert due(ticket) == move.was
            assert taken(office, world.mei) == len({one.number for one in found.moves})
            assert due(ticket) == move.becomes
            assert due(done) is None
            assert verifying_is_clean()

    def test_writes_nothing(self, world, office, travel):
        world.ticket()
        draft = drafted(office, 60)
        db.session.commit()
        before = stored()
        moving.preview_taking(draft)
        db.session.commit()
        assert stored() == before

    def test_a_narrower_policy_names_what_is_promised_no_more(self, world, office, travel):
        ticket = world.ticket()
        draft = drafted(office, 4 * 3600, conditions=[Condition("priority", ("urgent",))])
        [move] = of(moving.preview_taking(draft), ticket)
        assert (move.kind, move.becomes) == ("gone", None)
        taken(office, world.mei)
        assert due(ticket) is None

    def test_a_first_policy_promises_from_the_arrival_and_breaks_nothing_before(self, world, travel):
        with travel(to=MONDAY):
            ticket = world.ticket()
        with travel(to=NOON):
            policy = editing.create("First", drafting.Draft(), by=None)
            said = drafting.Draft((), (Promise("Fixed in an hour.", "resolution", 3600),))
            editing.revise(policy, said, by=None)
            [move] = of(moving.preview_taking(standing.draft_in(standing.versions(policy))), ticket)
            assert (move.kind, move.was, move.becomes) == ("new", None, MONDAY + timedelta(hours=1))
            taken(policy, world.mei)
            row = db.session.scalars(select(Commitment).where(Commitment.ticket_id == ticket.id)).one()
            assert (row.outcome, row.broken_at, row.broken_on_change) == ("broken", NOON, True)
            assert verifying_is_clean()


class TestTaking:
    def test_keeps_the_start_and_says_why(self, world, office, travel):
        ticket = world.ticket()
        with travel(to=NOON):
            drafted(office, 4 * 3600)
            taken(office, world.mei)
            before, after = decided(ticket)
            assert before.replaced_at == NOON
            assert after.judged_at == before.judged_at == MONDAY
            assert "Taken over while it was open, from version 2 of Everybody." in after.reason
            assert after.decided_by_id is None
            told = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "entitlement.decided")
            event = db.session.scalars(told.order_by(Event.id)).all()[-1]
            assert event.agent_id == world.mei.id
            assert event.data["taken"]["of"] == "policy"

    def test_late_by_the_change_is_broken_at_the_change_and_told_once(self, world, office, travel):
        ticket = world.ticket()
        with travel(to=NOON):
            drafted(office, 3600)
            taken(office, world.mei)
            row = db.session.scalars(
                select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.outcome == "broken")
            ).one()
            assert (row.broken_at, row.broken_on_change) == (NOON, True)
        with travel(to=NOON + timedelta(seconds=5)):
            sweep.tick()
        told = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind.startswith("commitment."))
        assert db.session.scalars(told).all() == ["commitment.broken"]

    def test_a_later_review_does_not_fall_back_to_the_version_of_its_arrival(self, world, office, travel):
        ticket = world.ticket()
        with travel(to=NOON):
            drafted(office, 4 * 3600)
            taken(office, world.mei)
            triage.tag(ticket, ["pump"], by=world.ben)
            db.session.commit()
            assert due(ticket) == MONDAY + timedelta(hours=4)
            assert len(decided(ticket)) == 2

    def test_what_an_agent_chose_stays_chosen(self, world, office, travel):
        ticket = world.ticket()
        db.session.commit()
        resolving.correct(ticket, "none:0", by=world.ben)
        db.session.commit()
        drafted(office, 4 * 3600)
        taken(office, world.mei)
        assert len(decided(ticket)) == 2
        assert decided(ticket)[-1].source == "none"

    def test_too_many_open_tickets_are_refused_in_words(self, world, office, monkeypatch):
        for _ in range(3):
            world.ticket()
        monkeypatch.setattr(taking, "MOST", 2)
        drafted(office, 60)
        version = editing.put_in_force(office)
        with pytest.raises(Conflict, match=r"\d+ tickets are open, and at most 2"):
            taking.take(version, by=world.mei)

    def test_without_it_open_tickets_keep_their_promise(self, world, office, travel):
        ticket = world.ticket()
        with travel(to=NOON):
            drafted(office, 60)
            editing.put_in_force(office)
            db.session.commit()
            triage.tag(ticket, ["pump"], by=world.ben)
            db.session.commit()
        assert due(ticket) == MONDAY + timedelta(hours=6)


class TestAgreements:
    @pytest.fixture
    def gold(self, world, travel):
        with travel(to=MONDAY):
            version = promising.contract(
                "Orchard Dairy", "Gold", promising.clause("resolution", 6 * 3600, "Fixed in six hours.")
            )
            db.session.commit()
            yield db.session.get_one(Contract, version.contract_id)

    def test_a_change_moves_its_customers_tickets_alone(self, world, gold, travel):
        mine, other = world.ticket(), world.ticket("Elsewhere", by=world.nora, author_address=NORA)
        with travel(to=NOON):
            agreed = versions.agreed(loading.newest(gold.id))
            clauses = tuple(replace(one, target_seconds=4 * 3600) for one in agreed.clauses)
            agreements.edit(gold, replace(agreed, clauses=clauses), by=world.mei)
            version = loading.newest(gold.id)
            [move] = moving.preview_taking(version).moves
            assert (move.number, move.becomes) == (mine.number, MONDAY + timedelta(hours=4))
            assert taking.take(version, by=world.mei) == 1
            db.session.commit()
            assert due(mine) == MONDAY + timedelta(hours=4)
            assert due(other) is None
            assert verifying_is_clean()

    def test_put_in_force_from_a_day_before_open_tickets_arrived(self, world, travel):
        with travel(to=MONDAY):
            ticket = world.ticket()
        with travel(to=NOON):
            owner = promising.organization("Orchard Dairy")
            made = agreements.draft(owner, scene.GOLD, by=world.mei)
            agreements.put_in_force(made, by=world.mei, valid_from=MONDAY - timedelta(days=30))
            version = loading.newest(made.id)
            assert [one.kind for one in moving.preview_taking(version).moves] == ["new", "new"]  # no engineer is sent
            assert taking.take(version, by=world.mei) == 1
            db.session.commit()
            assert decided(ticket)[-1].source == "contract"

    def test_what_was_drawn_of_its_ledger_stays_drawn_once(self, world, gold, travel):
        agreements.buy(gold, Bought("incidents", 5, MONDAY.date()))
        db.session.commit()
        ticket = world.ticket()
        with travel(to=NOON):
            agreed = versions.agreed(loading.newest(gold.id))
            clauses = tuple(replace(one, target_seconds=60) for one in agreed.clauses)
            agreements.edit(gold, replace(agreed, clauses=clauses), by=world.mei)
            taking.take(loading.newest(gold.id), by=world.mei)
            db.session.commit()
            drawn = db.session.scalars(select(PrepaidEntry.amount).where(PrepaidEntry.ticket_id == ticket.id)).all()
            assert drawn == [1]


def of(found, ticket):
    return [one for one in found.moves if one.number == ticket.number]


def stored():
    counted = Entitlement, Commitment, Event
    return [db.session.scalars(select(one.id).order_by(one.id)).all() for one in counted]


def verifying_is_clean() -> bool:
    db.session.expire_all()
    return not list(verifying.verify(verifying.Verified()))
