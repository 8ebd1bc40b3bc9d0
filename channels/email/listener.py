"""Take mail in by SMTP or LMTP: 250 is said only after the mail is stored, and only for addresses that are ours."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST = 50 * 1024 * 1024
"""Bytes; announced as SIZE."""
_CONNECTIONS = 100
_AT_ONCE = 16
_RECIPIENTS = 100
_IDLE = 60.0
_DATA = 600.0
_LONGEST_LINE = 1024 * 1024
_TRY_LATER = "451 4.3.0 The mail could not be stored, try again later"
_NO_SUCH = "550 5.1.1 No such address here"


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it was handed over. `mail_from` is empty for the null return path (bounces)."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    raw: bytes
    peer: str


Accept = Callable[[Received], None]
"""Stores the mail and commits; runs in a thread of its own and may raise: then the sender keeps the mail."""


class Listener:
    """A running listener; `port` is the real one when 0 was asked for."""

    def __init__(self, controller: _Controller, pool: ThreadPoolExecutor) -> None:
        self._controller = controller
        self._pool = pool
        self.port = controller.port

    def stop(self) -> None:
        """Take nothing more in. What is being stored is waited for and confirmed."""
        self._pool.shutdown()
        self._controller.stop()


def start(
    host: str,
    port: int,
    accept: Accept,
    is_ours: Callable[[str], bool],
    *,
    protocol: Literal["smtp", "lmtp"] = "smtp",
) -> Listener:
    """Listen in a thread of its own.

    Raises:
        OSError: the port is in use or not allowed.
    """
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # the library logs addresses
    pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="mail-in")
    listening = socket.socket(fileno=socket.create_server((host, port)).detach())
    # made anew from its number it knows that it is TCP, without which asyncio leaves each answer waiting for 40 ms
    controller = _Controller(_Handler(accept, is_ours, pool), listening, protocol)
    controller.start()
    return Listener(controller, pool)


class _Handler:
    """The answers to each step. Blocking work runs in `pool`, never on the event loop."""

    def __init__(self, accept: Accept, is_ours: Callable[[str], bool], pool: ThreadPoolExecutor) -> None:
        self._accept = accept
        self._is_ours = is_ours
        self._pool = pool

    async def handle_RCPT(  # noqa: N802  the library's hook
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            ours = await server.loop.run_in_executor(self._pool, self._is_ours, address)
        except Exception:  # noqa: BLE001  the database may be away; the sender tries again
            return _TRY_LATER
        if not ours:
            return _NO_SUCH
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        peer = str(session.peer[0]) if session.peer else ""
        sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
        mail = Received(sender, tuple(envelope.rcpt_tos), bytes(envelope.original_content or b""), peer)
        try:
            await server.loop.run_in_executor(self._pool, self._accept, mail)
        except Exception:  # noqa: BLE001  whatever it was, the sender still has the mail
            return _TRY_LATER
        return "250 2.0.0 Stored"

    async def handle_exception(self, _error: Exception) -> str:
        return "451 4.3.0 Something went wrong, try again later"


class _Limits(SMTP):
    """The library's server with a total time for DATA, a bounded number of them at once, and long lines let in."""

    line_length_limit = _LONGEST_LINE
    """RFC 5321 says 1,000; customers' programs do not all know."""

    def __init__(self, handler: _Handler, gate: _Gate, **options: Any) -> None:
        super().__init__(handler, **options)
        self._gate = gate
        self._gate.open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._gate.open.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        async with self._gate.data:
            self._reset_timeout(_DATA)
            await super().smtp_DATA(arg)
        if self.transport is not None:
            self._reset_timeout()


class _LmtpLimits(_Limits, LMTP):
    """LMTP: one answer behind the content for each recipient (RFC 2033 4.2)."""

    _copies = 0

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        self._copies = len(self.envelope.rcpt_tos) if self.envelope and not arg else 0
        try:
            await super().smtp_DATA(arg)
        finally:
            self._copies = 0

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        copies = 1 if text.startswith("354") else max(1, self._copies)
        await super().push("\r\n".join([text] * copies))


class _Busy(asyncio.Protocol):
    """What a connection gets that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


class _Gate:
    """The open connections; only ever touched on the event loop."""

    def __init__(self) -> None:
        self.open: set[SMTP] = set()
        self.data = asyncio.Semaphore(_AT_ONCE)

    async def close(self) -> None:
        """Let the last answers out, then hang up."""
        await asyncio.sleep(0.05)
        for server in list(self.open):
            if server.transport is not None:
                server.transport.close()
        for _ in range(200):
            if not self.open:
                break
            await asyncio.sleep(0.01)


class _Controller(Controller):
    def __init__(self, handler: _Handler, sock: socket.socket, protocol: str) -> None:
        super().__init__(handler, hostname=sock.getsockname()[0], port=sock.getsockname()[1])
        self._listening = sock
        self._gate = _Gate()
        self._kind = _LmtpLimits if protocol == "lmtp" else _Limits

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)

    def stop(self, no_assert: bool = False) -> None:  # noqa: FBT001, FBT002  the library's signature
        asyncio.run_coroutine_threadsafe(self._gate.close(), self.loop).result(5)
        super().stop(no_assert)

    def factory(self) -> asyncio.BaseProtocol:
        if len(self._gate.open) >= _CONNECTIONS:
            return _Busy()
        return self._kind(
            self.handler,
            self._gate,
            hostname="mail",
            ident="ready",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            timeout=_IDLE,
            command_call_limit={"*": 100, "RCPT": 1000, "MAIL": 1000, "DATA": 1000, "RSET": 1000},
            loop=self.loop,
        )
