"""A real MQTT broker tells of faults: stored before they are acknowledged, nothing lost, nothing twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from channels import feeding, joining
from channels.adapter import Arrival, AuthExpired, Permanent, Retryable
from channels.device import connection, listening
from channels.device.models import DeviceFault
from channels.feeding import Pace
from channels.models import Channel, Inbound
from helpdesk.db import db
from helpdesk.tickets.models import Ticket
from tests.channels.contract import devices
from tests.fakes.mosquitto import PASSWORD, USER, Mosquitto
from tests.fakes.ports import free_port
from tests.plugins.world import World

pytestmark = pytest.mark.mosquitto

QUICK = Pace(look=1, first=0.1, most=0.5)
REPORT = {"fault": "E17", "title": "Discharge pressure high"}


@pytest.fixture(scope="module")
def running() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture
def broker(running: Mosquitto) -> Mosquitto:
    return running


def channel_of(broker: Mosquitto, name: str, **more: str) -> Channel:
    """A channel that listens to it; the name makes its session one of its own."""
    config = {"incoming": "stream", "host": broker.host, "port": str(broker.port), "security": "plain"}
    topics = f"devices/{name}/{{device}}/faults"
    channel = devices.connected(**{**config, "username": USER, "topics": topics, "settles": "0", **more})
    channel.hook_key = name
    seal(channel, PASSWORD)
    return channel


def seal(channel: Channel, password: str) -> None:
    joining.sealing.seal(channel, {connection.PASSWORD: password})
    db.session.commit()


@contextmanager
def fed(app: Flask, channel_id: int) -> Iterator[None]:
    """As the worker feeds it."""
    end = threading.Event()
    thread = threading.Thread(target=feeding.feed, args=(app, channel_id, end, QUICK))
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(30)
        assert not thread.is_alive()


def wait_for(there: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)
        db.session.rollback()


def stored(channel_id: int) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Inbound.channel_id == channel_id)) or 0


def is_connected(channel_id: int) -> bool:
    db.session.expire_all()
    return db.session.get_one(Channel, channel_id).state == "working" and bool(
        db.session.get_one(Channel, channel_id).state_text
    )


def connected(channel_id: int) -> None:
    wait_for(lambda: is_connected(channel_id))


class TestTheBroker:
    def test_tells_of_a_fault_by_the_device_of_its_topic(self, world: World, broker: Mosquitto):
        channel_id = channel_of(broker, "first").id
        with fed(world.app, channel_id):
            connected(channel_id)
            broker.say("devices/first/KX40-1/faults", {**REPORT, "device": "pretended"})
            broker.say("devices/first/KX40-1/faults", {**REPORT, "state": "recovered"})
            wait_for(lambda: stored(channel_id) == 2)
        world.file()
        world.fresh()
        fault = db.session.scalars(select(DeviceFault)).one()
        assert (fault.device, fault.fault, fault.state) == ("KX40-1", "E17", "over")
        assert db.session.get_one(Ticket, fault.ticket_id).subject == "Discharge pressure high"

    def test_keeps_what_we_miss(self, world: World, broker: Mosquitto):
        channel_id = channel_of(broker, "missed").id
        with fed(world.app, channel_id):
            connected(channel_id)
        broker.say("devices/missed/a1/faults", *[{**REPORT, "n": place} for place in range(50)])
        assert stored(channel_id) == 0
        with fed(world.app, channel_id):
            wait_for(lambda: stored(channel_id) == 50)

    def test_may_be_killed_and_come_back(self, world: World):
        with Mosquitto() as broker:
            channel_id = channel_of(broker, "killed").id
            with fed(world.app, channel_id):
                connected(channel_id)
                broker.say("devices/killed/a1/faults", REPORT)
                wait_for(lambda: stored(channel_id) == 1)
                broker.stop()
                wait_for(lambda: not is_connected(channel_id))
                broker.start()
                broker.say("devices/killed/a1/faults", REPORT)
                wait_for(lambda: stored(channel_id) == 2)
                connected(channel_id)

    def test_says_how_things_stood_and_that_is_no_news(self, world: World, broker: Mosquitto):
        broker.say("devices/retained/a1/faults", REPORT, retain=True)
        channel_id = channel_of(broker, "retained").id
        with fed(world.app, channel_id):
            wait_for(lambda: stored(channel_id) == 1)
            broker.say("devices/retained/b2/faults", REPORT)
            wait_for(lambda: stored(channel_id) == 2)
        with fed(world.app, channel_id):
            connected(channel_id)
            time.sleep(0.7)
        world.file()
        world.fresh()
        ends = db.session.execute(select(Inbound.state, Inbound.reason).order_by(Inbound.id)).all()
        assert [state for state, _ in ends] == ["ignored", "done"]
        assert ends[0][1].startswith("The broker kept it from before")
        assert [one.device for one in db.session.scalars(select(DeviceFault))] == ["b2"]

    @pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*SSLSocket"
    )  # paho leaves a refused socket to the collector
    def test_is_trusted_only_with_a_certificate_we_trust(self, world: World, broker: Mosquitto):
        safe = {"port": str(broker.tls_port), "security": "tls"}
        channel = channel_of(broker, "tls", **safe, ca_file=str(broker.certificate.ca))
        with fed(world.app, channel.id):
            connected(channel.id)
        channel.config = {**channel.config, "ca_file": ""}
        reached = connection.read(channel).broker
        assert reached is not None
        with given_up_on(threading.Event()) as end, pytest.raises(Permanent, match="certificate"):
            listening.subscribe(reached, {}, nothing, end, lambda _: None)

    def test_that_does_not_know_us_says_so(self, world: World, broker: Mosquitto):
        channel = channel_of(broker, "unknown")
        seal(channel, "wrong")
        reached = connection.read(channel).broker
        assert reached is not None
        with given_up_on(threading.Event()) as end, pytest.raises(AuthExpired):
            listening.subscribe(reached, {}, nothing, end, lambda _: None)

    def test_that_is_not_there_is_tried_again(self, world: World, broker: Mosquitto):
        channel = channel_of(broker, "gone", port=str(free_port()))
        reached = connection.read(channel).broker
        assert reached is not None
        with pytest.raises(Retryable, match="cannot be reached"):
            listening.subscribe(reached, {}, nothing, threading.Event(), lambda _: None)


def nothing(arrivals: Sequence[Arrival], cursor: dict[str, Any]) -> None:
    del arrivals, cursor


class _Killed(Exception):
    """The process dies here."""


class TestAnAcknowledgement:
    def test_comes_only_after_the_commit(self, world: World, broker: Mosquitto):
        """Killed before the commit: nothing is stored, and the broker tells it again."""
        reached = connection.read(channel_of(broker, "before")).broker
        assert reached is not None
        taken: list[Arrival] = []

        def take(arrivals: Sequence[Arrival], _: dict[str, Any]) -> None:
            if not taken:
                taken.append(arrivals[0])
                raise _Killed

            taken.extend(arrivals)
            end.set()

        end = threading.Event()
        subscribe(reached)
        broker.say("devices/before/a1/faults", REPORT)
        with pytest.raises(_Killed):
            listening.subscribe(reached, {}, take, end, lambda _: None)
        with given_up_on(end):
            listening.subscribe(reached, {}, take, end, lambda _: None)
        assert [one.raw for one in taken] == [taken[0].raw] * 2

    def test_that_is_lost_stores_nothing_twice(self, world: World, broker: Mosquitto):
        """Killed between the commit and the acknowledgement: told again, known again."""
        channel = channel_of(broker, "after")
        reached = connection.read(channel).broker
        assert reached is not None
        kept: list[tuple[list[Arrival], dict[str, Any]]] = []

        def take(arrivals: Sequence[Arrival], cursor: dict[str, Any]) -> None:
            kept.append((list(arrivals), dict(cursor)))
            if len(kept) == 1:
                raise _Killed  # what it was given is committed all the same
            end.set()

        end = threading.Event()
        subscribe(reached)
        broker.say("devices/after/a1/faults", REPORT)
        with pytest.raises(_Killed):
            listening.subscribe(reached, {}, take, end, lambda _: None)
        with given_up_on(end):
            listening.subscribe(reached, kept[0][1], take, end, lambda _: None)
        assert [len(arrivals) for arrivals, _ in kept] == [1, 0]


@contextmanager
def given_up_on(end: threading.Event, seconds: float = 30) -> Iterator[threading.Event]:
    """What never comes fails a test, and does not hold it up for ever."""
    timer = threading.Timer(seconds, end.set)
    timer.start()
    try:
        yield end
    finally:
        timer.cancel()
        timer.join()


def subscribe(broker: connection.Broker) -> None:
    """Have the broker keep for us what comes."""
    listener = listening.Listener(broker)
    listener.connect()
    while not listener.is_ready:
        listener.listen(0.2)
    listener.close()


class TestItsSettings:
    def test_are_tried_without_disturbing_anybody(self, world: World, broker: Mosquitto):
        channel = channel_of(broker, "tried")
        adapter = joining.registry.adapter("device")
        steps = list(adapter.test(adapter.connect(channel)))  # type: ignore[attr-defined]
        assert [step.ok for step in steps] == [True, True]

    def test_say_what_is_wrong(self, world: World, broker: Mosquitto):
        channel = channel_of(broker, "wrong", port=str(free_port()))
        adapter = joining.registry.adapter("device")
        (step,) = adapter.test(adapter.connect(channel))  # type: ignore[attr-defined]
        assert (step.ok, "cannot be reached" in step.sentence) == (False, True)


class TestWhatIsNoReport:
    def test_is_kept_aside_as_it_came(self, world: World, broker: Mosquitto):
        channel_id = channel_of(broker, "garbage").id
        with fed(world.app, channel_id):
            connected(channel_id)
            broker.say("devices/garbage/a1/faults", b"\xff\x00", b"on", {"state": "firing"})
            wait_for(lambda: stored(channel_id) == 3)
        world.file()
        world.fresh()
        rows = db.session.execute(select(Inbound.state, Inbound.raw).order_by(Inbound.id)).all()
        assert [state for state, _ in rows] == ["quarantined"] * 3
        assert [raw for _, raw in rows][:2] == [b"\xff\x00", b"on"]
