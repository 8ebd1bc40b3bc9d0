"""A TCP proxy that breaks connections: refuse, delay, drip, cut after some bytes, swallow everything, reset."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Plan:
    """What a new connection meets. Counts are bytes from the server to the client, times are seconds."""

    delay: float = 0
    cut_after: int | None = None
    reset: bool = False
    bytes_per_second: int = 0
    blackhole: bool = False
    refuse: bool = False


class FaultProxy:
    """`with FaultProxy(port) as proxy:` stands before a server on loopback; set `plan` at any time."""

    host = "127.0.0.1"

    def __init__(self, upstream: int, *, port: int = 0) -> None:
        self.upstream = upstream
        self.plan = Plan()
        self.throttle = 0
        """Bytes a second from the server on every connection, also those that are open."""
        self.connections: list[float] = []
        self._listening = socket.create_server((self.host, port))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def cut(self, *, reset: bool = False) -> None:
        """Break every open connection now."""
        with self._lock:
            broken, self._open = self._open, set()
        for sock in broken:
            _break(sock, reset=reset)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            self.connections.append(time.monotonic())
            plan = self.plan
            if plan.refuse:
                _break(client, reset=True)
                continue
            try:
                server = socket.create_connection((self.host, self.upstream), timeout=5)
            except OSError:
                _break(client, reset=True)
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            threading.Thread(
                target=self._pump, args=(client, server, Plan(blackhole=plan.blackhole)), daemon=True
            ).start()
            threading.Thread(target=self._pump, args=(server, client, plan), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, plan: Plan) -> None:
        sent = 0
        cut = False
        with suppress(OSError):
            while chunk := source.recv(plan.bytes_per_second or 65536):
                if plan.blackhole:
                    continue
                time.sleep(plan.delay + (len(chunk) / plan.bytes_per_second if plan.bytes_per_second else 0))
                if self.throttle:
                    self._drip(chunk, target)
                    continue
                if plan.cut_after is not None and sent + len(chunk) >= plan.cut_after:
                    target.sendall(chunk[: plan.cut_after - sent])
                    cut = True
                    break
                target.sendall(chunk)
                sent += len(chunk)
        with self._lock:
            self._open -= {source, target}
        for sock in (source, target):
            _break(sock, reset=cut and plan.reset)

    def _drip(self, chunk: bytes, target: socket.socket) -> None:
        step = max(1, self.throttle // 10)
        for start in range(0, len(chunk), step):
            target.sendall(chunk[start : start + step])
            time.sleep(0.1)


def _break(sock: socket.socket, *, reset: bool) -> None:
    with suppress(OSError):
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.shutdown(socket.SHUT_RD)  # wakes the other pump, which would keep the socket open
        else:
            sock.shutdown(socket.SHUT_RDWR)
    sock.close()
