"""What a run does and when: steps in rounds, and the question whether somebody still is on it. Pure.

Times are seconds. A plan is read from JSON, the form an escalation keeps its own copy in:

    {"steps": [{"after": 600, "targets": [{"kind": "rota", "id": 3, "lane": 2}], "tells_customer": false}],
     "repeats": 2, "round": 2400, "remind": 1800, "lapse": 600, "urgent": true, "only_out_of_hours": true}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

MOST_STEPS = 20
MOST_REPEATS = 5
"""Grafana OnCall and Opsgenie set the same ends."""
TargetKind = Literal["rota", "agent", "team", "fallback"]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step rings: who is on call in a lane of a rota, a person, a team, or the fallback of a rota."""

    kind: TargetKind
    id: int
    lane: int = 1

    def __post_init__(self) -> None:
        if self.kind not in get_args(TargetKind):
            raise ValueError(f"unknown target {self.kind}")


@dataclass(frozen=True, slots=True)
class Step:
    """`after` seconds into the round these are rung."""

    after: int
    targets: tuple[Target, ...]
    tells_customer: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a round in order of time, and how the rounds follow each other."""

    steps: tuple[Step, ...]
    repeats: int = 0
    """How many rounds follow the first."""
    round: int = 0
    """How long a round lasts; at least until its last step."""
    remind: int = 0
    """How long after "on it" the person is asked whether they still are; 0: never."""
    lapse: int = 0
    """How long that question may stay open before the run goes on."""
    urgent: bool = True
    """Rings in quiet hours too."""
    only_out_of_hours: bool = True
    holds: bool = False
    """Wakes nobody before the hours begin."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise ValueError(f"a plan has between 1 and {MOST_STEPS} steps")
        if not 0 <= self.repeats <= MOST_REPEATS:
            raise ValueError(f"a plan begins again at most {MOST_REPEATS} times")
        times = [step.after for step in self.steps]
        if times[0] < 0 or times != sorted(times) or (self.repeats and self.round < times[-1]):
            raise ValueError("each step comes after the one before it")
        if self.remind and self.lapse <= 0:
            raise ValueError("the question whether somebody still is on it needs an end")
        if not all(step.targets for step in self.steps):
            raise ValueError("each step rings somebody")

    def due(self, round_number: int, step: int) -> int | None:
        """Seconds after the start of the round at which this step is taken; None when nothing follows.

        The step after the last is the next round, if there is one.
        """
        if step < len(self.steps):
            return self.steps[step].after
        return self.round if round_number < self.repeats else None


def read(said: Mapping[str, Any]) -> Plan:
    """From the JSON an escalation holds.

    Raises:
        ValueError, KeyError, TypeError: it is not a plan.
    """
    steps = tuple(
        Step(int(one["after"]), tuple(Target(**target) for target in one["targets"]), bool(one.get("tells_customer")))
        for one in said["steps"]
    )
    return Plan(steps, **{key: value for key, value in said.items() if key != "steps"})


def as_json(plan: Plan) -> dict[str, Any]:
    """What `read` reads."""
    return asdict(plan)
