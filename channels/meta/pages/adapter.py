"""The adapter of the Messenger Platform; Messenger and Instagram are its two flavours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from channels.adapter import Arrival, Envelope, Kind, Outbound, Outcome, Permanent, Result
from channels.capabilities import Capabilities, Talk
from channels.doors import Call, Form, Step
from channels.meta.graph import connection as connections
from channels.meta.graph import signature, window
from channels.meta.graph.asking import get
from channels.meta.graph.connection import Connection
from channels.meta.pages import connecting, fetching, reading, sending, splitting
from channels.meta.pages.flavours import Flavour
from channels.models import Channel
from channels.payloads import Payload, PayloadParser

_LATE = "They wrote more than a day ago. Answer yourself: Meta lets a person through for seven days."


class PagesAdapter(PayloadParser):
    """All but polling: Meta calls us."""

    flavour: ClassVar[Flavour]
    form: ClassVar[Form]

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload, self.flavour)

    def seen_from(self, envelope: Envelope, address: str) -> Envelope:
        """One app's calls may be about several pages; here only our own is heard."""
        if dict(envelope.facts).get(reading.ACCOUNT) != address:
            return replace(envelope, kind=Kind.NOTHING, suspicion="It is for another account, which is not connected.")
        return envelope

    def check(self, call: Call, connection: Connection) -> bool:
        return signature.is_genuine(call, connection)

    def challenge(self, call: Call, connection: Connection) -> str:
        return signature.challenge(call, connection)

    def split(self, raw: bytes) -> Sequence[Arrival]:
        return splitting.split(raw, self.flavour)

    def fetch(self, reference: str, connection: Connection) -> bytes:  # noqa: ARG002 - the address is enough
        return fetching.fetch(reference)

    def name_of(self, address: str, connection: Connection) -> str:
        """messenger-platform/identity/user-profile; it needs a permission of its own."""
        if not address.isdecimal():
            return ""
        said = get(connection, address, {"fields": self.flavour.profile})
        parts = [said.text("first_name"), said.text("last_name")]
        return said.text("name") or " ".join(filter(None, parts)) or said.text("username")

    def capabilities(self, talk: Talk) -> Capabilities:
        """Everything for a day, behind it a person's own words until the week is over."""
        late = not window.is_free(talk.last_inbound_at)
        return replace(
            self.flavour.able,
            reply_window_until=window.ends(talk.last_inbound_at, window.HUMAN),
            automatic_until=window.ends(talk.last_inbound_at, window.FREE),
            cost_hint=_LATE if late else "",
        )

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        recipient = outbound.recipient
        if recipient is None:
            return ()
        whom = outbound.conversation or recipient.address
        if not whom.isdecimal():
            raise Permanent(f"This is nobody {self.flavour.name} knows.")
        done = sending.send(outbound, connection, self.flavour, whom, before_content)
        return (Result(recipient.address, Outcome.ACCEPTED, external_id=done[-1] if done else "", pieces=done),)

    def arrange(self, connection: Connection) -> str:
        return connecting.arrange(connection, self.flavour)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets, self.flavour)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection, self.flavour)
