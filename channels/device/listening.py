"""A broker is listened to by MQTT 3.1.1: what it sends is stored first and acknowledged then (QoS 1, own hand).

The session is kept at the broker (`clean_session` is off), so that it keeps for us what we miss. A message that comes a
second time because its acknowledgement was lost is known by its number and its words, which are remembered together
with what was stored.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import time
from collections.abc import Callable
from threading import Event as Stop
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from channels.adapter import Arrival, AuthExpired, Permanent, Quarantine, Retryable, SendError
from channels.device import receiving, topics
from channels.device.connection import Broker
from channels.doors import Json, Take
from channels.payloads import MOST_BYTES, Payload, load
from helpdesk.now import now

_AT_ONCE = 500
_REMEMBERED = 200
_CONNECT_SECONDS = 10.0
_UNTRUSTED = "The broker’s certificate is not valid for its name, or nobody we trust signed it."
_ANSWER_SECONDS = 20.0
_SLICE = 0.5
"""Seconds after which it is looked whether to end."""


class Listener:
    """One connection to a broker, from `connect` to `close`."""

    def __init__(self, broker: Broker, *, lasting: bool = True) -> None:
        self.waiting: list[mqtt.MQTTMessage] = []
        self.is_ready = False
        self._broker = broker
        self._trouble: SendError | None = None
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id if lasting else f"{broker.client_id}-t",
            clean_session=not lasting,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._client.connect_timeout = _CONNECT_SECONDS
        if broker.username:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.is_encrypted:
            self._client.tls_set_context(_trusting(broker.ca_file))
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._came

    def connect(self) -> None:
        """Reach the broker and ask for the topics.

        Raises:
            SendError: it is not there, is not who it says, or does not let us.
        """
        try:
            self._client.connect(self._broker.host, self._broker.port, keepalive=30)
        except ssl.SSLCertVerificationError as error:
            raise Permanent(_UNTRUSTED) from error
        except (ssl.SSLError, OSError, ValueError) as error:
            raise Retryable(f"The broker at {self._broker.host} cannot be reached.") from error

    def listen(self, seconds: float) -> None:
        """Hear what comes in for so long at most; it is in `waiting` then.

        Raises:
            SendError: the connection is gone, or the broker refuses us.
        """
        outcome = self._client.loop(seconds)
        heard = -1
        while outcome == MQTTErrorCode.MQTT_ERR_SUCCESS and heard < len(self.waiting) < _AT_ONCE and self.waiting:
            heard = len(self.waiting)
            outcome = self._client.loop(0)
        if self._trouble is not None:
            raise self._trouble
        if outcome != MQTTErrorCode.MQTT_ERR_SUCCESS and not self.waiting:
            raise Retryable("The connection to the broker broke.")

    def acknowledge(self) -> None:
        """Tell the broker that all of `waiting` is stored."""
        for message in self.waiting:
            self._client.ack(message.mid, message.qos)
        self.waiting = []

    def close(self) -> None:
        self._client.disconnect()

    def _connected(
        self, client: mqtt.Client, _: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            refused = str(reason) in {"Not authorized", "Bad user name or password", "Bad authentication method"}
            self._trouble = (
                AuthExpired("The broker does not know this name and password.")
                if refused
                else Retryable(f"The broker does not take us now: {str(reason)[:80]}.")
            )
            return
        client.subscribe([(one.topic_filter, 1) for one in self._broker.topics])

    def _subscribed(
        self, _client: mqtt.Client, _: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for pattern, reason in zip(self._broker.topics, reasons, strict=False):
            if reason.is_failure:
                self._trouble = Permanent(f"The broker does not let us listen to {pattern.topic_filter}.")
                return
        self.is_ready = True

    def _came(self, _client: mqtt.Client, _: Any, message: mqtt.MQTTMessage) -> None:
        self.waiting.append(message)


def subscribe(broker: Broker, cursor: Json, take: Take, end: Stop, say: Callable[[str], None]) -> None:
    """Listen until told to end.

    Raises:
        SendError: the connection is gone, or cannot be made.
    """
    taken: dict[str, str] = dict(cursor.get("taken", {}))
    listener = Listener(broker)
    listener.connect()
    said, patient_until = False, time.monotonic() + _ANSWER_SECONDS
    try:
        while not end.is_set():
            listener.listen(_SLICE)
            if listener.is_ready and not said:
                say(f"Connected to {broker.host}.")
                said = True
            if not said and time.monotonic() > patient_until:
                raise Retryable("The broker does not answer.")
            if listener.waiting:
                taken = _store(listener, broker, taken, take)
    finally:
        listener.close()


def _store(listener: Listener, broker: Broker, taken: dict[str, str], take: Take) -> dict[str, str]:
    """Store what came, then acknowledge it; what is remembered of it."""
    arrivals: list[Arrival] = []
    for message in listener.waiting:
        words = _digest(message)
        if message.dup and taken.get(str(message.mid)) == words:
            continue  # stored before; only its acknowledgement was lost
        arrivals += arrivals_of(broker, message)
        if message.qos:
            taken.pop(str(message.mid), None)
            taken[str(message.mid)] = words
    kept = dict(list(taken.items())[-_REMEMBERED:])
    take(arrivals, {"taken": kept})
    listener.acknowledge()
    return kept


def arrivals_of(broker: Broker, message: mqtt.MQTTMessage) -> list[Arrival]:
    """One message as what is stored; what is no report is kept aside as it came."""
    named = topics.names(broker.topics, message.topic)
    try:
        body = load(bytes(message.payload))
        events = body.parts("events") if "events" in body else [body]
    except Quarantine as error:
        return [Arrival(receiving.digest(""), bytes(message.payload[:MOST_BYTES]), refusal=error.reason)]
    return [_arrival(message, named, one, place) for place, one in enumerate(events)]


def _arrival(message: mqtt.MQTTMessage, named: dict[str, str], event: Payload, place: int) -> Arrival:
    name = f"mqtt {message.topic} {event.text('id')}" if isinstance(event.fields.get("id"), str) else ""
    if message.retain:
        day = now().strftime("%Y-%m-%d")
        name = f"retained {day} {message.topic} {place} {_digest(message)}"
    form = "cloud" if "specversion" in event else "plain"
    raw = receiving.stored(form, event.fields, topic=message.topic, retained=message.retain, **named)
    return Arrival(receiving.digest(name), raw)


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """Certificates and host names are always checked, against `ca_file` where there is one.

    Raises:
        Permanent: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"The certificate file {ca_file} could not be read. Choose another one.") from error


def _digest(message: mqtt.MQTTMessage) -> str:
    return hashlib.sha256(json.dumps(message.topic).encode() + message.payload).hexdigest()[:32]
