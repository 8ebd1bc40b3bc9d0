"""An SMTP server that takes mail, refuses it or cuts the line at any step, and writes down what it accepted.

`python -m tests.fakes.smtp_sink` listens until Ctrl-C and prints one line for each mail.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import signal
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import MISSING, SMTP, AuthResult, LoginPassword, auth_mechanism

logging.getLogger("mail.log").setLevel(logging.ERROR)
"""aiosmtpd names a deprecated attribute of its own at every session."""

CUT = "cut"
"""A verdict: hang up here."""
STAGES = ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "REPLY")
"""BODY: while the content comes in. DOT: it is complete, nothing is stored. REPLY: a CUT stores it and says nothing."""

Verdict = Callable[[str, str], str | None]
"""(stage, detail) -> None to go on, CUT, or a reply such as "451 4.7.1 Later". Detail: an address, or nothing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted mail. `answered` is False when the line was cut before the 250."""

    message_id: str
    sha256: str
    mail_from: str
    rcpt_tos: tuple[str, ...]
    answered: bool
    at: str


@dataclass(frozen=True, slots=True)
class Mail:
    entry: Entry
    raw: bytes
    options: tuple[str, ...]


class SmtpSink:
    """`verdict` may be replaced at any time. With `ledger`, each entry is on disk before the 250 is said."""

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        users: dict[str, str] | None = None,
        tokens: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        ledger: Path | None = None,
        relay_to: tuple[str, int] | None = None,
        size: int = 50 * 1024 * 1024,
        port: int = 0,
        mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "XOAUTH2"),
    ) -> None:
        self.users, self.tokens = users, tokens
        self.mechanisms = mechanisms if tokens is not None else tuple(set(mechanisms) - {"XOAUTH2"})
        self.ledger, self.relay_to, self.size = ledger, relay_to, size
        self.mails: list[Mail] = []
        self.passwords_seen: list[str] = []
        self.verdict: Verdict = lambda _stage, _detail: None
        self.cuts: list[str] = []
        self.open: set[_Server] = set()
        self._lock = threading.Lock()
        self._controller = _Controller(self, _listening(self.host, port), tls, implicit_tls)

    @property
    def port(self) -> int:
        return self._controller.port

    @property
    def asks_for_sign_in(self) -> bool:
        return self.users is not None or self.tokens is not None

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def fail_once(self, stage: str, answer: str) -> None:
        """The next time only, at `stage`."""
        left = [answer]

        def verdict(at: str, _detail: str) -> str | None:
            return left.pop() if at == stage and left else None

        self.verdict = verdict

    def refuse(self, answers: dict[str, str]) -> None:
        """Answers for single recipients."""
        self.verdict = lambda stage, detail: answers.get(detail) if stage == "RCPT" else None

    def ask(self, stage: str, detail: str = "") -> str | None:
        answer = self.verdict(stage, detail)
        if answer == CUT:
            self.cuts.append(stage)
        return answer

    def keep(self, raw: bytes, mail_from: str, rcpt_tos: list[str], options: list[str], *, answered: bool) -> None:
        message_id = str(BytesHeaderParser().parsebytes(raw).get("Message-ID", "")).strip()
        digest = hashlib.sha256(raw).hexdigest()
        entry = Entry(message_id, digest, mail_from, tuple(rcpt_tos), answered, datetime.now(UTC).isoformat())
        with self._lock:
            self.mails.append(Mail(entry, raw, tuple(options)))
            if self.ledger:
                with self.ledger.open("a") as file:
                    file.write(json.dumps(asdict(entry)) + "\n")
        if self.relay_to:
            with smtplib.LMTP(*self.relay_to, timeout=10) as client:
                client.sendmail(mail_from, [address.partition("@")[0] for address in rcpt_tos], raw)


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_EHLO(self, server, session, _envelope, hostname, responses):
        session.host_name = hostname
        answer = self.sink.ask("EHLO")
        if answer == CUT:
            server.cut()
        return [answer] if answer and answer != CUT else responses

    async def handle_AUTH(self, server, _session, _envelope, _args):
        return server.stopped("AUTH")

    async def handle_MAIL(self, server, _session, envelope, address, options):
        if answer := server.stopped("MAIL", address):
            return answer
        if self.sink.asks_for_sign_in and not server.session.authenticated:
            return "530 5.7.0 Sign in first"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, _session, envelope, address, _options):
        if answer := server.stopped("RCPT", address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, _session, envelope):
        if answer := server.stopped("DOT"):
            return answer
        last = self.sink.ask("REPLY")
        if last not in {None, CUT}:
            return last
        await asyncio.get_running_loop().run_in_executor(
            None,
            lambda: self.sink.keep(
                envelope.original_content,
                envelope.mail_from,
                envelope.rcpt_tos,
                envelope.mail_options,
                answered=last != CUT,
            ),
        )
        if last == CUT:
            server.cut()
        return "250 2.0.0 Taken"

    @auth_mechanism("XOAUTH2")
    async def auth_XOAUTH2(self, server, args):
        said = base64.b64decode(args[1]).decode()
        known = (self.sink.tokens or {}).items()
        good = any(said == f"user={user}\x01auth=Bearer {token}\x01\x01" for user, token in known)
        user = said.removeprefix("user=").partition("\x01")[0]
        if not good:
            await server.challenge_auth('{"status":"400"}')
        return AuthResult(success=good, handled=False, auth_data=LoginPassword(user.encode(), b""))


class _Server(SMTP):
    def __init__(self, sink: SmtpSink, *args, **options) -> None:
        self._sink = sink
        super().__init__(*args, **options)

    async def _handle_client(self) -> None:
        answer = self._sink.ask("CONNECT")
        if answer == CUT:
            self.cut()
        elif answer:
            await self.push(answer)
            self.transport.close()
        else:
            await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:
        if self.envelope.rcpt_tos and (answer := self.stopped("DATA")):
            await self.push(answer)
            return
        if self.envelope.rcpt_tos and self._sink.ask("BODY") == CUT:
            await self.push("354 Go on")
            await self._reader.read(1024)
            self.cut()
            return
        await super().smtp_DATA(arg)

    def stopped(self, stage: str, detail: str = ""):
        """The reply that ends this step here, or None. After a cut nothing that is returned arrives."""
        answer = self._sink.ask(stage, detail)
        if answer == CUT:
            self.cut()
            return "421 cut"
        return answer if answer is not None else (_missing(stage))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._sink.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.open.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        transport = self._original_transport or self.transport
        if transport is not None:
            transport.abort()


def _listening(host: str, port: int) -> socket.socket:
    """Made anew from its number the socket knows that it is TCP, and asyncio does not hold answers back for 40 ms."""
    return socket.socket(fileno=socket.create_server((host, port)).detach())


def _missing(stage: str):
    """The AUTH hook has its own way of saying "go on"."""
    return MISSING if stage == "AUTH" else None


class _Controller(Controller):
    def __init__(self, sink: SmtpSink, sock: socket.socket, tls: ssl.SSLContext | None, implicit: bool) -> None:
        context = tls if implicit else None
        super().__init__(_Handler(sink), hostname=sink.host, port=sock.getsockname()[1], ssl_context=context)
        self._sink, self._listening = sink, sock
        self._starttls = None if implicit else tls

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self._listening, ssl=self.ssl_context)

    def _trigger_server(self) -> None:
        """No connection of our own: it would meet the verdicts."""
        self._factory_invoked.set()
        self.smtpd = self

    def factory(self):
        return _Server(
            self._sink,
            self.handler,
            hostname="sink.example",
            tls_context=self._starttls,
            auth_require_tls=False,
            authenticator=self._authenticate,
            auth_exclude_mechanism={"PLAIN", "LOGIN", "XOAUTH2"} - set(self._sink.mechanisms),
            data_size_limit=self._sink.size,
            enable_SMTPUTF8=True,
            loop=self.loop,
        )

    def stop(self, no_assert: bool = False) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(5)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for server in list(self._sink.open):
            server.cut()
        for _ in range(200):
            if not self._sink.open:
                break
            await asyncio.sleep(0.01)

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        self._sink.passwords_seen.append(data.password.decode())
        good = (self._sink.users or {}).get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, handled=False, auth_data=data)


def main() -> None:
    with SmtpSink() as sink:
        print(f"listening on {sink.host}:{sink.port}", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
