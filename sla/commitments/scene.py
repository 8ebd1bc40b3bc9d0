"""What is known of a ticket, for its clocks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sla.commitments.facts import Fact

DONE = "done"
SUSPENDED = "suspended"
_WAITING = frozenset({"customer", "part", "someone"})


@dataclass(slots=True)
class Scene:
    """What is known of the ticket."""

    arrival: float = 0
    opened: bool = False
    by_agent: bool = False
    by_machine: bool = False
    """Nobody has written yet, only a machine: an absence notice, a bounce."""
    came_late: bool = False
    """The first words of a person came after those of a machine."""
    answered: bool = False
    owed_first: bool = True
    """The first answer is still to come; a ticket closed without one owes none."""
    unanswered: float | None = None
    """The oldest words of the customer that nobody answered."""
    blocked: frozenset[str] = frozenset()
    """Why clocks stand still: whom we wait for, done, refused."""
    said: frozenset[str] = frozenset()
    """What holds because somebody said so: it runs again, a plan is agreed."""
    priority: str = "normal"
    team: int = 0
    owned: bool = False
    spam_since: float | None = None
    merged: bool = False

    def see(self, fact: Fact) -> None:
        _SCENES.get(fact.kind, _nothing)(self, fact)

    @property
    def why(self) -> str:
        """The weightiest reason why clocks stand still, a word; empty for none."""
        names = {reason.partition(":")[0] for reason in self.blocked}
        return next((name for name in (SUSPENDED, DONE, "refused", *sorted(_WAITING)) if name in names), "")


def refusal(visit: str) -> str:
    """The reason why a visit's clock stands still while its engineer is not let in."""
    return f"refused:{visit}"


def _nothing(_scene: Scene, _fact: Fact) -> None:
    """Facts that only clocks care about."""


def _opened(scene: Scene, fact: Fact) -> None:
    scene.opened, scene.arrival, scene.by_agent = True, fact.since, fact.by_agent
    scene.priority, scene.team, scene.owned = fact.priority, fact.team, fact.owned
    scene.owed_first, scene.by_machine = not fact.by_agent, fact.by_machine


def _heard(scene: Scene, fact: Fact) -> None:
    words = [*fact.heard] if fact.kind == "absorbed" else [fact.since or fact.at]
    scene.unanswered = min([*words, *([scene.unanswered] if scene.unanswered is not None else [])], default=None)
    if scene.by_machine and scene.unanswered is not None:
        scene.arrival, scene.by_machine, scene.came_late = scene.unanswered, False, True


def _released(scene: Scene, fact: Fact) -> None:
    scene.unanswered = min(fact.heard, default=None)


def _answered(scene: Scene, _fact: Fact) -> None:
    scene.unanswered, scene.answered, scene.owed_first = None, True, False
    scene.owned = True  # who answers a ticket of nobody takes it


def _waits(scene: Scene, fact: Fact) -> None:
    scene.blocked = scene.blocked - _WAITING - {DONE} | ({fact.whom} if fact.whom else frozenset())


def _resolved(scene: Scene, _fact: Fact) -> None:
    scene.blocked = scene.blocked - _WAITING | {DONE}
    scene.owed_first = False


def _reopened(scene: Scene, fact: Fact) -> None:
    scene.blocked = scene.blocked - _WAITING - {DONE}
    if fact.by_customer:
        scene.unanswered = None
    else:
        scene.owed_first = not scene.answered and not scene.by_agent


def _says(scene: Scene, fact: Fact) -> None:
    scene.said = scene.said | {fact.kind} if fact.on else scene.said - {fact.kind}


def _prioritised(scene: Scene, fact: Fact) -> None:
    scene.priority = fact.priority


def _assigned(scene: Scene, fact: Fact) -> None:
    scene.owned = fact.owned


def _handed_over(scene: Scene, fact: Fact) -> None:
    scene.team, scene.owned = fact.team, False


def _spam(scene: Scene, fact: Fact) -> None:
    scene.spam_since = fact.at if fact.on else None


def _merged(scene: Scene, _fact: Fact) -> None:
    scene.merged = True


def _suspended(scene: Scene, fact: Fact) -> None:
    scene.blocked = scene.blocked | {SUSPENDED} if fact.on else scene.blocked - {SUSPENDED}


def _refused(scene: Scene, fact: Fact) -> None:
    reason = frozenset({refusal(fact.visit)})
    scene.blocked = scene.blocked | reason if fact.on else scene.blocked - reason


_SCENES: dict[str, Callable[[Scene, Fact], None]] = {
    "opened": _opened,
    "heard": _heard,
    "absorbed": _heard,
    "released": _released,
    "answered": _answered,
    "waits": _waits,
    "resolved": _resolved,
    "reopened": _reopened,
    "restored": _says,
    "planned": _says,
    "prioritised": _prioritised,
    "assigned": _assigned,
    "handed_over": _handed_over,
    "spam": _spam,
    "merged": _merged,
    "refused": _refused,
    "suspended": _suspended,
}
