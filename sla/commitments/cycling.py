"""One cycle of a clause while it is folded: it runs, stands still, ends, and is broken when its time is over. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from sla.calendars.hours import Hours, NoOpenTime
from sla.calendars.timeline import Timeline
from sla.commitments import spans
from sla.commitments.facts import Terms

_INSTANT = 1e-6
"""Instants are exact to the microsecond; less is rounding."""


@dataclass(slots=True)
class Clock:
    """A cycle so far; instants are POSIX seconds."""

    terms: Terms
    number: int
    target: int
    started: float
    timeline: Timeline
    stops: frozenset[str]
    visit: str = ""
    spans: list[list[float | None]] = field(default_factory=list)
    ended: float | None = None
    voided: bool = False
    final_due: float | None = None
    final_breaks: float | None = None
    broken: float | None = None
    on_change: bool = False
    targets: list[tuple[float, int]] = field(default_factory=list)
    """From when on it was judged by how many seconds."""
    edits: list[tuple[float, Hours]] = field(default_factory=list)
    """Hours that were changed after its end: from when on, and to what; they count should it go on."""
    sure: float = 0
    """Not over before this: so many seconds pass on the wall, at least, while as many of business time are used."""

    def aim(self, seconds: int, at: float) -> None:
        """From an instant on it is judged by so many seconds."""
        self.target = seconds
        if not self.targets or self.targets[-1][1] != seconds:
            self.targets.append((at, seconds))

    def run(self, at: float) -> None:
        if not self.runs:
            self.spans.append([at, None])

    def stand(self, at: float) -> None:
        if self.runs:
            self.spans[-1][1] = max(at, self.spans[-1][0] or 0)

    @property
    def runs(self) -> bool:
        return bool(self.spans) and self.spans[-1][1] is None

    def dues(self) -> tuple[float | None, float | None]:
        """When it is due, and the first instant from there on at which it counts again: open, not standing still."""
        if self.ended is not None:
            return self.final_due, self.final_breaks
        due = spans.reached(self.timeline, self.spans, self.target)
        return due, None if due is None else self._counts_from(due)

    def check(self, at: float) -> None:
        """Broken, when its time was over before `at`."""
        if self.broken is None and self.ended is None and self.spans and self._over(at):
            _, breaks = self.dues()
            if breaks is not None and at - breaks >= _INSTANT:
                self.broken = breaks

    def check_changed(self, at: float) -> None:
        """Broken by a change at `at`, never before it."""
        self.sure = 0
        if self.broken is None and self.ended is None and self._over(at):
            self.broken, self.on_change = at, True

    def rehour(self, since: float, hours: Hours) -> None:
        """From an instant on its calendar says other hours; what ended stays as it was."""
        if self.ended is None:
            self.timeline = self.timeline.then(since, hours)
        else:
            self.edits.append((since, hours))

    def end(self, at: float, *, void: bool = False) -> None:
        if self.ended is None:
            self.final_due, self.final_breaks = self.dues()
            if self.broken is None and self._over(at):
                self.broken = self.final_breaks
            self.stand(at)
            self.ended, self.voided = at, void

    def resume(self) -> None:
        """Take its end back; the time since counts only from when it runs again."""
        self.ended, self.voided, self.final_due, self.final_breaks = None, False, None, None
        for since, hours in self.edits:
            self.timeline = self.timeline.then(since, hours)
        self.edits.clear()

    def stand_as(self, true: Clock, at: float) -> None:
        """Its end was a mistake: it stands as it would without, and what that breaks breaks at `at`."""
        self.spans, self.target, self.targets, self.timeline = true.spans, true.target, true.targets, true.timeline
        self.ended, self.voided, self.edits = true.ended, true.voided, true.edits
        self.final_due, self.final_breaks = true.final_due, true.final_breaks
        if self.broken is None and true.broken is not None:
            self.broken, self.on_change = at, True
        self.check_changed(at)

    def _over(self, at: float) -> bool:
        left = self.target - spans.used(self.timeline, self.spans, at)
        self.sure = at + left
        return -left >= _INSTANT

    def _counts_from(self, due: float) -> float | None:
        for start, end in self.spans:
            if start is None or (end is not None and end <= due):
                continue
            try:
                opening = self.timeline.next_open(max(due, start))
            except NoOpenTime:
                return None
            if end is None or opening < end:
                return opening
        return None
