"""Thousands of visitors' pages in one process, each asked over stdin whether it is open and when it heard a word."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

_AT_ONCE = 40
_PLACE = 50
"""Pages from one address: the product takes no more than some dozens from each."""
_PATIENCE = 5.0

opened: set[int] = set()
heard: dict[int, float] = {}
rang: dict[int, asyncio.Event] = {}


async def main(port: int, path: str, tokens: list[str]) -> None:
    turn = asyncio.Semaphore(_AT_ONCE)
    pages = [asyncio.create_task(page(number, port, path, token, turn)) for number, token in enumerate(tokens, 1)]
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        word, _, number = line.strip().partition(" ")
        said = {"open": len(opened)} if word == "open" else {"heard": await of(int(number))}
        print(json.dumps(said), flush=True)
    for one in pages:
        one.cancel()


async def of(number: int) -> float:
    """When it heard something last, waited for; 0 when it does not."""
    if number not in heard:
        rang[number] = asyncio.Event()
        try:
            await asyncio.wait_for(rang[number].wait(), _PATIENCE)
        except TimeoutError:
            return 0.0
    return heard.get(number, 0.0)


async def page(number: int, port: int, path: str, token: str, turn: asyncio.Semaphore) -> None:
    place = f"127.{1 + number // (_PLACE * 250)}.{number // _PLACE % 250}.9"
    async with turn:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(place, 0), limit=2048)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        while (line := await reader.readline()) and b"hello" not in line:
            pass
    if not line:
        return
    opened.add(number)
    while line := await reader.readline():
        if line.startswith(b"event: look"):
            heard[number] = time.monotonic()
            if number in rang:
                rang[number].set()
    opened.discard(number)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_text().split()))
