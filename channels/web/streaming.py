"""A visitor's stream: its socket leaves the web server's thread and joins the crowd."""

from __future__ import annotations

import errno
import socket

from flask import Response, request

from helpdesk.access import clients
from helpdesk.crowd import Crowd, Crowded

_SOCKET = "gunicorn.socket"


def hand_over(crowd: Crowd, topic: str) -> Response:
    """The beginning of a stream of server-sent events. Where no socket can be taken the page asks by itself instead."""
    taken = request.environ.get(_SOCKET)
    if type(taken) is not socket.socket:
        return _busy()
    response = Response(mimetype="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.response = _Leaving(crowd, taken, topic, clients.network(clients.address(request)), response)
    return response


class _Leaving:
    """The body of a response that writes nothing: when the server asks for it, the socket is another's already.

    The server's own object gives up the descriptor, so that closing it ends nothing; ConnectionResetError is what a
    thread of the server expects of a browser that went away.
    """

    def __init__(self, crowd: Crowd, taken: socket.socket, topic: str, place: str, response: Response) -> None:
        self._crowd, self._taken, self._topic, self._place = crowd, taken, topic, place
        self._response = response

    def __iter__(self) -> _Leaving:
        return self

    def __next__(self) -> bytes:
        own = socket.socket(fileno=self._taken.detach())
        try:
            self._crowd.join(own, self._topic, self._place, self._head())
        except Crowded:
            own.sendall(
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            own.close()
        raise ConnectionResetError(errno.ECONNRESET, "the stream was handed over")

    def _head(self) -> bytes:
        """The body ends with the connection (RFC 9112, section 6.3)."""
        headers = [(name, value) for name, value in self._response.headers if name.lower() != "connection"]
        lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers), "Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1")


def _busy() -> Response:
    return Response("busy", 503, {"Retry-After": "10"}, mimetype="text/plain")
