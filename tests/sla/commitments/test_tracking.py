"""Promises follow what happens to a ticket, in the transaction in which it happens."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.outbox import State
from helpdesk.tickets import conversing, lifecycle, triage, unsending
from helpdesk.tickets.models import Priority, Rank, Ticket
from sla.assets import granting
from sla.assets.models import Warranty
from sla.calendars.models import CalendarVersion
from sla.commitments import milestones, sweep
from sla.commitments.explaining import as_json, explain, steps
from sla.commitments.models import Commitment
from sla.commitments.verifying import Verified, verify
from sla.contracts.models import Credit
from sla.entitlements import naming, resolving, units
from sla.entitlements.models import Entitlement, TicketAsset
from sla.policies.models import Clause
from tests.plugins.product import queries
from tests.plugins.world import mail
from tests.sla import promising

MONDAY = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 10:00 in New York


def of(ticket, metric="first_response"):
    rows = select(Commitment).where(Commitment.ticket_id == ticket.id, Commitment.metric == metric)
    return db.session.scalars(rows.order_by(Commitment.id)).all()


def kinds(ticket):
    return [e.kind for e in db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id))]


@pytest.fixture
def office(world):
    """A first answer in two working hours and a fix in eight, for everybody."""
    hours = promising.calendar()
    promising.policy(
        "Default",
        promising.clause("first_response", 7200, "A person answers within two working hours.", calendar_id=hours.id),
        promising.clause(
            "resolution", 28800, "Fixed within one working day.", calendar_id=hours.id, pauses=["customer"]
        ),
        promising.clause("next_response", 3600, calendar_id=hours.id),
    )
    db.session.commit()
    return world


class TestOpening:
    def test_a_mail_is_promised_what_its_policy_says(self, office):
        with travel(to=MONDAY):
            office.arrive(mail())
            ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        first = of(ticket)[0]
        assert (first.outcome, first.due_at) == ("running", MONDAY + timedelta(hours=2))
        assert ticket.next_due_at == first.due_at
        assert (ticket.next_due_kind, ticket.queue_rank) == ("reply", Rank.RUNNING)
        assert ticket.next_due_words == "A person answers within two working hours."

    def test_at_night_its_clock_is_asleep_until_the_office_opens(self, office):
        with travel(to=MONDAY + timedelta(hours=12)):
            ticket = office.ticket()
        assert ticket.queue_rank == Rank.ASLEEP
        assert ticket.next_due_asleep["until"] == "2026-11-24T14:00:00+00:00"
        assert ticket.next_due_turns_at == datetime(2026, 11, 24, 14, tzinfo=UTC)

    def test_the_sweep_wakes_it_when_the_office_opens(self, office):
        with travel(to=MONDAY + timedelta(hours=12)):
            ticket = office.ticket()
        with travel(to=datetime(2026, 11, 24, 14, 0, 1, tzinfo=UTC)):
            sweep.tick()
        office.fresh()
        assert ticket.queue_rank == Rank.RUNNING

    def test_without_any_promise_nothing_is_written(self, world):
        ticket = world.ticket()
        assert of(ticket) == []
        assert resolving.current_of(ticket.id) is None
        assert ticket.queue_rank == Rank.UNPROMISED

    def test_a_policy_made_later_promises_nothing_to_older_tickets(self, world):
        ticket = world.ticket()
        promising.policy("Default", promising.clause("first_response", 60), valid_from=now() + timedelta(minutes=1))
        db.session.commit()
        world.reply(ticket)
        assert of(ticket) == []

    def test_a_mail_read_two_hours_late_is_promised_from_its_arrival(self, office):
        with travel(to=MONDAY):
            incoming = office.words(received_at=MONDAY - timedelta(minutes=30))
            ticket = conversing.open_ticket(office.olive, incoming)
            conversing.receive(ticket, office.olive, incoming)
            db.session.commit()
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=90)

    @pytest.mark.parametrize("written", ["Mon, 02 Nov 2026 10:00:00 -0500", "Fri, 01 Jan 2027 10:00:00 -0500"])
    def test_a_mail_is_promised_from_when_it_came_whatever_date_it_says(self, office, written):
        with travel(to=MONDAY):
            office.arrive(mail(Date=written))
            ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        assert of(ticket)[0].due_at == MONDAY + timedelta(hours=2)

    def test_to_a_machine_no_answer_is_owed(self, office):
        with travel(to=MONDAY):
            office.arrive(mail(Auto_Submitted="auto-replied"))
            ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        assert of(ticket, "first_response") == of(ticket, "resolution") == []

    def test_the_first_words_of_a_person_begin_what_a_machine_did_not(self, office):
        with travel(to=MONDAY):
            office.arrive(mail(message_id="<away@orchard-dairy.example>", Auto_Submitted="auto-replied"))
            ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        with travel(to=MONDAY + timedelta(hours=3)):
            office.arrive(mail(in_reply_to="<away@orchard-dairy.example>"))
        assert [one.started_at for one in of(ticket, "first_response")] == [MONDAY + timedelta(hours=3)]
        assert [one.started_at for one in of(ticket, "resolution")] == [MONDAY + timedelta(hours=3)]
        with travel(to=MONDAY + timedelta(hours=4)):
            office.arrive(mail(in_reply_to="<away@orchard-dairy.example>"))
            assert list(verify(Verified())) == []
        assert len(of(ticket, "resolution")) == 1

    def test_fifty_mails_ask_the_database_as_often_as_five(self, office):
        counted = []
        with travel(to=MONDAY):
            for size in (5, 50):
                mails = [
                    mail(subject=f"{size} {i}", sender=f"A{i} <a{size}-{i}@orchard-dairy.example>") for i in range(size)
                ]
                with queries() as seen:
                    office.arrive(*mails)
                counted.append(len(seen))
        assert counted[1] < counted[0] * 3


class TestAnswering:
    def test_a_reply_in_time_keeps_the_promise(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(hours=1)):
            office.reply(ticket)
        assert of(ticket)[0].outcome == "kept"
        assert ticket.next_due_kind == "resolve"

    def test_taken_back_it_is_owed_again(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(hours=1)):
            message = office.reply(ticket)
            unsending.unsend(message, office.delivery(message), by=office.ben)
            db.session.commit()
        assert of(ticket)[0].outcome == "running"

    def test_a_reply_that_reached_nobody_keeps_nothing(self, office):
        from channels import settling

        with travel(to=MONDAY):
            ticket = office.ticket()
            delivery = office.delivery(office.reply(ticket))
            delivery.state = State.SENDING
            settling._fail(delivery, "550 nobody here")
            db.session.commit()
        assert of(ticket)[0].outcome == "running"

    def test_late_is_broken_at_its_business_instant_even_when_no_sweep_ran(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(hours=3)):
            office.reply(ticket)
        first = of(ticket)[0]
        assert (first.outcome, first.broken_at) == ("broken", MONDAY + timedelta(hours=2))
        assert kinds(ticket).count("commitment.broken") == 1

    def test_waiting_for_the_customer_stops_the_clock_to_fix_it(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            office.reply(ticket, waits_for="customer")
        fix = of(ticket, "resolution")[0]
        assert (fix.outcome, fix.due_at) == ("paused", None)
        with travel(to=MONDAY + timedelta(hours=2)):
            conversing.receive(ticket, office.olive, office.words("Re: it", "It is KX-40."))
            db.session.commit()
        assert fix.due_at == datetime(2026, 11, 24, 17, tzinfo=UTC)

    def test_urgent_shortens_it(self, office):
        hours = promising.calendar("Other")
        promising.policy(
            "First", promising.clause("first_response", 7200, calendar_id=hours.id, targets={"urgent": 1800}), rank=1
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
            triage.prioritise(ticket, Priority.URGENT, by=office.ben)
            db.session.commit()
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=30)


class TestSweep:
    def test_warns_once_then_breaks_once(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        for minutes in (89, 91, 92, 119, 121, 122, 600):
            with travel(to=MONDAY + timedelta(minutes=minutes)):
                sweep.tick()
        office.fresh()
        first = of(ticket)[0].id
        said = select(Event.kind).where(Event.ticket_id == ticket.id, Event.data["commitment"].as_integer() == first)
        assert db.session.scalars(said.order_by(Event.id)).all() == ["commitment.warned", "commitment.broken"]
        assert [k for k in kinds(ticket) if k == "commitment.broken"] == ["commitment.broken"]
        assert of(ticket)[0].broken_at == MONDAY + timedelta(hours=2)

    def test_warns_no_second_time_whatever_happens_after_the_warning(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(minutes=95)):
            sweep.tick()
            triage.tag(ticket, ["freezer"], by=office.ben)
            db.session.commit()
        with travel(to=MONDAY + timedelta(minutes=80)):  # and when the clock goes back
            sweep.tick()
            triage.prioritise(ticket, Priority.HIGH, by=office.ben)
            db.session.commit()
        with travel(to=MONDAY + timedelta(minutes=96)):
            sweep.tick()
        office.fresh()
        assert kinds(ticket).count("commitment.warned") == 1

    def test_rests_from_closing_until_the_next_opening(self, office):
        with travel(to=MONDAY + timedelta(hours=5)):  # 15:00: the two hours end as the office closes
            ticket = office.ticket()
        for later in (timedelta(hours=7, seconds=1), timedelta(hours=22, seconds=59)):
            with travel(to=MONDAY + later):
                sweep.tick()
                assert not db.session.scalars(sweep.firing(now())).all()
        with travel(to=MONDAY + timedelta(hours=23, seconds=1)):
            sweep.tick()
        office.fresh()
        first = of(ticket)[0]
        assert (first.due_at, first.broken_at) == (MONDAY + timedelta(hours=7), MONDAY + timedelta(hours=23))

    def test_drops_a_warning_whose_time_was_past_when_the_promise_became_shorter(self, world):
        promising.policy("Default", promising.clause("first_response", 7200, targets={"urgent": 6000}))
        db.session.commit()
        with travel(to=MONDAY):
            ticket = world.ticket()
        with travel(to=MONDAY + timedelta(minutes=85)):  # warned at 90, urgent at 75
            triage.prioritise(ticket, Priority.URGENT, by=world.ben)
            db.session.commit()
            sweep.tick()
        with travel(to=MONDAY + timedelta(minutes=95)):
            sweep.tick()
        world.fresh()
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=100)
        assert kinds(ticket).count("commitment.warned") == 0

    def test_warns_of_nothing_that_is_due_already_though_not_broken_yet(self, office):
        with travel(to=MONDAY + timedelta(hours=5)):  # 15:00, due at closing
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(hours=9)):
            sweep.tick()
            triage.tag(ticket, ["freezer"], by=office.ben)
            db.session.commit()
        office.fresh()
        assert of(ticket)[0].due_at == MONDAY + timedelta(hours=7)
        assert (of(ticket)[0].outcome, kinds(ticket).count("commitment.warned")) == ("running", 0)

    def test_after_a_night_without_it_the_break_is_stamped_with_its_instant(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(days=2)):
            sweep.tick()
        office.fresh()
        assert of(ticket)[0].broken_at == MONDAY + timedelta(hours=2)
        assert kinds(ticket).count("commitment.warned") == 0

    def test_with_nothing_due_it_touches_nothing(self, office):
        with travel(to=MONDAY):
            office.ticket()
            assert sweep.tick() == 0

    def test_a_clock_set_back_fires_nothing_again(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(minutes=125)):
            sweep.tick()
        with travel(to=MONDAY + timedelta(minutes=110)):
            sweep.tick()
        with travel(to=MONDAY + timedelta(minutes=130)):
            sweep.tick()
        office.fresh()
        assert kinds(ticket).count("commitment.broken") == 1

    def test_a_break_proposes_the_credit_of_its_clause(self, world):
        clause = promising.clause("first_response", 3600, credit={"kind": "amount", "value": 45000})
        promising.contract("Orchard Dairy", "Gold", clause, value_cents=5_820_000)
        db.session.commit()
        with travel(to=MONDAY):
            ticket = world.ticket()
        with travel(to=MONDAY + timedelta(hours=2)):
            sweep.tick()
        world.fresh()
        credit = db.session.scalars(select(Credit)).one()
        assert (credit.amount_cents, credit.state, credit.commitment_id) == (45000, "proposed", of(ticket)[0].id)


class TestCoverage:
    def test_an_agreement_comes_before_the_policy_for_everybody(self, office):
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
        decided = resolving.current_of(ticket.id)
        assert decided.source == "contract"
        assert [one["what"] for one in decided.alternatives["lost"]] == ["Default"]
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=30)

    def test_an_agreement_is_judged_by_what_it_said_that_day(self, office):
        first = promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        tighter = promising.clause("first_response", 600)
        later = MONDAY + timedelta(days=1)
        db.session.add(promising.next_version(first, tighter, valid_from=later))
        db.session.commit()
        for at, minutes in ((later - timedelta(seconds=1), 30), (later, 10)):
            with travel(to=at):
                assert of(office.ticket())[0].due_at == at + timedelta(minutes=minutes)

    def test_an_agreement_comes_before_the_warranty_of_the_unit(self, office):
        promising.unit("Orchard Dairy", "KX40-2291-0875", parts=24)
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        promising.policy(
            "Warranty", promising.clause("first_response", 600), conditions=[{"field": "cover", "is": ["warranty"]}]
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket(text="It is KX40-2291-0875.")
        decided = resolving.current_of(ticket.id)
        assert decided.source == "contract"
        assert "Warranty Two years" in [one["what"] for one in decided.alternatives["lost"]]
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=30)

    def test_an_agreement_without_clauses_takes_those_of_the_policy_for_its_plan(self, office):
        promising.contract("Orchard Dairy", "Silver")
        promising.policy(
            "Silver", promising.clause("first_response", 900), conditions=[{"field": "agreement", "is": ["Silver"]}]
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=15)

    def test_a_policy_for_those_without_the_plan_fills_no_gap_of_it(self, world):
        promising.contract("Orchard Dairy", "Silver")
        promising.policy(
            "Others", promising.clause("first_response", 900), conditions=[{"field": "agreement", "not": ["Silver"]}]
        )
        db.session.commit()
        with travel(to=MONDAY):
            assert of(world.ticket()) == []
            assert len(of(world.ticket(by=world.nora))) == 1

    def test_a_serial_in_the_mail_leads_to_the_unit_and_its_warranty(self, office):
        unit = promising.unit("Orchard Dairy", "KX40-2291-0875", parts=24)
        promising.policy(
            "Warranty", promising.clause("first_response", 600), conditions=[{"field": "cover", "is": ["warranty"]}]
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket(text="It is KX40 2291 0875, and warm.")
        named = db.session.scalars(select(TicketAsset).where(TicketAsset.ticket_id == ticket.id)).one()
        assert (named.asset_id, named.state) == (unit.id, "guess")
        assert resolving.current_of(ticket.id).source == "warranty"
        assert of(ticket)[0].due_at == MONDAY + timedelta(minutes=10)

    def test_a_warranty_that_is_void_later_covers_what_arrived_before(self, office):
        unit = promising.unit("Orchard Dairy", "KX40-2291-0875", parts=24)
        promising.policy(
            "Warranty", promising.clause("first_response", 600), conditions=[{"field": "cover", "is": ["warranty"]}]
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket(text="It is KX40 2291 0875, and warm.")
        with travel(to=MONDAY + timedelta(hours=1)):
            granting.void(db.session.scalars(select(Warranty).where(Warranty.asset_id == unit.id)).one())
            naming.confirm(ticket, unit.serial, by=office.ben)
            db.session.commit()
            assert resolving.current_of(ticket.id).source == "warranty"
            later = office.ticket(text="It is KX40 2291 0875, and warm again.")
        assert resolving.current_of(later.id).source == "policy"

    def test_a_mail_that_names_a_unit_is_judged_in_few_statements(self, office):
        unit = promising.unit("Orchard Dairy", "KX40-2291-0875", parts=24)
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600), asset_ids=[unit.id])
        db.session.commit()
        office.arrive(mail("It is KX40-2291-0875."))
        ours = (
            "ticket_asset",
            "asset",
            "policy_version",
            "escalation_policy",
            "entitlement",
            "commitment",
            "volume_mark",
        )
        with queries() as asked:
            office.arrive(mail("KX40-2291-0875 again."))
        about = [one for one in asked if re.search(rf"\b(?:FROM|INTO) \"?(?:{'|'.join(ours)})\b", one)]
        assert len(about) == 4, about  # which unit, what could cover it, who would be woken, and all that follows

    def test_the_first_unit_named_counts_until_another_is_confirmed(self, office):
        first, second = (promising.unit("Orchard Dairy", f"KX40-2291-087{n}") for n in (6, 5))
        db.session.commit()
        ticket = office.ticket(text="It is KX40-2291-0876.")
        with travel(to=now() + timedelta(minutes=1)):
            conversing.receive(ticket, office.olive, office.words(text="Or KX40-2291-0875."))
            db.session.commit()
        assert [one.asset.id for one in units.of([ticket.id]).values()] == [first.id]
        naming.confirm(ticket, second.serial, by=office.ben)
        db.session.commit()
        about = units.of([ticket.id])[ticket.id]
        assert (about.asset.id, about.is_guess) == (second.id, False)

    def test_what_reached_us_long_ago_is_broken_with_the_decision_that_promised_it(self, office):
        with travel(to=MONDAY + timedelta(days=1)):
            ticket = office.ticket(received_at=MONDAY)
        (late,) = of(ticket)
        assert (late.entitlement_id, late.broken_at) == (
            resolving.current_of(ticket.id).id,
            MONDAY + timedelta(hours=2),
        )
        assert kinds(ticket)[:3] == ["ticket.opened", "message.received", "entitlement.decided"]
        assert "commitment.broken" in kinds(ticket)

    def test_another_customers_serial_tells_nothing(self, office):
        promising.unit("St. Brigid Hospital", "KX40-2291-0875", parts=24)
        db.session.commit()
        ticket = office.ticket(text="It is KX40-2291-0875.")
        assert db.session.scalar(select(func.count()).select_from(TicketAsset)) == 0
        assert resolving.current_of(ticket.id).source == "policy"

    def test_a_unit_confirmed_later_is_covered_from_the_arrival_and_both_decisions_stay(self, office):
        unit = promising.unit("Orchard Dairy", "KX40-2291-0875")
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600), asset_ids=[unit.id])
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
        with travel(to=MONDAY + timedelta(minutes=30)):
            naming.confirm(ticket, "kx40 2291 0875", by=office.ben)
            db.session.commit()
        decided = db.session.scalars(
            select(Entitlement).where(Entitlement.ticket_id == ticket.id).order_by(Entitlement.id)
        ).all()
        assert [one.source for one in decided] == ["policy", "contract"]
        assert [(c.outcome, c.due_at) for c in of(ticket)] == [
            ("void", MONDAY + timedelta(hours=2)),
            ("running", MONDAY + timedelta(hours=1)),
        ]

    def test_a_unit_that_is_confirmed_is_no_guess_any_more(self, office):
        unit = promising.unit("Orchard Dairy", "KX40-2291-0875")
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 3600), asset_ids=[unit.id])
        db.session.commit()
        ticket = office.ticket(text="It is KX40-2291-0875.")
        assert resolving.current_of(ticket.id).reason.endswith("if the serial in the message is right.")
        naming.confirm(ticket, "KX40-2291-0875", by=office.ben)
        db.session.commit()
        assert resolving.current_of(ticket.id).reason.endswith("KX40-2291-0875.")
        triage.tag(ticket, ["urgent"], by=office.ben)
        db.session.commit()
        assert len(db.session.scalars(select(Entitlement).where(Entitlement.ticket_id == ticket.id)).all()) == 2

    def test_a_unit_confirmed_later_whose_warranty_is_over_is_billable(self, office):
        promising.unit("Orchard Dairy", "KX40-2291-0875", parts=1)
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
            naming.confirm(ticket, "KX40-2291-0875", by=office.ben)
            db.session.commit()
        decided = resolving.current_of(ticket.id)
        assert (decided.source, decided.billable) == ("policy", True)
        assert "Warranty Two years" in [one["what"] for one in decided.alternatives["lost"]]

    def test_an_agent_may_say_otherwise_and_is_not_overruled(self, office):
        promising.contract("Orchard Dairy", "Gold", promising.clause("first_response", 1800))
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
            default = next(one for one in resolving.choices(ticket) if one.source == "policy")
            resolving.correct(ticket, default.key, by=office.ben)
            triage.tag(ticket, ["quote"], by=office.ben)
            db.session.commit()
        assert resolving.current_of(ticket.id).source == "policy"

    def test_a_quote_is_taken_out_of_the_plan_when_it_is_tagged(self, office):
        promising.contract("Orchard Dairy", "Silver")
        promising.policy(
            "Silver",
            promising.clause("first_response", 900),
            conditions=[{"field": "agreement", "is": ["Silver"]}, {"field": "tag", "not": ["quote"]}],
        )
        db.session.commit()
        with travel(to=MONDAY):
            ticket = office.ticket()
            triage.tag(ticket, ["quote"], by=office.ben)
            db.session.commit()
        assert of(ticket)[-1].due_at == MONDAY + timedelta(hours=2)


class TestMilestones:
    def test_an_engineer_on_site_in_time(self, world):
        promising.policy("Default", promising.clause("on_site", 14400))
        db.session.commit()
        with travel(to=MONDAY):
            ticket = world.ticket()
            milestones.dispatch(ticket, by=world.ben)
            db.session.commit()
        assert of(ticket, "on_site")[0].due_at == MONDAY + timedelta(hours=4)
        with travel(to=MONDAY + timedelta(hours=3)):
            milestones.arrive(ticket, by=world.ben)
            db.session.commit()
        assert of(ticket, "on_site")[0].outcome == "kept"


class TestEndings:
    def test_done_keeps_the_fix_and_leaves_the_queue_without_promise(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            office.reply(ticket, resolves=True)
        assert of(ticket, "resolution")[0].outcome == "kept"
        assert ticket.next_due_at is None

    def test_spam_is_void_and_comes_back(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            lifecycle.mark_spam(ticket, by=office.ben)
            db.session.commit()
            assert of(ticket)[0].outcome == "void"
            lifecycle.unmark_spam(ticket, by=office.ben)
            db.session.commit()
            assert of(ticket)[0].outcome == "running"


class TestVerify:
    def test_stored_promises_are_what_the_events_say(self, office):
        with travel(to=MONDAY):
            first, second = office.ticket(), office.ticket("Another")
            office.reply(first, waits_for="customer")
            triage.prioritise(second, Priority.HIGH, by=office.ben)
            db.session.commit()
        with travel(to=MONDAY + timedelta(hours=5)):
            sweep.tick()
            count = Verified()
            assert list(verify(count)) == []
        assert count.tickets == 2

    def test_a_row_somebody_changed_is_found(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            of(ticket)[0].due_at = MONDAY
            db.session.commit()
            found = list(verify(Verified()))
        assert [(one.ticket, one.field) for one in found] == [(ticket.number, "due")]

    def test_a_promise_no_event_made_is_found(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            first = of(ticket)[0]
            again = {
                "entitlement_id": first.entitlement_id,
                "clause_id": first.clause_id,
                "metric": first.metric,
                "outcome": "running",
                "target_seconds": 7200,
            }
            db.session.add(Commitment(ticket_id=ticket.id, cycle=9, started_at=MONDAY, due_at=first.due_at, **again))
            db.session.commit()
            found = list(verify(Verified()))
        assert [(one.ticket, one.cycle, one.field, one.stored) for one in found] == [
            (ticket.number, 9, "row", "running")
        ]

    def test_a_promise_somebody_took_away_is_found(self, office):
        with travel(to=MONDAY):
            ticket = office.ticket()
            db.session.delete(of(ticket)[0])
            db.session.commit()
            found = list(verify(Verified()))
        assert [(one.ticket, one.field, one.replayed) for one in found] == [(ticket.number, "row", "running")]


class TestWhy:
    def told(self, world, at, names):
        """Why a promise of two hours, asked for on a day with a break at noon and one before anybody is there."""
        rules = {**promising.OFFICE, "breaks": {"2026-11-23": [["07:00", "08:00"], ["12:00", "12:30"]]}}
        hours = promising.calendar(rules=rules)
        db.session.scalars(select(CalendarVersion)).one().names = names
        promising.policy("Default", promising.clause("first_response", 7200, calendar_id=hours.id))
        db.session.commit()
        with travel(to=at):
            ticket = world.ticket()
            whole = joinedload(Commitment.clause).joinedload(Clause.calendar)
            first = db.session.get_one(Commitment, of(ticket)[0].id, options=[whole], populate_existing=True)
            told = explain(ticket, first, at=now())
        there = ZoneInfo("America/New_York")
        assert [one["why"] for one in as_json(told, there)["entries"]] == [one.what for one in steps(told, there)[1:-1]]
        return [(one["kind"], one["why"]) for one in as_json(told, there)["entries"]]

    def test_names_the_break_it_sleeps_over(self, world):
        assert self.told(world, MONDAY + timedelta(hours=1), {"2026-11-23 12:00": "Fire drill"}) == [
            ("open", "Open. 1 h 00 used"),
            ("closed", "Closed for a break (Fire drill). Clock asleep"),
            ("open", "Open. 1 h 00 used"),
        ]

    def test_a_break_without_a_name_is_a_break(self, world):
        told = self.told(world, MONDAY + timedelta(hours=1), {})
        assert told[1] == ("closed", "Closed for a break. Clock asleep")

    def test_a_break_at_night_is_no_reason(self, world):
        told = self.told(world, MONDAY - timedelta(hours=5), {})
        assert told[0] == ("closed", "Closed. Clock asleep")

    def test_names_the_holiday_it_sleeps_over(self, office):
        with travel(to=datetime(2026, 11, 25, 21, tzinfo=UTC)):  # Wednesday, an hour before closing
            ticket = office.ticket()
            whole = joinedload(Commitment.clause).joinedload(Clause.calendar)
            first = db.session.get_one(Commitment, of(ticket)[0].id, options=[whole], populate_existing=True)
            told = as_json(explain(ticket, first, at=now()), ZoneInfo("America/New_York"))
        assert [(one["kind"], one["seconds"], one["why"]) for one in told["entries"]] == [
            ("open", 3600, "Open. 1 h 00 used"),
            ("closed", 0, "Closed for Thanksgiving. Clock asleep"),
            ("open", 3600, "Open. 1 h 00 used"),
        ]
        assert told["due"] == "2026-11-27T10:00:00-05:00"
