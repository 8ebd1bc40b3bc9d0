"""Alarming: what machines say of their faults, a batch at a time: counted, a ticket opened, closed, opened again.

Only one process does so at a time (`intake` holds the lock). However many reports there are, each fault and each ticket
is read once and written once.

1. every report turns its fault, in memory (`channels.device.turning`);
2. what that asks for is done on the tickets (`channels.raising`), for all at once; a fault that turns twice begins
   another round;
3. reports that waited for it get their end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, or_, select, tuple_, update

from channels import raising
from channels.adapter import Envelope, Report
from channels.device import keys, pace, severity, turning
from channels.device.models import DeviceFault
from channels.device.turning import Seen, Turn
from channels.models import Channel, Inbound
from channels.raising import CHANGES, Batch, Ended, Turned
from helpdesk.db import among, db, new_id, reserve
from helpdesk.now import now
from helpdesk.plugins import Unit, installed
from helpdesk.tickets.models import Message, Ticket

Reports = Sequence[tuple[Inbound, Envelope]]
_ENDS = {
    Turn.STALE: "It is older than what is known by now.",
    Turn.NONE: "It says that a fault is over which was not there.",
    Turn.BRIEF: raising.BRIEF,
}


def take(reports: Reports) -> None:
    """File these, in the caller's transaction; every one has its end, or waits for whether its fault lasts."""
    batch = _loaded(reports)
    keys.used({told.key_id for _, one in reports if (told := one.report) is not None and told.key_id is not None})
    for turned in _rounds(batch, reports):
        raising.raise_all(batch, turned)
        for fault, turn, inbound in turned:
            assert inbound is not None
            _end(inbound, fault, turn)
    _settle(batch)


def is_due() -> bool:
    """Whether there is anything for `pass_time`; asked without any lock."""
    return bool(db.session.scalar(select(select(DeviceFault.id).where(_due(now())).exists())))


def pass_time(limit: int = 500) -> int:
    """Turn the faults whose time has come, or whose visit may be over; how many. The caller holds the filing lock."""
    at = now()
    rows = select(DeviceFault).where(_due(at)).order_by(DeviceFault.turns_at, DeviceFault.id).limit(limit)
    found = list(db.session.scalars(rows.with_for_update()))
    if not found:
        return 0
    batch = Batch(faults={(one.channel_id, one.device, one.fault): one for one in found})
    _read_around(batch, {one.serial for one in found})
    turns = [(one, _passed(batch, one, at), None) for one in found]
    raising.raise_all(batch, turns)
    _settle(batch)
    return sum(turn is not Turn.WAIT for _, turn, _ in turns)


def _rounds(batch: Batch, reports: Reports) -> Iterator[list[Turned]]:
    """The reports with what they ask for; in one round no fault comes again once its ticket is to change."""
    turned: list[Turned] = []
    changing: set[int] = set()
    for inbound, one in reports:
        fault = batch.faults[_key(inbound, one)]
        if fault.id in changing:
            yield turned
            turned, changing = [], set()
        turn = _turned(batch, inbound, one)
        turned.append((fault, turn, inbound))
        if turn in CHANGES:
            changing.add(fault.id)
    yield turned


def _loaded(reports: Reports) -> Batch:
    batch = Batch(channels={inbound.channel_id: inbound.channel for inbound, _ in reports})
    wanted = {_key(inbound, one): one for inbound, one in reports}
    names = tuple_(DeviceFault.channel_id, DeviceFault.device, DeviceFault.fault)
    rows = select(DeviceFault).where(names.in_(list(wanted))).order_by(DeviceFault.id).with_for_update()
    batch.faults = {(one.channel_id, one.device, one.fault): one for one in db.session.scalars(rows)}
    new = [key for key in wanted if key not in batch.faults]
    if new:
        reserve(device_fault=len(new))
    for key in new:
        batch.faults[key] = _new(key, _report(wanted[key]))
        db.session.add(batch.faults[key])
    _read_around(batch, {_report(one).serial for _, one in reports})
    return batch


def _due(at: datetime) -> ColumnElement[bool]:
    """Its time has come; a visit may end sooner than it was planned."""
    return or_(DeviceFault.turns_at <= at, and_(DeviceFault.turns_at.is_not(None), DeviceFault.quiet != ""))


def _new(key: tuple[int, str, str], report: Report) -> DeviceFault:
    at = now()
    return DeviceFault(
        id=new_id("device_fault"), channel_id=key[0], device=key[1], fault=key[2], serial=report.serial,
        title=report.title, details="", severity=report.severity or severity.NORMAL, state="over", quiet="", count=0,
        first_at=at, began_at=at, last_at=at,
    )  # fmt: skip


def _read_around(batch: Batch, serials: Collection[str]) -> None:
    """The tickets, locked in their order, with those that took merged ones in; the units; the channels."""
    with db.session.no_autoflush:
        wanted = {one.ticket_id for one in batch.faults.values() if one.ticket_id is not None}
        while missing := wanted - batch.tickets.keys():
            rows = select(Ticket).where(among(Ticket.id, missing)).order_by(Ticket.id).with_for_update()
            batch.tickets |= {one.id: one for one in db.session.scalars(rows)}
            wanted = {one.merged_into_id for one in batch.tickets.values() if one.merged_into_id is not None}
        for fault in batch.faults.values():
            while (ticket := batch.tickets.get(fault.ticket_id or 0)) is not None and ticket.merged_into_id is not None:
                fault.ticket_id = ticket.merged_into_id
        batch.units = installed().units(serials)
        absent = {one.channel_id for one in batch.faults.values()} - batch.channels.keys()
        if absent:
            rows_of = select(Channel).where(among(Channel.id, absent))
            batch.channels |= {one.id: one for one in db.session.scalars(rows_of)}


def _turned(batch: Batch, inbound: Inbound, envelope: Envelope) -> Turn:
    """Turn the fault of one report."""
    fault, report = batch.faults[_key(inbound, envelope)], _report(envelope)
    unit = batch.units.get(report.serial)
    told_at = min(envelope.date, inbound.received_at) if envelope.date is not None else None
    closed_at = batch.closed_at(fault) if fault.state == "firing" else None
    seen = Seen(inbound.received_at, told_at, unit.visit_until if unit is not None else None, closed_at)
    settings = pace.of(inbound.channel.config)
    if closed_at is not None and not report.is_over and seen.at - closed_at > settings.returns:
        fault.state, fault.over_at = "over", closed_at  # somebody was done with it long ago: it is a new one
    turn = turning.told(fault, report, seen, settings)
    if turn is not Turn.STALE:
        fault.unit_id, fault.serial = unit.id if unit is not None else None, report.serial
    if not report.is_over and turn is not Turn.STALE:
        fault.title, fault.details = report.title, envelope.text
        _worsen(batch, fault, report.severity or severity.NORMAL)
    if turn is Turn.WAIT and unit is not None and unit.visit_until is not None:
        fault.quiet = _visit(unit)
    return turn


def _worsen(batch: Batch, fault: DeviceFault, told: int) -> None:
    if fault.count <= 1:
        fault.severity = told
    elif told > fault.severity:
        fault.severity = told
        if fault.ticket_id is not None:
            batch.raised[fault.ticket_id] = fault


def _passed(batch: Batch, fault: DeviceFault, at: datetime) -> Turn:
    unit = batch.units.get(fault.serial)
    until = unit.visit_until if unit is not None else None
    turn = turning.passed(fault, Seen(at, quiet_until=until), pace.of(batch.channels[fault.channel_id].config))
    if turn is Turn.WAIT:
        fault.quiet = _visit(unit) if unit is not None and until is not None else ""
    return turn


def _end(inbound: Inbound, fault: DeviceFault, turn: Turn) -> None:
    """Where one report ends; those of a fault that waits end with it."""
    inbound.reason, inbound.about = "", ""
    if turn in _ENDS:
        inbound.state, inbound.reason = "ignored", _ENDS[turn]
        if turn is Turn.BRIEF and fault.quiet:
            inbound.reason = f"{fault.quiet} {inbound.reason}"
    elif turn is Turn.WAIT:
        inbound.state, inbound.about = "early", _waits_for(fault)
    else:
        inbound.state, inbound.ticket_id = "done", fault.ticket_id


def _visit(unit: Unit) -> str:
    until = unit.visit_until.astimezone(UTC) if unit.visit_until is not None else now()
    return f"A visit to {unit.name} was planned until {until:%-d %b %H:%M} UTC."


def _report(envelope: Envelope) -> Report:
    assert envelope.report is not None
    return envelope.report


def _key(inbound: Inbound, envelope: Envelope) -> tuple[int, str, str]:
    report = _report(envelope)
    return inbound.channel_id, report.device, report.fault


def _settle(batch: Batch) -> None:
    """Say on the tickets how often it was told, and give what waited its end."""
    for ticket_id, fault in batch.seen.items():
        raising.count(batch.tickets[ticket_id], fault, batch)
    db.session.flush()
    waited_for = _waited_for(batch.ended)
    for one in batch.ended:
        if _waits_for(one.fault) in waited_for:
            _end_early(one, batch.messages.get(one.fault.id))


def _waited_for(ended: Sequence[Ended]) -> set[str]:
    """What reports wait for, of all that ended; mostly nothing, where alarms need not last."""
    if not ended:
        return set()
    names, channels = {_waits_for(one.fault) for one in ended}, {one.fault.channel_id for one in ended}
    early = select(Inbound.about).where(among(Inbound.channel_id, channels), Inbound.state == "early")
    return set(db.session.scalars(early.where(among(Inbound.about, names)).distinct()))


def _end_early(ended: Ended, message: Message | None) -> None:
    fault = ended.fault
    waiting = update(Inbound).where(
        Inbound.channel_id == fault.channel_id, Inbound.state == "early", Inbound.about == _waits_for(fault)
    )
    if ended.before_id is not None:
        waiting = waiting.where(Inbound.id < ended.before_id)
    ends: dict[str, object] = {"state": "ignored", "reason": ended.reason}
    if not ended.reason:
        ends = {"state": "done", "ticket_id": fault.ticket_id, "message_id": message.id if message else None}
    db.session.execute(waiting.values(about="", **ends).execution_options(synchronize_session="fetch"))


def _waits_for(fault: DeviceFault) -> str:
    return f"fault:{fault.id}"
