"""A Slack workspace as a channel: conversations, pages and their buttons; each half is a file beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Event as Stop
from typing import Any

from channels.adapter import Arrival, Envelope, Outbound, Result
from channels.capabilities import Capabilities, Talk
from channels.doors import Call, Press, Reply, Step
from channels.each import each
from channels.models import Channel
from channels.payloads import Payload, PayloadParser
from channels.slack import calls, choosing, connecting, files, line, paging, reading, sending, signature
from channels.slack import connection as connections
from channels.slack.asking import asked
from channels.slack.client import client
from channels.slack.connection import Connection


class SlackAdapter(PayloadParser):
    """Events and presses in, by calls or on a line; answers, files and pages out."""

    form = connecting.FORM
    how = "slack"

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def choose(self, envelope: Envelope, config: Mapping[str, Any]) -> Envelope:
        return choosing.choose(envelope, config)

    def check(self, call: Call, connection: Connection) -> bool:
        stamp = call.headers.get("x-slack-request-timestamp", "")
        given = call.headers.get("x-slack-signature", "")
        return signature.is_right(connection.signing_secret, call.raw, stamp, given)

    def split(self, raw: bytes) -> Sequence[Arrival]:
        return calls.split(raw)

    def presses(self, raw: bytes) -> Sequence[Press]:
        return calls.presses(raw)

    def reply(self, raw: bytes) -> Reply:
        return calls.reply(raw)

    def stream(
        self, connection: Connection, take: Callable[[bytes], Reply], opened: Callable[[], None], end: Stop
    ) -> None:
        line.stream(connection, take, opened, end)

    def arrange(self, connection: Connection) -> str:
        return connecting.arrange(connection)

    def fetch(self, reference: str, connection: Connection) -> bytes:
        return files.fetch(reference, connection)

    def name_of(self, address: str, connection: Connection) -> str:
        """As they call themselves in Slack (docs.slack.dev/reference/methods/users.info)."""
        slack = client(connection)
        user = asked(lambda: slack.users_info(user=address.rpartition(":")[2]), is_read=True).part("user")
        profile = user.part("profile")
        return profile.text("real_name") or user.text("real_name") or profile.text("display_name") or user.text("name")

    def capabilities(self, talk: Talk) -> Capabilities:
        is_direct = talk.facts.get("channel", "").startswith("D")  # as Slack names direct messages
        return replace(sending.CAPABILITIES, shared=not is_direct)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """To the conversation with a customer; what belongs to none goes to each person, once."""
        if outbound.conversation or any(":" in one.address for one in outbound.recipients):
            return sending.send(outbound, connection, before_content)
        slack = client(connection)
        before_content()
        return each(outbound, partial(paging.send, slack, outbound))

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)
