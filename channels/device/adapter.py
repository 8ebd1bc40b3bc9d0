"""Devices as a channel: reports in by HTTP or MQTT, and nothing out; each half is a file beside this one."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event as Stop

from channels.adapter import Arrival, Envelope, Outbound, Permanent, Result
from channels.capabilities import Capabilities, Talk
from channels.device import alertmanager, connecting, keys, listening, reading, receiving
from channels.device import connection as connections
from channels.device.connection import Connection
from channels.doors import Call, Json, Step, Take
from channels.models import Channel
from channels.payloads import Payload, PayloadParser

_CLOSED = "A machine reads no answers. Write a note here, or begin a ticket to whoever runs it."


class DeviceAdapter(PayloadParser):
    """What machines need of `channels.doors`."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def check(self, call: Call, connection: Connection) -> bool:
        """One of our keys stands in the Authorization header: `Bearer`, or as the password of `Basic` (RFC 7617)."""
        return _key_of(call, connection) is not None

    def split(self, raw: bytes) -> Sequence[Arrival]:
        return receiving.take_apart({}, raw, alertmanager.LABELS)

    def take_apart(self, call: Call, connection: Connection) -> Sequence[Arrival]:
        return receiving.take_apart(call.headers, call.raw, connection.labels, _key_of(call, connection))

    def subscribe(
        self, connection: Connection, cursor: Json, take: Take, end: Stop, say: Callable[[str], None]
    ) -> None:
        """Listen to the broker.

        Raises:
            SendError: it cannot be reached, or does not let us.
        """
        if connection.broker is None:
            raise Permanent("There is no broker to listen to. Enter one in its settings.")
        listening.subscribe(connection.broker, cursor, take, end, say)

    def capabilities(self, talk: Talk) -> Capabilities:  # noqa: ARG002 - the same everywhere
        return Capabilities(closed=_CLOSED)

    def send(
        self,
        outbound: Outbound,  # noqa: ARG002 - whatever it is
        connection: Connection,  # noqa: ARG002
        *,
        before_content: Callable[[], None] = lambda: None,  # noqa: ARG002
    ) -> tuple[Result, ...]:
        raise Permanent(_CLOSED)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        return connecting.check_form(values)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)


def _key_of(call: Call, connection: Connection) -> int | None:
    """The id of the key that came with the call. Every key is compared, so that time tells nothing."""
    given = keys.digest(_given(call.headers.get("authorization", "")))
    found = [key_id for key_id, known in connection.keys if hmac.compare_digest(known, given)]
    return found[0] if found else None


def _given(header: str) -> str:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
