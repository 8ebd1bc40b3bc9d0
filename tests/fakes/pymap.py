"""The pure-Python IMAP server for machines without Dovecot: no TLS, no LMTP, mail kept in memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Self

from imapclient import IMAPClient

from tests.fakes.ports import free_port, wait_for_port


class Pymap:
    host = "127.0.0.1"
    kind = "pymap"

    def __init__(self) -> None:
        self.imap_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = Path(sys.executable).with_name("pymap")
        command = [program, "--host", self.host, "--port", str(self.imap_port), "--no-tls", "dict"]
        command += ["--demo-user", "agent", "--demo-password", "secret"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.imap_port)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(10)

    def deliver(self, raw: bytes, user: str = "agent") -> None:
        with self.client(user) as client:
            client.append("INBOX", raw)

    def client(self, user: str = "agent", password: str = "secret") -> IMAPClient:
        client = IMAPClient(self.host, self.imap_port, ssl=False, timeout=20)
        client.login(user, password)
        return client
