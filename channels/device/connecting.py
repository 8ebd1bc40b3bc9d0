"""How machines are connected: the form, what can be wrong in it, and a test that tells nobody."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from channels.adapter import Retryable, SendError
from channels.device import pace, topics
from channels.device.connection import DEFAULT_TOPICS, PASSWORD, Broker, Connection
from channels.device.listening import Listener
from channels.doors import Field, Form, Step

_SECONDS = 10.0
_NAME = re.compile(r"[\w .()-]{1,60}\Z")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9_])?\Z")

FORM = Form(
    title="group of devices",
    intro="Machines report their faults, each by a key of its own or through your MQTT broker. A fault has one ticket, "
    "however often it is reported.",
    icon="radio-tower",
    address_label="What they are",
    address_hint="A short name for these devices, such as Cold rooms.",
    is_answered=False,
    fields=(
        Field(
            "incoming", "How reports come in", "Calls with a key are always taken; a broker is listened to as well.",
            choices=(("webhook", "They call us (HTTP)"), ("stream", "We listen to a broker (MQTT)")), preset="webhook",
        ),
        Field(
            "labels", "Labels that name the device", "Of Prometheus alerts: the first that an alert has.",
            preset="serial, device, instance",
        ),
        Field(
            pace.LASTS, "Seconds a fault must last", "Before a ticket is opened. What is over sooner tells nobody.",
            preset=pace.PRESETS[pace.LASTS],
        ),
        Field(
            pace.SETTLES, "Seconds it must stay over", "Before its ticket is closed, so that flapping does not show.",
            preset=pace.PRESETS[pace.SETTLES],
        ),
        Field(
            pace.RETURNS, "Minutes in which it is the same", "So soon after its end a fault opens its ticket again.",
            preset=pace.PRESETS[pace.RETURNS],
        ),
        Field("host", "Broker", "Only for MQTT: the name of its server, such as mqtt.example.com.", optional=True),
        Field("port", "Port", "8883 encrypted, 1883 not.", optional=True, preset="8883"),
        Field(
            "security", "Encryption", "Without it everybody on the way reads the password.",
            choices=(("tls", "TLS"), ("plain", "None")), preset="tls",
        ),
        Field("ca_file", "Certificate file", "Of an authority of your own: its path on this server.", optional=True),
        Field("username", "User name at the broker", optional=True),
        Field(PASSWORD, "Password at the broker", secret=True, optional=True),
        Field(
            "topics", "Topics", "With {device}, and {fault} if you like, where they stand. Commas between several.",
            preset=DEFAULT_TOPICS,
        ),
    ),
    elsewhere=frozenset({"host", "port", "security", "ca_file"}),
)  # fmt: skip


def check_form(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by field."""
    errors = pace.wrong(values)
    if not _NAME.match(values.get("address", "")):
        errors["address"] = "Enter a short name of letters and digits, such as Cold rooms."
    if values.get("incoming") == "stream":
        errors |= _wrong_broker(values)
    return errors


def test(connection: Connection) -> Iterator[Step]:
    """Are there keys, and does the broker let us listen."""
    count = len(connection.keys)
    if connection.broker is None:
        told = f"{count} {'key opens' if count == 1 else 'keys open'} this channel." if count else "Make a key below."
        yield Step("Keys", ok=bool(count), sentence=told)
        return
    try:
        yield from _test_broker(connection.broker)
    except SendError as error:
        yield Step("The broker", ok=False, sentence=error.reason)


def _test_broker(broker: Broker) -> Iterator[Step]:
    listener = Listener(broker, lasting=False)
    listener.connect()
    try:
        until = time.monotonic() + _SECONDS
        while not listener.is_ready and time.monotonic() < until:
            listener.listen(0.2)
    finally:
        listener.close()
    if not listener.is_ready:
        raise Retryable("The broker does not answer.")
    yield Step("The broker", ok=True, sentence=f"{broker.host} answered and knows us.")
    listed = ", ".join(one.topic_filter for one in broker.topics)
    yield Step("The topics", ok=True, sentence=f"It lets us listen to {listed}.")


def _wrong_broker(values: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not _HOST.match(values.get("host", "")):
        errors["host"] = "Enter the name of the server alone, such as mqtt.example.com."
    port = values.get("port", "")
    if not (port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65_536):
        errors["port"] = "Enter a number between 1 and 65,535."
    if wrong := topics.wrong(values.get("topics", "")):
        errors["topics"] = wrong
    if values.get("ca_file") and not Path(values["ca_file"]).is_file():
        errors["ca_file"] = "There is no such file on this server."
    return errors
