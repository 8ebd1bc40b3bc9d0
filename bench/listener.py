"""A thousand browsers listening, in a process of its own: `python -m bench.listener HOST PORT COOKIE COUNT`."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

_CHANGE = re.compile(rb"id: (\d+)\nevent: change")


class Listener(asyncio.Protocol):
    """One open stream; when each event came."""

    heard: dict[int, list[float]] = {}  # noqa: RUF012 - one for all streams
    open = 0

    def __init__(self, cookie: str, ended: asyncio.Future[bool]) -> None:
        self._cookie = cookie
        self._ended = ended
        self._greeted = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: kept={self._cookie}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        at = time.monotonic()
        if not self._greeted and b" 503 " in data[:20] and self._transport is not None:
            self._transport.close()
        if not self._greeted and b"event: hello" in data:
            self._greeted = True
            Listener.open += 1
        for number in _CHANGE.findall(data):
            Listener.heard.setdefault(int(number), []).append(at)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._greeted:
            Listener.open -= 1
        if not self._ended.done():
            self._ended.set_result(True)


async def listen(host: str, port: int, cookie: str, count: int) -> None:
    """Open `count` streams, then answer every line of stdin with what was heard, until it ends."""
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(_keep(host, port, cookie, place)) for place in range(count)]
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        print(json.dumps({"open": Listener.open, "heard": Listener.heard.get(int(line), [])}), flush=True)
    for task in tasks:
        task.cancel()


async def _keep(host: str, port: int, cookie: str, place: int) -> None:
    """As a browser does: try again when the server has no place or the stream ends."""
    await asyncio.sleep(place * 0.004)
    while True:
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.get_running_loop().create_connection(lambda: Listener(cookie, ended), host, port)  # noqa: B023
            await ended
        except OSError:
            pass
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
