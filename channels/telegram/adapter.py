"""A Telegram bot as a channel: webhook or polling in, answers and files out; each half is a file beside this one."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.adapter import Arrival, Envelope, Kind, Outbound, Outcome, Permanent, Result, Retryable
from channels.capabilities import Capabilities, Talk
from channels.doors import Batch, Call, Step
from channels.models import Channel
from channels.payloads import Payload, PayloadParser, load
from channels.telegram import connecting, fetching, reading, sending
from channels.telegram import connection as connections
from channels.telegram.asking import ask
from channels.telegram.connection import Connection
from helpdesk.now import now

_HEADER = "x-telegram-bot-api-secret-token"
_AT_ONCE = 30
"""Updates of one look: each has some kilobytes at most, and the answer must stay under a megabyte."""
_WAIT = 25
"""Seconds a look may wait at Telegram until something comes in."""
_LATELY = 600
_GROUPS = frozenset({"group", "supergroup", "channel"})
_NOT_TO_US = "It was said in a group, and not to us."


class TelegramAdapter(PayloadParser):
    """Everything a channel may offer (`channels.doors`)."""

    form = connecting.FORM

    def connect(self, channel: Channel) -> Connection:
        return connections.read(channel)

    def read(self, payload: Payload) -> Envelope:
        return reading.read(payload)

    def seen_from(self, envelope: Envelope, address: str) -> Envelope:
        """In groups only what calls the bot by name, or answers it, is said to us."""
        is_group = dict(envelope.facts).get("type") in _GROUPS
        if is_group and envelope.kind is Kind.MESSAGE and address.lstrip("@").lower() not in envelope.delivered_to:
            return replace(envelope, kind=Kind.NOTHING, suspicion=_NOT_TO_US)
        return envelope

    def check(self, call: Call, connection: Connection) -> bool:
        """Telegram sends the secret we gave it with setWebhook."""
        given = call.headers.get(_HEADER, "")
        return bool(connection.hook_secret) and hmac.compare_digest(given.encode(), connection.hook_secret.encode())

    def split(self, raw: bytes) -> Sequence[Arrival]:
        """Each call is one update."""
        return [Arrival(_name(load(raw)), raw)]

    def poll(self, connection: Connection, cursor: dict[str, Any]) -> Batch:
        """getUpdates: asking with an offset tells Telegram that everything before it is stored here."""
        offset = int(cursor.get("offset", 0))
        found = ask(
            connection, "getUpdates", seconds=_WAIT + 15, is_read=True,
            offset=offset, limit=_AT_ONCE, timeout=_WAIT, allowed_updates=reading.KINDS,
        )  # fmt: skip
        updates = found.parts("result")
        arrivals = [Arrival(_name(one), json.dumps(one.fields, ensure_ascii=False).encode()) for one in updates]
        behind = max([offset, *(one.needed("update_id") + 1 for one in updates)])
        return Batch(arrivals, {"offset": behind})

    def arrange(self, connection: Connection) -> str:
        """Calls and asking exclude each other at Telegram: whichever is not wanted is ended.

        A token of another bot would mix its conversations with those that are known here, so it is not used.
        """
        connecting.check_owner(connection)
        if not connection.by_webhook:
            ask(connection, "deleteWebhook", drop_pending_updates=False, is_read=True)
            return "Telegram is asked for what is new all the time."
        ask(
            connection, "setWebhook", is_read=True,
            url=connection.hook, secret_token=connection.hook_secret, allowed_updates=reading.KINDS, max_connections=20,
        )  # fmt: skip
        info = ask(connection, "getWebhookInfo", is_read=True).part("result")
        failed = info.number("last_error_date") or 0
        if now().timestamp() - failed < _LATELY:
            raise Retryable(f"Telegram could not tell us what came in: {info.text('last_error_message')[:200]}.")
        return "Telegram calls us when something comes in."

    def fetch(self, reference: str, connection: Connection) -> bytes:
        return fetching.fetch(reference, connection)

    def capabilities(self, talk: Talk) -> Capabilities:
        return replace(sending.CAPABILITIES, shared=talk.facts.get("type") in _GROUPS)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """Send to the one conversation; who takes part in it reads it there."""
        recipient = outbound.recipient
        if recipient is None:
            return ()
        chat = outbound.conversation or recipient.address
        if not chat.removeprefix("-").isdecimal():
            raise Permanent("This is nobody Telegram knows.")
        answered = outbound.in_reply_to.rpartition(":")[2]
        done = sending.send(replace(outbound, in_reply_to=answered), connection, chat, before_content)
        return (Result(recipient.address, Outcome.ACCEPTED, external_id=done[-1] if done else "", pieces=done),)

    def check_form(self, values: Mapping[str, str], secrets: Mapping[str, str]) -> Mapping[str, str]:
        return connecting.check_form(values, secrets)

    def test(self, connection: Connection) -> Iterator[Step]:
        return connecting.test(connection)


def _name(update: Payload) -> str:
    return f"update:{update.needed('update_id')}"
