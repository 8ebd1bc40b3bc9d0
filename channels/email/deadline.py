"""A total time limit for a conversation over a socket: per-read time-outs never end one that drips."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def deadline(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Shut `sock` down after `seconds`; whoever reads it then meets the end of the connection."""
    timer = threading.Timer(seconds, _shut, (sock,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
