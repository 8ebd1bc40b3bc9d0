"""A proxy before IMAP that lets a flag through only after it has looked whether the mail's row is committed."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

_STORE = re.compile(rb"^\S+ UID (?:STORE|MOVE|COPY) (\S+) ", re.IGNORECASE)


class Witness:
    """`missing(uids)` gives those without a row; they are kept in `violations` as flagged too early."""

    host = "127.0.0.1"

    def __init__(self, upstream: int, missing: Callable[[list[int]], list[int]]) -> None:
        self._upstream, self._missing = upstream, missing
        self._listening = socket.create_server((self.host, 0))
        self._open: list[socket.socket] = []
        self.flagged = 0
        self.violations: list[int] = []

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def watch(self, missing: Callable[[list[int]], list[int]]) -> None:
        self._missing = missing

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for sock in [self._listening, *self._open]:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.create_connection((self.host, self._upstream), timeout=5)
            except OSError:
                return
            server.settimeout(None)
            self._open += [client, server]
            threading.Thread(target=self._commands, args=(client, server), daemon=True).start()
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()

    def _commands(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as lines:
            for line in lines:
                found = _STORE.match(line)
                if found:
                    uids = _uids(found[1])
                    self.violations += self._missing(uids)
                    self.flagged += len(uids)
                server.sendall(line)
        _close(client, server)

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while chunk := server.recv(65536):
                client.sendall(chunk)
        _close(client, server)


def _uids(spans: bytes) -> list[int]:
    found: list[int] = []
    for span in spans.decode().split(","):
        low, _, high = span.partition(":")
        found += range(int(low), int(high or low) + 1)
    return found


def _close(*socks: socket.socket) -> None:
    for sock in socks:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
