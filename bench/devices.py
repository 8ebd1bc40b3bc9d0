"""A storm of machines: 10,000 reports, 30 % of them sent twice, from bytes to the few tickets they make."""

from __future__ import annotations

import json
import random

from sqlalchemy import func, select, text

from bench.ground import Ground, app_on, direct
from bench.meter import measured
from bench.seeding import base
from bench.table import Line
from channels import intake
from channels.device import receiving
from channels.device.models import DeviceFault
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.tickets.models import Ticket

SENT = 10_000
_DISTINCT = 7_000
_DEVICES, _FAULTS = 40, 3
_CALL = 100
"""Reports of one call."""


def lines(place: Ground) -> list[Line]:
    """Reports a second, and how many tickets the storm made; it fails when one is too many or missing."""
    url = place.fresh("devices")
    with direct(url) as connection:
        base(connection)
    app = app_on(url)
    with app.app_context():
        channel_id = _channel()
        with measured(place.server.pid) as taking:
            for call in _calls():
                intake.accept(db.session.get_one(Channel, channel_id), receiving.take_apart({}, call, ()))
        with measured(place.server.pid) as filing:
            while intake.process_waiting():
                db.session.remove()
        tickets = _checked()
    place.drop("devices")
    spent = taking.wall + filing.wall
    return [
        Line(
            "devices: a storm",
            f"{SENT / spent:.0f} reports/s ({SENT / taking.wall:.0f} taken in, {_DISTINCT / filing.wall:.0f} filed), "
            f"{tickets} tickets",
            ">= 1000 reports/s",
            SENT / spent >= 1000,
            cpu=f"{_ms(taking.app + filing.app):.2f} ms + db {_ms(taking.database + filing.database):.2f}",
            others=filing.others,
            peer="",
        )
    ]


def _ms(seconds: float) -> float:
    """Milliseconds for each report."""
    return 1000 * seconds / SENT


def _channel() -> int:
    channel = Channel(
        kind="device", brand_id=1, name="Machines", address="Machines", config={"settles": "60"}, secrets={}, cursor={},
        created_at=db.session.scalar(select(func.now())), hook_key="bench",
    )  # fmt: skip
    db.session.add(channel)
    db.session.commit()
    return channel.id


def _calls() -> list[bytes]:
    told = [
        {"device": f"unit-{n % _DEVICES}", "fault": f"E{n // _DEVICES % _FAULTS}", "id": str(n), "severity": "error"}
        for n in range(_DISTINCT)
    ]
    chance = random.Random(5)
    storm = [*told, *chance.choices(told, k=SENT - _DISTINCT)]
    chance.shuffle(storm)
    return [json.dumps({"events": storm[at : at + _CALL]}).encode() for at in range(0, SENT, _CALL)]


def _checked() -> int:
    tickets = db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.channel_kind == "device")) or 0
    counted = db.session.scalar(select(func.sum(DeviceFault.count))) or 0
    ended = db.session.scalar(select(func.count()).select_from(Inbound).where(Inbound.state == "done")) or 0
    found = (tickets, int(counted), ended, db.session.scalar(text("SELECT count(*) FROM inbound")))
    if found != (_DEVICES * _FAULTS, _DISTINCT, _DISTINCT, _DISTINCT):
        raise RuntimeError(f"tickets, counted, ended, stored: {found}")
    return tickets
