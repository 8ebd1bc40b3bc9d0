"""Free loopback ports, and waiting until somebody listens on one."""

from __future__ import annotations

import random
import socket
import time
from contextlib import suppress

_OURS = range(20_000, 32_000)
"""Below those that a system gives to whoever connects or binds port 0: nobody gets it before it is used."""
_chance = random.SystemRandom()  # the seed of the tests is the same for every worker


def free_port() -> int:
    while True:
        port = _chance.choice(_OURS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_for_port(port: int, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
