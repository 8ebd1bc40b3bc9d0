"""An account on X as a channel: posts that name it and direct messages, by asking and by call; answers and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from channels.adapter import Arrival, Envelope, Outbound, Result
from channels.capabilities import Capabilities, Talk
from channels.doors import Batch, Call, Step
from channels.models import Channel
from channels.payloads import Payload, PayloadParser
from channels.x import connecting, fetching, polling, reading, sending, signature
from channels.x import connection as connections
from channels.x.connection import Connection


class XAdapter(PayloadParser):
    """Everything a channel may offer (`channels.doors`) but to be arranged: its calls are set up at X."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def check(self, call: Call, connection: Connection) -> bool:
        return signature.check(call, connection.api_secret)

    def challenge(self, call: Call, connection: Connection) -> str:
        return signature.answer(call, connection.api_secret)

    def split(self, raw: bytes) -> Sequence[Arrival]:
        return reading.split(raw)

    def poll(self, connection: Connection, cursor: dict[str, Any]) -> Batch:
        return polling.poll(connection, cursor)

    def fetch(self, reference: str, connection: Connection) -> bytes:
        return fetching.fetch(reference, connection)

    def capabilities(self, talk: Talk) -> Capabilities:
        return sending.capabilities(talk)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        return sending.send(outbound, connection, before_content)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)
