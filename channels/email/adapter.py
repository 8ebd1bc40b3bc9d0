"""E-mail as a channel: parse in the sandbox, send by SMTP or into a folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from channels.adapter import Envelope, Outbound, Outcome, Permanent, Quarantine, Result
from channels.email import composing, smtp
from channels.email import connection as connections
from channels.email.connection import Connection
from channels.email.sandbox import Sandbox
from channels.models import Channel
from helpdesk.settings import settings


class EmailAdapter:
    """One per process; the parser's child process starts with the first mail."""

    def __init__(self) -> None:
        trusted = (name.strip().lower() for name in settings().trusted_authserv.split(","))
        self._sandbox = Sandbox(trusted_authserv=frozenset(name for name in trusted if name))

    def connect(self, channel: Channel) -> Connection:
        """Servers and secrets of a mailbox; errors as `channels.adapter` names them."""
        return connections.read(channel)

    def parse(self, raw: bytes) -> Envelope:
        """Read one mail.

        Raises:
            Quarantine: it cannot be read safely.
        """
        return self._sandbox.parse(raw)

    def parse_each(self, raws: Sequence[bytes]) -> Iterator[Envelope | Quarantine]:
        """Read mails while the caller files those before; take all of them."""
        return self._sandbox.parse_each(raws)

    def send(
        self, outbound: Outbound, connection: Connection, *, before_content: Callable[[], None] = lambda: None
    ) -> tuple[Result, ...]:
        """Compose and submit once; errors as `channels.adapter` names them."""
        try:
            raw = composing.compose(outbound, loop_id=outbound.sender.address)
        except ValueError as error:
            raise Permanent(f"This message cannot be written as a mail: {error}") from error
        addresses = [recipient.address for recipient in outbound.recipients if recipient.pending]
        if connection.smtp is None:
            before_content()
            _drop(raw, outbound.external_id)
            return tuple(Result(address, Outcome.ACCEPTED) for address in addresses)
        sender = "" if outbound.automatic else outbound.sender.address
        return smtp.submit(
            connection.smtp,
            connection.smtp_secret,
            raw,
            sender=sender,
            recipients=addresses,
            before_content=before_content,
        )


def _drop(raw: bytes, external_id: str) -> None:
    """Put the mail as a file where whoever tries the product out finds it."""
    folder = settings().var / "outbox"
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(c for c in external_id if c.isalnum() or c in ".-")[:120]
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / f"{name}.eml")
