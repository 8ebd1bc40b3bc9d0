"""An answer that is made while it leaves: with an app context, and so a database session, of its own."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Generator, Iterator

from flask import Flask

from helpdesk.errors import TooMany

MOST = 2
"""At once in one process, so that pages find threads and connections."""
_AGAIN = 20
"""Seconds."""
_room = threading.BoundedSemaphore(MOST)


class Streamed(Iterator[bytes]):
    """What `make` yields. The first piece is made at once, so that what cannot be read is an error and no half file.

    Raises:
        TooMany: as many leave already as one process takes.
    """

    _is_open = False

    def __init__(self, app: Flask, make: Callable[[], Iterator[bytes]]) -> None:
        if not _room.acquire(blocking=False):
            raise TooMany("Other tables are being written just now. Try again in a moment.", _AGAIN)
        self._context = contextvars.Context()
        self._pieces = _inside(app, make)
        self._is_open = True
        self._first: bytes | None = None
        self._first = next(self, b"")

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            return self._context.run(next, self._pieces)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """The reader is gone, or has it all; called twice it is harmless."""
        if self._is_open:
            self._is_open = False
            try:
                self._context.run(self._pieces.close)
            finally:
                _room.release()

    def __del__(self) -> None:
        self.close()


def _inside(app: Flask, make: Callable[[], Iterator[bytes]]) -> Generator[bytes]:
    with app.app_context():
        yield from make()
