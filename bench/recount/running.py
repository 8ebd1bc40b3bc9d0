"""One promise from a beginning to an end: when its clock ran, when it falls due, when it breaks."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.recount.hours import FOREVER, Hours
from bench.recount.log import Clause

WAITING = frozenset({"customer", "part", "someone"})
_STOPS = {"wait": frozenset({"customer"}), "work": WAITING}
"""Whom waiting for is no time of ours by the kind of promise, whatever its words say."""


@dataclass
class Promise:
    """One promise from a beginning to an end; several of one clause have numbers from 1."""

    clause: Clause
    number: int
    hours: Hours
    began: int
    target: int
    ran: list[list[int]] = field(default_factory=list)
    """When its clock ran; what has no end yet ends at `FOREVER`."""
    ended: int | None = None
    is_void: bool = False
    broke: int | None = None
    visit: str = ""

    @property
    def stops(self) -> frozenset[str]:
        pauses = _STOPS.get(self.clause.metric, self.clause.pauses)
        return pauses | {"done", "suspended"} | ({refused(self.visit)} if self.visit else frozenset())

    @property
    def outcome(self) -> str:
        if self.broke is not None:
            return "broken"
        return "open" if self.ended is None else "void" if self.is_void else "kept"

    @property
    def settled(self) -> int:
        """When it was kept, or broke."""
        found = self.broke if self.broke is not None else self.ended
        assert found is not None
        return found

    @property
    def runs(self) -> bool:
        return bool(self.ran) and self.ran[-1][1] == FOREVER

    def used(self, at: int) -> int:
        return sum(self.hours.between(begin, min(end, at)) for begin, end in self.ran)

    def due(self) -> int | None:
        """When its time is used up; None while it stands still before that."""
        left = self.target
        for begin, end in self._pieces():
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def breaks(self) -> int | None:
        """The first instant from there on at which its clock counts again."""
        left = self.target
        for begin, end in self._pieces():
            if left < end - begin:
                return begin + left
            left -= end - begin
        return None

    def check(self, at: int) -> None:
        breaks = self.breaks() if self.broke is None and self.ended is None else None
        if breaks is not None and breaks < at:
            self.broke = breaks

    def check_changed(self, at: int) -> None:
        """Late by a change: it breaks at the change, not before."""
        if self.broke is None and self.ended is None and self.used(at) > self.target:
            self.broke = at

    def run(self, at: int) -> None:
        if not self.runs:
            self.ran.append([at, FOREVER])

    def stand(self, at: int) -> None:
        if self.runs:
            self.ran[-1][1] = max(at, self.ran[-1][0])

    def end(self, at: int, *, void: bool = False) -> None:
        if self.ended is None:
            self.check(at)
            self.stand(at)
            self.ended, self.is_void = at, void

    def left(self) -> int:
        """Whole seconds in hand when it ended; less than nothing for what was used beyond the target."""
        return (self.target // 1_000_000) - self.used(self.ended or 0) // 1_000_000 if self.ended is not None else 0

    def _pieces(self) -> list[tuple[int, int]]:
        """Open stretches in which it ran, until its target must be used up."""
        found, room = [], 0
        for begin, end in self.ran:
            for piece in self.hours.within(begin, end):
                found.append(piece)
                room += piece[1] - piece[0]
                if room > self.target:
                    return found
        return found


def refused(visit: str) -> str:
    """Why the clock of a visit stands still while its engineer is not let in."""
    return f"refused {visit}"
