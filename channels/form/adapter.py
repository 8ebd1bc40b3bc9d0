"""A web form as a channel: what is sent becomes a ticket, and the conversation is handed to a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from channels.adapter import Envelope, Outbound, Permanent, Result
from channels.doors import Snippet, Step
from channels.form import connecting, reading
from channels.form.connecting import Connection
from channels.models import Channel
from channels.payloads import Payload, PayloadParser


class FormAdapter(PayloadParser):
    """It takes in alone: a page cannot be answered."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connecting.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def mailbox(self, config: Mapping[str, Any]) -> str:
        """Where its answers leave from."""
        return str(config.get("mailbox", ""))

    def send(
        self,
        outbound: Outbound,  # noqa: ARG002 - nothing leaves
        connection: Connection,  # noqa: ARG002
        *,
        before_content: Callable[[], None] = lambda: None,  # noqa: ARG002
    ) -> tuple[Result, ...]:
        """Nothing leaves by a form.

        Raises:
            Permanent: always.
        """
        raise Permanent("A form is answered by mail, and no mailbox is connected. Connect one in Settings.")

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002
        return connecting.check_form(values)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)

    def embed(self, connection: Connection) -> Sequence[Snippet]:
        return connecting.embed(connection)
