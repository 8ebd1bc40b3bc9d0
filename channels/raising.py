"""Raising: what turns of faults ask for is done on their tickets, for a batch of them at once.

A ticket is opened, opened again, closed where nobody has begun, and says how often and when last.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from channels.device.models import DeviceFault
from channels.device.turning import Turn
from channels.models import Channel, Inbound
from helpdesk import events, live
from helpdesk.db import Json, among, db, reserve
from helpdesk.events import Event
from helpdesk.now import now
from helpdesk.people import contacts
from helpdesk.people.models import Contact
from helpdesk.plugins import Unit, installed
from helpdesk.tickets import conversing, lifecycle, triage
from helpdesk.tickets.inputs import Incoming
from helpdesk.tickets.models import Message, Priority, Status, Ticket

Turned = tuple[DeviceFault, Turn, Inbound | None]
CHANGES = frozenset({Turn.OPEN, Turn.RETURN, Turn.CLOSE})
BRIEF = "It was over before it had lasted, so nobody was told."
_UNKNOWN = "No unit with the serial {serial} is on record, so nothing says whose it is or what was promised for it."


@dataclass(frozen=True)
class Ended:
    """A fault whose reports that waited have an end: all, or those before one; `reason` is why nobody was told."""

    fault: DeviceFault
    reason: str
    before_id: int | None


@dataclass
class Batch:
    """What is known of the faults of one batch, and what is to be said of them in the end."""

    faults: dict[tuple[int, str, str], DeviceFault] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    people: dict[str, Contact] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    """Those opened now, by fault."""
    ended: list[Ended] = field(default_factory=list)
    raised: dict[int, DeviceFault] = field(default_factory=dict)
    """Tickets with a fault that got worse."""
    seen: dict[int, DeviceFault] = field(default_factory=dict)
    """Tickets with a fault that was told again."""

    def closed_at(self, fault: DeviceFault) -> datetime | None:
        ticket = self.tickets.get(fault.ticket_id or 0)
        return ticket.resolved_at or now() if ticket is not None and ticket.status >= Status.RESOLVED else None


def raise_all(batch: Batch, turns: Sequence[Turned]) -> None:
    """What the turns ask for, in their order."""
    _introduce(batch, {one.id: one for one, turn, _ in turns if turn in CHANGES or one.ticket_id in batch.raised})
    closing = [fault for fault, turn, _ in turns if turn is Turn.CLOSE]
    at_work = _at_work({one.ticket_id for one in closing if one.ticket_id is not None})
    others = _still_there(closing)
    for fault, turn, inbound in turns:
        if turn is Turn.OPEN:
            _open(batch, fault, inbound)
        elif turn is Turn.RETURN:
            _return(batch, fault)
        elif turn is Turn.CLOSE:
            _close(batch, fault, at_work, others)
        elif turn is Turn.BRIEF:
            batch.ended.append(Ended(fault, f"{fault.quiet} {BRIEF}".strip(), inbound.id if inbound else None))
        if turn in {Turn.OPEN, Turn.RETURN, Turn.COUNT} and fault.ticket_id is not None:
            batch.seen[fault.ticket_id] = fault
        if turn in {Turn.OPEN, Turn.RETURN}:
            batch.ended.append(Ended(fault, "", None))
            fault.quiet = ""
    conversing.number_new_tickets()


def count(ticket: Ticket, fault: DeviceFault, batch: Batch) -> None:
    """The row of the list says how often and when last; a fault that got worse is more urgent."""
    ticket.times = max(ticket.times, fault.count)
    ticket.last_message_at = max(ticket.last_message_at, fault.last_at)
    if ticket.id in batch.raised and fault.severity > ticket.priority:
        triage.prioritise(ticket, Priority(fault.severity), by=batch.people[_address(fault)])
    live.announce(kind="fault.counted", ticket=ticket)


def _introduce(batch: Batch, faults: Mapping[int, DeviceFault]) -> None:
    """The contact of each device, which belongs to whoever has its unit."""
    if not faults:
        return
    named = {_address(one): one.device for one in faults.values()}
    owners = {_address(one): unit for one in faults.values() if (unit := batch.units.get(one.serial)) is not None}
    known = contacts.find_or_create_machines(named)
    for value, address in known.items():
        unit = owners.get(value)
        if unit is not None and address.contact.organization_id != unit.organization_id:
            address.contact.organization_id = unit.organization_id
    batch.people |= {value: address.contact for value, address in known.items()}
    count = len(faults)
    reserve(**installed().keys(count, ticket=count, message=count, event=3 * count))


def _open(batch: Batch, fault: DeviceFault, inbound: Inbound | None) -> None:
    contact, channel = batch.people[_address(fault)], batch.channels[fault.channel_id]
    unit = batch.units.get(fault.serial)
    words = fault.details or fault.title
    waited = fault.began_at if inbound is None and not fault.quiet else None
    incoming = Incoming(
        subject=fault.title,
        text=words,
        reply_text=words,
        channel_id=channel.id,
        channel_kind=channel.kind,
        author_name=fault.device,
        author_address=_address(fault),
        inbound_id=inbound.id if inbound is not None else None,
        sent_at=fault.told_at,
        received_at=waited,
        team_id=channel.team_id,
        warning="" if unit is not None else _UNKNOWN.format(serial=fault.serial),
    )
    with db.session.no_autoflush:
        ticket = conversing.open_ticket(contact, incoming)
        ticket.priority = Priority(fault.severity)
        message = conversing.receive(ticket, contact, incoming)
        events.record(ticket, "fault.reported", by=contact, message_id=message.id, **_about(fault))
    fault.ticket_id, batch.tickets[ticket.id], batch.messages[fault.id] = ticket.id, ticket, message


def _return(batch: Batch, fault: DeviceFault) -> None:
    ticket, contact = batch.tickets[fault.ticket_id or 0], batch.people[_address(fault)]
    ticket.waiting_since = ticket.waiting_since or now()
    reopened = not ticket.is_active
    lifecycle.reopen(ticket, by=contact)
    lifecycle.wake(ticket, by=contact)
    events.record(ticket, "fault.returned", by=contact, reopened=reopened, **_about(fault))


def _close(batch: Batch, fault: DeviceFault, at_work: Collection[int], others: Collection[int]) -> None:
    """Done, where nobody has begun; whoever has begun is told, and decides."""
    ticket = batch.tickets.get(fault.ticket_id or 0)
    if ticket is None:
        return
    contact = batch.people[_address(fault)]
    is_taken = ticket.id in at_work or ticket.assignee_id is not None
    closes = ticket.is_active and not is_taken and ticket.id not in others
    events.record(ticket, "fault.recovered", by=contact, closed=closes, at_work=is_taken, **_about(fault))
    if closes:
        lifecycle.resolve(ticket, by=contact)


def _at_work(ticket_ids: Collection[int]) -> set[int]:
    """Of these tickets, those an agent did something on."""
    if not ticket_ids:
        return set()
    by_us = select(Event.ticket_id).where(among(Event.ticket_id, ticket_ids), Event.agent_id.is_not(None))
    return set(db.session.scalars(by_us.distinct()))


def _still_there(closing: Sequence[DeviceFault]) -> set[int]:
    """Of the tickets of faults that are over, those another fault still holds open: they were merged."""
    if not closing:
        return set()
    db.session.flush()
    others = select(DeviceFault.ticket_id).where(
        among(DeviceFault.ticket_id, {one.ticket_id or 0 for one in closing}),
        DeviceFault.state.in_(("firing", "settling")),
    )
    return {ticket_id for ticket_id in db.session.scalars(others) if ticket_id is not None}


def _about(fault: DeviceFault) -> Json:
    """What an event says of it."""
    return {"fault": fault.title, "device": fault.device, "unit": fault.unit_id}


def _address(fault: DeviceFault) -> str:
    """What names the device among all: its channel is part of it."""
    return f"{fault.channel_id}/{fault.device}"
