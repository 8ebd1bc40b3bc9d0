"""What happened to a ticket, as its clocks see it. Pure values; instants are POSIX seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from sla.calendars.hours import Hours
from sla.calendars.timeline import Timeline
from sla.commitments.spans import reached, used

Kind = Literal[
    "opened",
    "heard",
    "answered",
    "waits",
    "resolved",
    "reopened",
    "restored",
    "planned",
    "prioritised",
    "assigned",
    "handed_over",
    "spam",
    "merged",
    "absorbed",
    "released",
    "dispatched",
    "arrived",
    "refused",
    "suspended",
    "promised",
    "hours",
]

Outcome = Literal["running", "paused", "kept", "broken", "void"]


@dataclass(frozen=True, slots=True)
class Terms:
    """A clause as its clock needs it. Targets are business seconds; `calendar` names a timeline of the history."""

    clause: int
    metric: str
    target: int
    calendar: str
    targets: Mapping[str, int] = field(default_factory=dict)
    """Priority -> target, where it differs."""
    pauses: frozenset[str] = frozenset()
    """Waiting for whom stops it: customer, part, someone."""
    warn_percent: int = 75

    def target_for(self, priority: str) -> int:
        return self.targets.get(priority, self.target)


class Fact(NamedTuple):
    """One thing that happened at `at`, in the order of the events; which of the other fields count is said by `kind`.

    opened: `since` is the arrival, `by_agent` whether we wrote first, `by_machine` whether only a machine did,
    `priority`, `team` and `owned` as they were.
    heard: a person's words. absorbed: words of a merged ticket, each heard at one of `heard`.
    released: some words went to a ticket of their own; `heard` says when those came that stay unanswered.
    answered: a public answer of ours, `message` its id. waits: `whom` we wait for; empty, for nobody.
    reopened: `by_customer` when their words did it. prioritised: `priority`. assigned: `owned`. handed_over: `team`.
    spam: `on`. dispatched, arrived, refused: of `visit`; with `on` False it is taken back.
    suspended: the agreement that covers it, so that its clocks stand still; with `on` False they run again.
    promised: `terms` count from here; `piecewise` keeps the hours counted so far; `retroactive` judges what was before.
    hours: from `since` on, `calendar` says `hours`.
    """

    at: float
    kind: Kind
    since: float = 0
    by_agent: bool = False
    by_machine: bool = False
    by_customer: bool = False
    message: int = 0
    whom: str = ""
    priority: str = "normal"
    team: int = 0
    owned: bool = False
    on: bool = True
    visit: str = ""
    heard: tuple[float, ...] = ()
    terms: tuple[Terms, ...] = ()
    piecewise: bool = False
    retroactive: bool = True
    calendar: str = ""
    hours: Hours | None = None


class Cycle(NamedTuple):
    """How one cycle of a clause stands at the instant it was read for."""

    clause: int
    metric: str
    number: int
    """1 for the first of its clause."""
    outcome: Outcome
    target: int
    started: float
    due: float | None
    """When its target is used up; None while it is paused before that."""
    breaks: float | None
    """Broken after this: `due`, or the next opening when it falls due on the last open second."""
    ended: float | None
    broken: float | None
    on_change: bool
    """It was late already when a change made it so."""
    until: float
    """Its end, or the instant it was read for."""
    warn_percent: int
    spans: tuple[tuple[float, float | None], ...]
    """When its clock ran."""
    timeline: Timeline
    targets: tuple[tuple[float, int], ...]
    """From when on it was judged by how many seconds; several where a change of priority reached it while it ran."""

    @property
    def warns(self) -> float | None:
        """When so much of its target is used that people want to know; None while it is paused before its due time."""
        if self.due is None:
            return None
        return reached(self.timeline, self.spans, self.target * self.warn_percent / 100)

    @property
    def elapsed(self) -> float:
        """Business seconds used."""
        return used(self.timeline, self.spans, self.until)

    @property
    def paused(self) -> float:
        """Business seconds it stood still between its start and now or its end."""
        return max(0, self.timeline.between(self.started, max(self.until, self.started)) - self.elapsed)
