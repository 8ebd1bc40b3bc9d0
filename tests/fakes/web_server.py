"""A small web server on loopback, plain or TLS, that answers as told: redirects, floods, drips, packs."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from tests.fakes.loopback import Loopback


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class WebServer(Loopback):
    """`answers` maps a path to a function of the handler; every other path says 200 "hello"."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.listen(_Handler, tls)

    def redirect(self, path: str, to: str) -> None:
        self.answers[path] = lambda handler: reply(handler, 302, b"", {"Location": to})

    def drip(self, path: str, *, head: bool) -> None:
        """One byte at a time: of the header or of the body."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if not head:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            else:
                handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(100):
                handler.wfile.write(b"a")
                handler.wfile.flush()
                time.sleep(0.1)

        self.answers[path] = answer


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        web = self.server.peer
        web.asked.append(Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        answer = web.answers.get(self.path)
        if answer:
            answer(self)
        else:
            reply(self, 200, b"hello", {"X-Mark": "yes"})

    do_GET = do_POST = do_PUT = do_HEAD = _answer

    def log_message(self, *_: object) -> None:
        """Quiet."""
