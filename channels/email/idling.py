"""Wait for new mail: by IDLE where it is offered, by the clock otherwise, and never past a closed connection."""

from __future__ import annotations

import select
import threading
import time
from typing import Any

from channels.adapter import Retryable
from channels.email.connecting import Client

RENEW = 28 * 60
"""Seconds after which IDLE is begun anew; servers may hang up after 30 minutes (RFC 2177)."""
_SLICE = 0.5
_NEWS = (b"EXISTS", b"RECENT")


def wait(client: Client, seconds: float, stop: threading.Event, *, without_idle: float) -> bool:
    """True as soon as something may be new, False after `seconds` or when `stop` is set.

    A server without IDLE is asked again after `without_idle` seconds.

    Raises:
        Retryable, OSError, IMAPClientAbortError: the connection is gone.
    """
    if any(_is_news(item) for item in client.noop()[1]) or client.told_of_mail():
        return True
    if not client.has_capability("IDLE"):
        stop.wait(min(seconds, without_idle))
        return False
    client.idle()
    news = _listen(client, time.monotonic() + min(seconds, RENEW), stop)
    client.idle_done()
    return news


def _listen(client: Client, until: float, stop: threading.Event) -> bool:
    """Look at once for what came with the answer to IDLE, then whenever the socket has something."""
    poll = select.poll()
    poll.register(client.socket().fileno(), select.POLLIN)
    readable = False
    while not stop.is_set():
        responses = client.idle_check(timeout=0)
        if any(_is_news(item) for item in responses):
            return True
        if any(item[:1] == (b"BYE",) for item in responses):
            raise Retryable("The mail server said goodbye.")
        if readable and not responses:
            return False  # readable without a line: most likely the end; DONE and the next command will tell
        left = until - time.monotonic()
        if left <= 0:
            return False
        readable = bool(poll.poll(min(left, _SLICE) * 1000))
        while not readable and not stop.is_set() and (left := until - time.monotonic()) > 0:
            readable = bool(poll.poll(min(left, _SLICE) * 1000))
    return False


def _is_news(response: Any) -> bool:
    return isinstance(response, tuple) and len(response) > 1 and response[1] in _NEWS
