"""A telephone number as a channel: text messages both ways, calls that come in, and pages that leave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from channels.adapter import Arrival, Envelope, Outbound, Quarantine, Result
from channels.capabilities import Capabilities, Talk
from channels.doors import Call, House, Prompt, Step
from channels.each import each
from channels.models import Channel
from channels.payloads import Payload, PayloadParser
from channels.phone import connecting, fetching, fields, reading, sending, signature, talking
from channels.phone import connection as connections
from channels.phone.connection import Connection


class PhoneAdapter(PayloadParser):
    """What Twilio's language offers (`channels.doors`)."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        """Account and secret; errors as `channels.adapter` names them."""
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def check(self, call: Call, connection: Connection) -> bool:
        """It is signed over our address and its fields."""
        try:
            return signature.is_genuine(connection.token, call)
        except Quarantine:
            return False

    def split(self, raw: bytes) -> Sequence[Arrival]:
        """Each call is one event; it is kept as JSON, field by field as it came."""
        said = fields.read(raw)
        return [Arrival(fields.name_of(said), json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"))]

    def prompt(self, call: Call, connection: Connection, house: House) -> Prompt:
        return talking.prompt(call, connection, house)

    def arrange(self, connection: Connection) -> str:
        return connecting.arrange(connection)

    def fetch(self, reference: str, connection: Connection) -> bytes:
        return fetching.fetch(reference, connection)

    def capabilities(self, talk: Talk) -> Capabilities:
        return sending.capabilities(talk)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """Text or call each pending recipient, once."""
        before_content()
        return each(outbound, partial(sending.one, outbound, connection))

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)
