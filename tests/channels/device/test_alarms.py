"""From reports to tickets: one for each fault, counted, closed and opened again, silent during a visit, with its promise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from channels import accounting, heeding, intake, lasting
from channels.adapter import Arrival
from channels.device import receiving
from channels.device.models import DeviceFault, DeviceKey
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.events import Event
from helpdesk.now import now, travel
from helpdesk.people.models import Organization
from helpdesk.tickets import lifecycle, merging, triage
from helpdesk.tickets.models import Message, Priority, Status, Ticket
from sla.assets import equipment, visits
from sla.assets.inputs import Unit
from sla.assets.models import Asset
from sla.commitments.models import Commitment
from sla.entitlements.models import Entitlement, TicketAsset
from tests.channels.contract import devices
from tests.plugins.world import World
from tests.sla import promising

SERIAL = "KX40-2291-0875"


class Machines:
    """A channel of machines, and what they say."""

    def __init__(self, world: World, channel: Channel) -> None:
        self.world, self.channel = world, channel
        self.channel_id = channel.id

    def tell(self, device: str = SERIAL, fault: str = "E17", **more: Any) -> Inbound:
        """One report, filed; its row."""
        self.send({"device": device, "fault": fault, **more})
        self.world.file()
        self.world.fresh()
        return db.session.scalars(select(Inbound).order_by(Inbound.id.desc()).limit(1)).one()

    def over(self, device: str = SERIAL, fault: str = "E17", **more: Any) -> Inbound:
        return self.tell(device, fault, state="recovered", **more)

    def send(self, *reports: dict[str, Any]) -> None:
        arrivals = [Arrival(receiving.digest(receiving_name(one)), stored(one)) for one in reports]
        intake.accept(db.session.get_one(Channel, self.channel_id), arrivals)

    def tickets(self) -> list[Ticket]:
        of_machines = select(Ticket).where(Ticket.channel_kind == "device").order_by(Ticket.id)
        return list(db.session.scalars(of_machines))

    def fault(self) -> DeviceFault:
        return db.session.scalars(select(DeviceFault)).one()

    def ends(self) -> list[tuple[str, str]]:
        rows = select(Inbound.state, Inbound.reason).where(Inbound.channel_id == self.channel_id)
        return [(state, reason) for state, reason in db.session.execute(rows.order_by(Inbound.id))]

    def happened(self, ticket: Ticket) -> list[str]:
        rows = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind.like("fault.%"))
        return list(db.session.scalars(rows.order_by(Event.id)))

    def tick(self) -> int:
        turned = lasting.tick()
        self.world.fresh()
        return turned


def receiving_name(report: dict[str, Any]) -> str:
    return f"id {report['device']} {report['id']}" if "id" in report else ""


def stored(report: dict[str, Any]) -> bytes:
    return receiving.stored("plain", report)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those the database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def machines_of(world: World, **config: str) -> Machines:
    return Machines(world, devices.connected(**{"settles": "0", **config}))


@pytest.fixture
def machines(world: World) -> Iterator[Machines]:
    """Without any patience."""
    yield machines_of(world)
    assert not [one for one in accounting.strays(accounting.today()) if one.channel_id]


@pytest.fixture
def unit(world: World) -> Asset:
    dairy = db.session.scalars(select(Organization).where(Organization.name == "Orchard Dairy")).one()
    made = equipment.create(dairy, Unit(serial=SERIAL, model="KX-40", maker="Polar", kind="condensing unit"))
    db.session.commit()
    return made


class TestAFault:
    def test_opens_one_ticket_and_is_counted_on_it(self, machines: Machines):
        first = machines.tell(title="Discharge pressure high", text="27.4 bar")
        for _ in range(4):
            machines.tell(title="Discharge pressure high")
        (ticket,) = machines.tickets()
        assert (ticket.subject, ticket.times, ticket.message_count) == ("Discharge pressure high", 5, 1)
        (message,) = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id))
        assert (message.body_text, message.inbound_id) == ("27.4 bar", first.id)
        fault = machines.fault()
        assert (fault.count, fault.state, fault.ticket_id) == (5, "firing", ticket.id)
        assert machines.ends() == [("done", "")] * 5

    def test_of_another_name_or_device_is_another(self, machines: Machines):
        machines.tell()
        machines.tell(fault="E18")
        machines.tell("other", "E17")
        assert len(machines.tickets()) == 3

    def test_among_many_at_once_takes_one_number_and_no_statements_of_its_own(self, machines: Machines):
        spent = []
        for count in (2, 9):
            machines.send(*({"device": f"D{count}", "fault": f"E{n}"} for n in range(count)))
            with statements() as seen:
                machines.world.file()
            spent.append(len(seen))
        first, last = machines.tickets()[2].number, machines.tickets()[-1].number
        assert (last - first, spent[1]) == (8, spent[0])

    def test_says_when_it_was_seen_last(self, machines: Machines):
        machines.tell()
        with travel(minutes=30):
            machines.tell()
            (ticket,) = machines.tickets()
            assert now() - ticket.last_message_at < timedelta(minutes=1)
            assert machines.fault().last_at == ticket.last_message_at

    @pytest.mark.parametrize(
        ("word", "priority"),
        [("critical", Priority.URGENT), ("error", Priority.HIGH), ("info", Priority.LOW), ("", Priority.NORMAL)],
    )
    def test_is_as_urgent_as_it_is_bad(self, machines: Machines, word: str, priority: Priority):
        machines.tell(severity=word)
        assert machines.tickets()[0].priority == priority

    def test_that_gets_worse_is_more_urgent_and_one_that_gets_better_is_left_to_people(self, machines: Machines):
        machines.tell(severity="warning")
        machines.tell(severity="critical")
        assert machines.tickets()[0].priority == Priority.URGENT
        triage.prioritise(machines.tickets()[0], Priority.LOW, by=machines.world.ben)
        machines.tell(severity="critical")
        assert machines.tickets()[0].priority == Priority.LOW

    def test_of_a_ticket_that_was_merged_is_counted_where_it_went(self, machines: Machines):
        machines.tell()
        machines.tell(fault="E18")
        one, other = machines.tickets()
        merging.merge(one, into=other, by=machines.world.ben)
        machines.tell()
        assert db.session.scalars(select(DeviceFault.ticket_id)).all() == [other.id, other.id]
        assert other.times == 2


class TestItsEnd:
    def test_closes_what_nobody_began(self, machines: Machines):
        machines.tell()
        machines.over()
        (ticket,) = machines.tickets()
        assert ticket.status == Status.RESOLVED
        assert machines.happened(ticket) == ["fault.reported", "fault.recovered"]
        assert machines.fault().state == "over"

    def test_leaves_a_ticket_that_somebody_works_on_and_says_so(self, machines: Machines):
        machines.tell()
        triage.assign(machines.tickets()[0], to=machines.world.ben, by=machines.world.ben)
        machines.over()
        (ticket,) = machines.tickets()
        assert ticket.is_active
        told = db.session.scalars(select(Event).where(Event.kind == "fault.recovered")).one()
        assert (told.data["closed"], told.data["at_work"]) == (False, True)

    def test_leaves_a_ticket_on_which_another_fault_is_still_there(self, machines: Machines):
        machines.tell()
        machines.tell(fault="E18")
        one, _ = machines.tickets()
        other_fault = db.session.scalars(select(DeviceFault).where(DeviceFault.fault == "E18")).one()
        other_fault.ticket_id = one.id
        db.session.commit()
        machines.over()
        assert one.is_active
        machines.over(fault="E18")
        assert not one.is_active

    def test_that_comes_first_is_no_error(self, machines: Machines):
        assert machines.over().state == "ignored"
        assert machines.tickets() == []

    def test_overtaken_by_nothing_newer_is_stale(self, machines: Machines):
        machines.tell(at="2026-01-01T10:00:00Z")
        machines.over(at="2026-01-01T10:05:00Z")
        machines.tell(at="2026-01-01T10:01:00Z")
        assert machines.ends()[-1] == ("ignored", "It is older than what is known by now.")
        assert not machines.tickets()[0].is_active

    def test_may_have_to_stay_so(self, world: World):
        machines = machines_of(world, settles="60")
        for _ in range(5):
            machines.tell()
            machines.over()
        (ticket,) = machines.tickets()
        assert (ticket.is_active, ticket.times, machines.tick()) == (True, 5, 0)
        with travel(seconds=61):
            assert machines.tick() == 1
            assert not ticket.is_active
            assert machines.tick() == 0
        assert machines.happened(ticket) == ["fault.reported", "fault.recovered"]


class TestItsReturn:
    def test_opens_the_same_ticket_again(self, machines: Machines):
        machines.tell()
        machines.over()
        with travel(minutes=30):
            machines.tell()
            (ticket,) = machines.tickets()
            assert (ticket.is_active, ticket.times) == (True, 2)
            assert machines.happened(ticket) == ["fault.reported", "fault.recovered", "fault.returned"]

    def test_after_long_is_a_new_one(self, machines: Machines):
        machines.tell()
        machines.over()
        with travel(hours=5):
            machines.tell()
            assert [one.times for one in machines.tickets()] == [1, 1]

    def test_of_one_that_somebody_closed_too_soon_opens_it_again(self, machines: Machines):
        machines.tell()
        lifecycle.resolve(machines.tickets()[0], by=machines.world.ben)
        machines.tell()
        (ticket,) = machines.tickets()
        assert ticket.is_active

    def test_of_one_that_somebody_closed_long_ago_is_a_new_one(self, machines: Machines):
        machines.tell()
        lifecycle.resolve(machines.tickets()[0], by=machines.world.ben)
        db.session.commit()
        with travel(hours=5):
            machines.tell()
            assert [one.is_active for one in machines.tickets()] == [False, True]

    def test_in_the_same_breath_is_the_same_ticket(self, machines: Machines):
        there, over = {"device": SERIAL, "fault": "E17"}, {"device": SERIAL, "fault": "E17", "state": "recovered"}
        machines.send(there, over, there, over, there)
        machines.world.file()
        machines.world.fresh()
        (ticket,) = machines.tickets()
        assert (ticket.is_active, ticket.times) == (True, 3)
        assert machines.ends() == [("done", "")] * 5


class TestPatience:
    def test_tells_nobody_of_what_is_over_before_it_lasted(self, world: World):
        machines = machines_of(world, lasts="60")
        assert machines.tell().state == "early"
        machines.over()
        assert machines.tickets() == []
        reason = "It was over before it had lasted, so nobody was told."
        assert machines.ends() == [("ignored", reason)] * 2

    def test_opens_a_ticket_for_what_lasts_and_counts_from_its_beginning(self, world: World):
        machines = machines_of(world, lasts="60")
        machines.tell()
        machines.tell()
        with travel(seconds=59):
            assert machines.tick() == 0
        with travel(seconds=61):
            assert machines.tick() == 1
            assert machines.tick() == 0
        (ticket,) = machines.tickets()
        assert ticket.times == 2
        assert machines.ends() == [("done", "")] * 2
        opened = db.session.scalars(
            select(Event).where(Event.kind == "ticket.opened", Event.ticket_id == ticket.id)
        ).one()
        assert opened.data["received"] == machines.fault().began_at.isoformat()

    def test_keeps_what_waits_apart_from_messages_that_came_early(self, world: World):
        machines = machines_of(world, lasts="3600")
        machines.tell()
        with travel(minutes=20):
            assert heeding.give_up_waiting() == 0

    def test_is_not_lost_with_the_worker(self, world: World):
        machines = machines_of(world, lasts="60")
        machines.tell()
        with travel(hours=3):
            assert machines.tick() == 1
        assert [one.times for one in machines.tickets()] == [1]


class TestAUnit:
    def test_is_known_by_its_serial_however_it_is_written(self, machines: Machines, unit: Asset):
        machines.tell("kx40 2291 0875")
        (ticket,) = machines.tickets()
        assert ticket.organization_id == unit.organization_id
        about = db.session.scalars(select(TicketAsset).where(TicketAsset.ticket_id == ticket.id)).one()
        assert (about.asset_id, about.state) == (unit.id, "confirmed")
        assert machines.fault().unit_id == unit.id

    def test_that_nobody_knows_is_said_to_be_unknown(self, machines: Machines, unit: Asset):
        machines.tell("nobody-knows-1")
        (ticket,) = machines.tickets()
        (message,) = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id))
        assert "No unit with the serial nobody-knows-1 is on record" in message.warning
        assert (ticket.organization_id, machines.fault().unit_id) == (None, None)

    def test_may_have_another_name_than_its_serial(self, machines: Machines, unit: Asset):
        machines.tell("crac-07", serial=SERIAL)
        assert machines.fault().unit_id == unit.id


class TestItsPromise:
    def test_is_that_of_the_agreement_that_covers_the_unit(self, machines: Machines):
        """Serial, unit, agreement, clock: another unit of the same customer has none."""
        covered = promising.unit("Orchard Dairy", "KX40-2291-0900")
        promising.unit("Orchard Dairy", "KX40-2291-0901")
        clause = promising.clause("first_response", 1800, "A person answers within the half hour.")
        agreement = promising.contract("Orchard Dairy", "Cold rooms, gold", clause, asset_ids=[covered.id])
        db.session.commit()
        machines.tell("KX40-2291-0900", severity="critical")
        machines.tell("KX40-2291-0901")
        first, second = machines.tickets()
        decided = db.session.scalars(select(Entitlement).where(Entitlement.ticket_id == first.id)).one()
        assert (decided.source, decided.contract_version_id) == ("contract", agreement.id)
        (promise,) = db.session.scalars(select(Commitment).where(Commitment.ticket_id == first.id))
        assert (promise.metric, promise.outcome) == ("first_response", "running")
        assert first.next_due_at is not None
        assert second.next_due_at is None
        for _ in range(3):
            machines.tell("KX40-2291-0900", severity="critical")
        assert db.session.scalar(select(func.count()).where(Commitment.ticket_id == first.id)) == 1
        shown = machines.world.browser(machines.world.ben).get(f"/tickets/{first.number}").text
        assert "Cold rooms, gold" in shown


class TestAVisit:
    @pytest.fixture(autouse=True)
    def _planned(self, world: World, unit: Asset) -> None:
        visits.plan(unit, now() - timedelta(minutes=5), now() + timedelta(hours=2), "Filters changed", by=world.ben)
        db.session.commit()

    def test_keeps_its_alarms_quiet_and_the_record_says_why(self, machines: Machines):
        assert machines.tell().state == "early"
        machines.over()
        assert machines.tickets() == []
        assert all(
            state == "ignored"
            and reason.startswith(f"A visit to Polar KX-40 condensing unit {SERIAL} was planned until")
            for state, reason in machines.ends()
        )
        assert machines.fault().quiet.startswith("A visit to")

    def test_of_one_unit_says_nothing_of_another(self, machines: Machines):
        machines.tell("other")
        assert len(machines.tickets()) == 1

    def test_that_ends_while_the_fault_is_there_opens_its_ticket(self, machines: Machines):
        machines.tell()
        with travel(hours=1):
            assert machines.tick() == 0
        with travel(hours=2, seconds=1):
            assert machines.tick() == 1
            assert len(machines.tickets()) == 1
            assert machines.ends() == [("done", "")]

    def test_that_is_called_off_opens_it_at_once(self, machines: Machines, unit: Asset):
        machines.tell()
        visits.call_off(db.session.scalars(visits.of(unit)).one())
        db.session.commit()
        assert machines.tick() == 1
        assert len(machines.tickets()) == 1

    def test_that_is_called_off_before_the_fault_has_lasted_is_no_reason_any_more(self, world: World, unit: Asset):
        machines = machines_of(world, lasts="3600")
        machines.tell()
        visits.call_off(db.session.scalars(visits.of(unit)).one())
        db.session.commit()
        assert machines.tick() == 0
        machines.over()
        assert machines.ends() == [("ignored", "It was over before it had lasted, so nobody was told.")] * 2

    def test_that_begins_while_the_fault_must_still_last_keeps_it_quiet_too(self, world: World, unit: Asset):
        machines = machines_of(world, lasts="3600")
        visits.call_off(db.session.scalars(visits.of(unit)).one())
        machines.tell()
        visits.plan(unit, now() + timedelta(minutes=30), now() + timedelta(hours=3), "Filters changed", by=world.ben)
        db.session.commit()
        with travel(minutes=61):
            assert machines.tick() == 0
            assert machines.tickets() == []
        with travel(minutes=90):
            machines.over()
        assert all("A visit to" in reason for state, reason in machines.ends() if state == "ignored")
        assert [state for state, _ in machines.ends()] == ["ignored"] * 2

    def test_says_nothing_of_a_fault_from_before_it(self, machines: Machines, unit: Asset):
        with travel(hours=-1):
            machines.tell()
        machines.tell()
        assert [one.times for one in machines.tickets()] == [2]


class TestTheRecord:
    def test_says_where_everything_ended(self, machines: Machines):
        machines.tell(id="1")
        machines.tell(id="1")
        machines.over(fault="none")
        machines.tell(fault="")
        machines.tell(test=True)
        (tally,) = [one for one in accounting.tallies(accounting.today()) if one.channel_id == machines.channel_id]
        assert (tally.arrived, tally.on_the_way, tally.unaccounted) == (4, 0, 0)
        assert {end: count for end, count in tally.ends.items() if count} == {"done": 1, "ignored": 2, "quarantined": 1}

    def test_says_when_a_key_was_used(self, machines: Machines):
        key = db.session.scalars(select(DeviceKey)).one()
        raw = receiving.stored("plain", {"device": "a1", "fault": "x"}, key=key.id)
        intake.accept(db.session.get_one(Channel, machines.channel_id), [Arrival("once:1", raw)])
        machines.world.file()
        machines.world.fresh()
        assert key.used_at is not None


class TestAStorm:
    SIZE = 2000

    def test_of_thirty_percent_doubles_gives_the_expected_few_tickets(self, world: World):
        """2,000 reports of 10 devices with 2 faults each, 30 % sent twice; no ticket, no count and no report is off."""
        machines = machines_of(world, settles="60")
        reports = [
            {"device": f"d{place % 10}", "fault": f"E{place // 10 % 2}", "id": str(place)} for place in range(self.SIZE)
        ]
        machines.send(*reports, *reports[: self.SIZE * 3 // 10])
        world.file()
        world.fresh()
        assert len(machines.tickets()) == 20
        assert {one.times for one in machines.tickets()} == {self.SIZE // 20}
        assert [one for one in machines.ends() if one != ("done", "")] == []
        assert len(machines.ends()) == self.SIZE
        told = select(func.count()).where(Event.ticket_id.in_([one.id for one in machines.tickets()]))
        assert (db.session.scalar(told) or 0) < 20 * 6
