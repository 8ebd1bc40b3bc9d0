"""When somebody led: looked at from outside while schedulers and their database are killed."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import psycopg

from tests.faults.rig import Onlooker, Product

_LEADER = 0x6B65_7074_01
"""The key of the lock by which a scheduler leads, as in `helpdesk.scheduler`."""
_LOOK = 0.4
_HELD = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND (classid::bigint << 32) + objid::bigint = %s)"
)


class Led(Onlooker):
    """`with Led(product) as led:` notes a few times a second whether a scheduler leads and the database answers."""

    def __init__(self, product: Product) -> None:
        super().__init__(product)
        self._looks: list[tuple[float, bool]] = []

    def seconds(self, start: float, end: float) -> float:
        """How long between two instants somebody led: from a look that says so to the next, or to the end of the line."""
        spans = ((low, high) for (low, held), (high, _) in pairwise(self._looks) if held)
        return sum(max(0.0, min(high, end) - max(low, start)) for low, high in spans)

    def away(self) -> None:
        self._looks.append((time.time(), False))

    def look(self, connection: psycopg.Connection[Any]) -> None:
        while not self._stop.wait(_LOOK):
            row = connection.execute(_HELD, (_LEADER,)).fetchone()
            self._looks.append((time.time(), bool(row and row[0])))
