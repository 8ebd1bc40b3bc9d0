"""Web chat as a channel whose provider is the product itself: an answer is there when it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from channels import signing
from channels.adapter import Envelope, Outbound, Outcome, Permanent, Result
from channels.capabilities import Capabilities, Files, Talk
from channels.chat import connecting, reading
from channels.chat import connection as connections
from channels.chat.connection import Connection
from channels.doors import Snippet, Step
from channels.models import Channel
from channels.payloads import Payload, PayloadParser

CAPABILITIES = Capabilities(
    max_length=10_000, files=Files(count=10, size=25 * 1000 * 1000), typing=True, immediate=True
)


class ChatAdapter(PayloadParser):
    """Sending is saying: the visitor's page shows what is said, and tells when it was shown and read."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def capabilities(self, talk: Talk) -> Capabilities:  # noqa: ARG002 - the same everywhere
        return CAPABILITIES

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """Name it, so that news of it find it; the same at every try, and it tells nothing of how many there are."""
        recipient = outbound.recipient
        if recipient is None:
            return ()
        if not outbound.conversation:
            raise Permanent("They have no conversation with us in the chat.")
        before_content()
        name = signing.name_of("chat-answer", f"{connection.key} {outbound.key}")
        return (Result(recipient.address, Outcome.ACCEPTED, external_id=name),)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)

    def embed(self, connection: Connection) -> Sequence[Snippet]:
        return connecting.embed(connection)
