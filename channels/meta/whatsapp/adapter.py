"""A WhatsApp number as a channel; each half is a file beside this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from channels.adapter import Arrival, Envelope, Kind, Outbound, Outcome, Permanent, Result, WindowClosed
from channels.capabilities import Capabilities, Talk
from channels.doors import Call, Step
from channels.meta.graph import connection as connections
from channels.meta.graph import signature, window
from channels.meta.graph.connection import Connection
from channels.meta.whatsapp import connecting, media, reading, sending, splitting, templates
from channels.models import Channel
from channels.payloads import Payload, PayloadParser
from channels.templates import Template

_USER = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,140}\Z")
_OVER = "They wrote more than a day ago. Behind that WhatsApp lets approved templates through alone: choose one."


class WhatsAppAdapter(PayloadParser):
    """All but polling: Meta calls us."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def seen_from(self, envelope: Envelope, address: str) -> Envelope:
        """One app's calls may be about several numbers; here only our own is heard."""
        number = dict(envelope.facts).get(reading.NUMBER, "")
        if number and number != address:
            return replace(envelope, kind=Kind.NOTHING, suspicion="It is for another number, which is not connected.")
        return envelope

    def check(self, call: Call, connection: Connection) -> bool:
        return signature.is_genuine(call, connection)

    def challenge(self, call: Call, connection: Connection) -> str:
        return signature.challenge(call, connection)

    def split(self, raw: bytes) -> Sequence[Arrival]:
        return splitting.split(raw)

    def fetch(self, reference: str, connection: Connection) -> bytes:
        return media.fetch(reference, connection)

    def templates(self, connection: Connection) -> Sequence[Template]:
        return templates.listed(connection)

    def capabilities(self, talk: Talk) -> Capabilities:
        """Everything for a day, templates behind it."""
        free = window.is_free(talk.last_inbound_at)
        until = window.ends(talk.last_inbound_at, window.FREE)
        return replace(sending.CAPABILITIES, reply_window_until=until, closed="" if free else _OVER, templates=not free)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        recipient = outbound.recipient
        if recipient is None:
            return ()
        if outbound.prepared is None and not window.is_free(outbound.heard_at):
            raise WindowClosed(_OVER)
        whom = _whom(dict(outbound.facts).get(reading.WA_ID, ""), outbound.conversation or recipient.address)
        done = sending.send(outbound, connection, whom, before_content)
        return (Result(recipient.address, Outcome.ACCEPTED, external_id=done[-1] if done else "", pieces=done),)

    def arrange(self, connection: Connection) -> str:
        return connecting.arrange(connection)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)


def _whom(number: str, named: str) -> dict[str, str]:
    """Their number where WhatsApp told it, else their user id.

    Raises:
        Permanent: it is neither.
    """
    for found in (number, named):
        if found.isdecimal() and len(found) < 20:
            return {"to": found}
    if _USER.match(named):
        return {"recipient": named}
    raise Permanent("This is nobody WhatsApp knows: they may have another number by now.")
