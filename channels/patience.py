"""A total time for work that waits on foreign servers: whoever waits here goes on when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from queue import Empty, Queue
from typing import TypeVar

from flask import Flask

T = TypeVar("T")


class TooSlow(Exception):
    """The time is over. What was under way ends by its own time-outs."""


class _End:
    def __init__(self, error: Exception | None) -> None:
        self.error = error


def within(seconds: float, work: Iterator[T], app: Flask) -> Iterator[T]:
    """What `work` yields, as it does, made in a thread of its own inside an app context.

    Raises:
        TooSlow: `seconds` are over. Whatever `work` raises.
    """
    made: Queue[T | _End] = Queue()
    until = time.monotonic() + seconds
    threading.Thread(target=_make, args=(work, made, app), name="patience", daemon=True).start()
    while True:
        try:
            item = made.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            raise TooSlow from None
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item


def _make(work: Iterator[T], made: Queue[T | _End], app: Flask) -> None:
    with app.app_context():
        try:
            for item in work:
                made.put(item)
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            made.put(_End(error))
        else:
            made.put(_End(None))
