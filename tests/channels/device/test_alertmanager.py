"""A real Prometheus Alertmanager calls the product: alerts become tickets, and their end closes them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.serving import make_server

from channels.device.models import DeviceFault, DeviceKey
from channels.models import Inbound
from helpdesk.db import db
from helpdesk.now import now
from helpdesk.tickets.models import Priority, Status, Ticket
from tests.channels.contract import devices
from tests.fakes.alertmanager import Alertmanager
from tests.plugins.world import World

pytestmark = pytest.mark.alertmanager


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The product on a port, with a channel of machines."""
    devices.connected(settles="0")
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/device/{devices.HOOK}"
    server.shutdown()
    thread.join(10)
    server.server_close()


def filed(world: World, there: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while True:
        world.file()
        world.fresh()
        if there():
            return
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)


def faults() -> list[DeviceFault]:
    return list(db.session.scalars(select(DeviceFault).order_by(DeviceFault.device)))


class TestAlertmanager:
    def test_opens_a_ticket_for_each_alert_and_closes_it(self, world: World, address: str):
        labels = [
            {"alertname": "DischargePressureHigh", "instance": "crac-07", "severity": "critical"},
            {"alertname": "DischargePressureHigh", "instance": "crac-08", "severity": "warning"},
        ]
        began = now() - timedelta(minutes=1)
        with Alertmanager(address, devices.PLAIN) as one:
            one.alert(*labels, starts_at=began)
            filed(world, lambda: len(faults()) == 2)
            assert [(fault.device, fault.state) for fault in faults()] == [("crac-07", "firing"), ("crac-08", "firing")]
            tickets = [db.session.get_one(Ticket, fault.ticket_id) for fault in faults()]
            assert [ticket.priority for ticket in tickets] == [Priority.URGENT, Priority.NORMAL]
            assert tickets[0].subject == "DischargePressureHigh on crac-07"
            one.alert(labels[0], starts_at=began, ends_at=now())
            filed(world, lambda: faults()[0].state == "over")
        assert [ticket.status for ticket in tickets] == [Status.RESOLVED, Status.OPEN]
        assert set(db.session.scalars(select(Inbound.state))) == {"done"}
        assert db.session.scalars(select(DeviceKey)).one().used_at is not None

    def test_with_a_key_that_is_none_brings_nothing(self, world: World, address: str):
        with Alertmanager(address, "kept_another") as one:
            one.alert({"alertname": "Warm", "instance": "a1"}, starts_at=now())
            time.sleep(3)
        world.file()
        assert faults() == []
        assert db.session.scalars(select(Inbound)).all() == []
